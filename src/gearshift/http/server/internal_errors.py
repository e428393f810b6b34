"""Logs internal errors by where they happened, under a reference, and never by their message."""

from __future__ import annotations

import logging
import secrets
import traceback

from gearshift.errors import GearshiftError

logger = logging.getLogger(__name__)


def log_internal_error(error: BaseException, doing: str) -> GearshiftError:
    """Log an exception that nobody expected, and return what a client may know of it.

    The exception's own message may quote a prompt, so only its type and the places are logged.

    Args:
        error: As caught at the edge.
        doing: What was being done, such as `answering /v1/models`.
    """
    reference = secrets.token_hex(6)
    trace = "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s while %s, reference %s\n%s", type(error).__name__, doing, reference, trace)
    return GearshiftError(f"gearshift failed to answer; the log has the details under {reference}")
