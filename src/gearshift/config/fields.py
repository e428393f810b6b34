"""Kinds of values that more than one block of the settings has."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from gearshift.config_file.messages import setting_error
from gearshift.config_file.model import Redacted, reject_bool
from gearshift.redis.address import redis_address

Seconds = Annotated[float, BeforeValidator(reject_bool), Field(gt=0, allow_inf_nan=False)]
SecondsOrNone = Annotated[float, BeforeValidator(reject_bool), Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, BeforeValidator(reject_bool), Field(ge=0, le=1, allow_inf_nan=False)]
Risk = Annotated[float, BeforeValidator(reject_bool), Field(gt=0, lt=1, allow_inf_nan=False)]
Count = Annotated[int, BeforeValidator(reject_bool), Field(ge=1)]
NonNegativeInt = Annotated[int, BeforeValidator(reject_bool), Field(ge=0)]


def url_of(*schemes: str) -> AfterValidator:
    """The check of a URL that begins with one of these."""

    def check(text: str) -> str:
        if not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise setting_error("", f"must start with {' or '.join(f'{s}://' for s in schemes)}")
        return text

    return AfterValidator(check)


def _is_redis_url(text: str) -> str:
    try:
        redis_address(text)
    except ValueError as error:
        raise setting_error("", str(error)) from None
    return text


RedisUrl = Annotated[str, AfterValidator(_is_redis_url), Redacted]
