"""The logs that commands read are those of the decision log's own tests."""

from tests.unit.decision_log.conftest import postgres_url, url, writers

__all__ = ["postgres_url", "url", "writers"]
