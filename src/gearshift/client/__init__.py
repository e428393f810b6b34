"""What Python callers hand in and get back."""
