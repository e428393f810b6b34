"""The wire formats, one package each: pure translation between bytes and values."""
