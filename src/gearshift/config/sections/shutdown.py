"""The `shutdown:` block of the settings: how the gateway ends when it is asked to."""

from __future__ import annotations

from gearshift.config.fields import SecondsOrNone
from gearshift.config_file.model import SettingsBlock


class ShutdownSettings(SettingsBlock):
    """The end, after SIGTERM or Ctrl-C.

    Attributes:
        delay_seconds: How long requests are still accepted, while `/health/ready` says 503 and
            each answer closes its connection, so that load balancers turn to other replicas.
        grace_seconds: How long answers in progress may take after that, before they are ended
            with an error; `None` for as long as any answer may take, `limits.total_seconds`.
    """

    delay_seconds: SecondsOrNone = 0.0
    grace_seconds: SecondsOrNone | None = None
