"""What happens around a call to a deployment: health, circuits, retries, fallback, recording."""
