"""One file for each block of the configuration file."""
