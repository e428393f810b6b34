"""The admin plane, on a port of its own."""
