"""The configured prices, as the accounts of the decision log need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gearshift.config.loading import Settings

if TYPE_CHECKING:  # SQLAlchemy is imported only when the log is read
    from gearshift.decision_log.money import Prices


def prices_of(settings: Settings) -> Prices:
    """What these settings say of money."""
    from gearshift.decision_log.money import Prices

    configured = settings.prices
    each = {model: price.each for model, price in configured.per_million_tokens.items()}
    return Prices(
        configured.currency,
        each,
        settings.first_model(settings.tiered_routing.ordered_tiers[-1].name),
    )
