"""The exceptions that gearshift raises.

GearshiftError
├── ConfigError            a setting is wrong: key, message, suggestion
├── MissingExtraError      an optional package is not installed: which extra brings it
├── PluginError            an installed package offers what cannot be loaded: which one, and why
├── ModelFileError         a trained scorer cannot be read, written or used
├── RequestError           the client's fault: status 4xx, the field, a machine code
└── UpstreamError          one deployment could not answer, and what to do about it
    ├── UntranslatableError  its dialect cannot say what is asked; another's may
    └── ExhaustedError     every candidate failed
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class GearshiftError(Exception):
    """Base class of all errors that gearshift raises deliberately.

    The message says what is wrong, where, and what to do.

    Example:
        >>> from gearshift import load_settings
        >>> try:
        ...     load_settings("nowhere.yaml")
        ... except GearshiftError as error:
        ...     print(type(error).__name__)
        ConfigError
    """


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the configuration.

    Attributes:
        key: Dotted path of the setting, `""` for the file as a whole.
        message: What is wrong.
        suggestion: What to do, or the nearest valid key.
    """

    key: str
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        where = f"{self.key}: " if self.key else ""
        return f"{where}{self.message}" + (f" ({self.suggestion})" if self.suggestion else "")


class ConfigError(GearshiftError):
    """The configuration cannot be used.

    Args:
        problems: Every problem, not only the first.
        source: The file they are in; empty if there is none.

    Attributes:
        problems: Every problem, each with `key`, `message` and `suggestion`.
        source: The file they are in; empty if there is none.

    Example:
        >>> from gearshift import TierConfig
        >>> try:
        ...     TierConfig.from_mapping({"complexity_treshold": 5})
        ... except ConfigError as error:
        ...     print(error)
        tiered_routing.complexity_treshold: unknown key (did you mean 'complexity_threshold'?)
    """

    def __init__(self, problems: Sequence[Problem], source: str = "") -> None:
        self.problems = tuple(problems)
        self.source = source
        prefix = f"{source}: " if source else ""
        super().__init__(prefix + "; ".join(str(problem) for problem in self.problems))


class MissingExtraError(GearshiftError):
    """Something needs an optional package; the message says how to install it.

    Args:
        extra: The extra of pyproject.toml that brings the package.
        purpose: What needs it, as the subject of a sentence in the singular.
        reason: What Python said of the package.
    """

    def __init__(self, extra: str, purpose: str, reason: object) -> None:
        self.extra = extra
        super().__init__(f'{purpose} needs an extra: pip install "gearshift[{extra}]" ({reason})')


class PluginError(GearshiftError):
    """Another package's scorer, provider, dialect or judge cannot be used; says whose, and why."""


class ModelFileError(GearshiftError):
    """A file that should hold a trained scorer cannot be used; the message says what to do."""


