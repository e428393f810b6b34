"""Worlds whose truth is known, in which the guarantees are put to the test."""
