"""Clients in Python: each file has the rows of one package, or of packages that look alike."""
