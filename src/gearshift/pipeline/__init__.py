"""What happens around a call to a deployment: health, cooldown, fallback, recording."""
