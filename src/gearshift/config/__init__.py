"""Configuration: read, checked, shown and edited, and where each value comes from."""
