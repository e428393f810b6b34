"""The wire formats, one file each: pure translation between bytes and values."""