class RequestError(GearshiftError):
    """The client sent something that cannot be answered.

    Args:
        message: What is wrong, for people.
        status: HTTP status: 400-499, or 503 if no tier has a deployment.
        field: Path of the offending field (`messages.0.content`), or `None`.
        code: Short machine-readable word such as `model_not_found`, or `None`.
        headers: Extra response headers, such as `Allow` or `Retry-After`.

    Attributes:
        message: What is wrong, for people.
        status: HTTP status: 400-499, or 503 if no tier has a deployment.
        field: Path of the offending field (`messages.0.content`), or `None`.
        code: Short machine-readable word such as `model_not_found`, or `None`.
        headers: Extra response headers, such as `Allow` or `Retry-After`.

    Example:
        >>> from gearshift import LLMInterface
        >>> try:
        ...     LLMInterface()._determine_provider_and_model(messages="hi", tier="huge")
        ... except RequestError as error:
        ...     print(error.status, error.code, error)
        400 unknown_tier unknown tier 'huge'; the tiers are: simple, complex
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        field: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.field = field
        self.code = code
        self.headers = dict(headers or {})


class FailureKind(StrEnum):
    """What went wrong with an upstream; decides what happens next (docs: errors)."""

    UNREACHABLE = "unreachable"  # refused, reset, DNS
    TIMEOUT = "timeout"  # no first content in time, or silence between tokens
    LOADING = "loading"  # 503 while the model loads
    BUSY = "busy"  # 503 or 429: full
    MISSING_MODEL = "missing_model"  # 404 for the model
    INCAPABLE = "incapable"  # 400 "does not support …", context exceeded, image to a text model
    AUTHENTICATION = "authentication"  # 401, 402, 403, 407: our key or account there is not good
    FAILED = "failed"  # any other 5xx
    GARBAGE = "garbage"  # not the protocol: bad JSON, wrong content type, no content
    COOLDOWN = "cooldown"  # not asked: it failed several times just now
    CUT_OFF = "cut_off"  # ended before its own end mark
    REJECTED = "rejected"  # 4xx that is the client's own fault; passed on unchanged


class UpstreamError(GearshiftError):
    """A deployment failed to answer.

    Args:
        message: What the upstream reported, or what happened, and what to do about it.
        fault: The kind of failure; it decides whether another deployment is asked.
        status: The upstream's HTTP status, or `None` if there was no response.
        body: The upstream's error body (for `REJECTED`, returned in the client's dialect).
        retry_after_seconds: How many seconds the upstream asked to wait, if it did.

    Attributes:
        message: What the upstream reported, or what happened, and what to do about it.
        fault: The kind of failure; it decides whether another deployment is asked.
        status: The upstream's HTTP status, or `None` if there was no response.
        body: The upstream's error body (for `REJECTED`, returned in the client's dialect).
        retry_after_seconds: How many seconds the upstream asked to wait, if it did.

    Example:
        >>> import asyncio
        >>> from gearshift import LLMInterface, Settings
        >>> settings = Settings.model_validate({
        ...     "upstreams": [{
        ...         "name": "gone",
        ...         "provider": "openai",
        ...         "base_url": "http://127.0.0.1:9/v1",
        ...         "models": ["gemma2:2b"],
        ...     }]
        ... })
        >>> try:
        ...     asyncio.run(LLMInterface(settings).chat_completion("hi"))
        ... except UpstreamError as error:
        ...     print(error.fault.value, error.status)
        unreachable None
    """

    def __init__(
        self,
        message: str,
        *,
        fault: FailureKind,
        status: int | None = None,
        body: bytes = b"",
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fault = fault
        self.status = status
        self.body = body
        self.retry_after_seconds = retry_after_seconds

    @property
    def permits_fallback(self) -> bool:
        """Whether another deployment may answer instead (not if the request itself is wrong)."""
        return self.fault is not FailureKind.REJECTED


class UnavailableError(Exception):
    """A store that requests can do without, a cache or shared state, does not do what it is asked.

    Args:
        message: Where and why, for people; it is logged, so it has neither secrets nor content.
    """


class UntranslatableError(UpstreamError):
    """An upstream's dialect has no words for a request: it was not asked.

    Says nothing about what its model can do.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, fault=FailureKind.INCAPABLE, status=400)


class ExhaustedError(UpstreamError):
    """Every candidate failed; `attempts` says what each one said, in order."""

    def __init__(self, attempts: Sequence[tuple[str, UpstreamError]]) -> None:
        self.attempts = tuple(attempts)
        reports = "; ".join(f"{deployment}: {error.message}" for deployment, error in self.attempts)
        last = self.attempts[-1][1] if self.attempts else None
        super().__init__(
            f"every deployment failed: {reports}" if reports else "no deployment can answer",
            fault=last.fault if last else FailureKind.UNREACHABLE,
            status=last.status if last else None,
            retry_after_seconds=last.retry_after_seconds if last else None,
        )
