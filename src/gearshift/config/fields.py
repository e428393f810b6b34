"""Kinds of values that more than one block of the settings has."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from gearshift.config_file.model import reject_bool

Seconds = Annotated[float, BeforeValidator(reject_bool), Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, BeforeValidator(reject_bool), Field(ge=0, le=1, allow_inf_nan=False)]
Risk = Annotated[float, BeforeValidator(reject_bool), Field(gt=0, lt=1, allow_inf_nan=False)]
Count = Annotated[int, BeforeValidator(reject_bool), Field(ge=1)]
NonNegativeInt = Annotated[int, BeforeValidator(reject_bool), Field(ge=0)]
