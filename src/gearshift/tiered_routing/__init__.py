"""Scoring and routing: text in, score and tier out; pure."""

from gearshift.tiered_routing.complexity_scorer import ComplexityResult, TaskComplexityScorer
from gearshift.tiered_routing.tier_config import TierConfig, TierLogging, TierModels
from gearshift.tiered_routing.tier_router import TieredModelRouter

__all__ = [
    "ComplexityResult",
    "TaskComplexityScorer",
    "TierConfig",
    "TierLogging",
    "TierModels",
    "TieredModelRouter",
]
