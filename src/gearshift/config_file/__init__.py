"""A configuration file: its text, its values, and what is wrong with it where."""
