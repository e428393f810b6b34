"""The default models, one per tier, and the threshold between them."""

from typing import Final

SIMPLE_TIER: Final = "simple"
COMPLEX_TIER: Final = "complex"
SIMPLE_TIER_MODEL: Final = "gemma2:2b"
COMPLEX_TIER_MODEL: Final = "mistral:7b-instruct"

COMPLEXITY_THRESHOLD: Final = 3.0
"""Scores below it are `simple`, scores from it on are `complex` (0-10)."""

AUTO_MODEL: Final = "auto"
"""The model name by which a client asks to be routed."""

EMBEDDINGS: Final = "embeddings"
"""What stands in a tier's place for requests for embeddings, which no tier answers: in headers,
metrics and the log, and in the tiers of an API key."""
