"""Fitting the learned scorer to judged answers."""

from typing import Final

FEWEST: Final = 30
"""Labels below which nothing is learned."""
