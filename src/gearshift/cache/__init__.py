"""The answer cache: what a key is made of, how answers are kept, and where."""
