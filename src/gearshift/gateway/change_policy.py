"""ChangePolicy: who may change the upstreams' models.

An Ollama lets everybody who reaches it. A gateway may be reached by more people than the machine
behind it, so here it takes the operator's word, unless nobody else can reach either.
"""

from __future__ import annotations

from gearshift.config.sections.browsers import AccessSettings
from gearshift.errors import RequestError
from gearshift.gateway.auth import ApiKey
from gearshift.http.values import HttpRequest


class ChangePolicy:
    """Lets requests pass that change models, or refuses them.

    Args:
        access: What the operator says.
        has_keys: API keys are needed.
        is_local: The gateway listens on this machine only.
    """

    def __init__(self, access: AccessSettings, *, has_keys: bool, is_local: bool) -> None:
        self._wish = access.change_models
        self._has_keys = has_keys
        self._is_local = is_local

    def check(self, request: HttpRequest, key: ApiKey | None, *, is_any_page: bool) -> None:
        """Let a request pass.

        Args:
            request: What is asked.
            key: Whose it is, where keys are needed.
            is_any_page: A web page asks that is allowed only because every page is.

        Raises:
            RequestError: 403 that says what to set.
        """
        if self._wish is False:
            raise _refused("models may not be changed through this gateway (access.change_models)")
        if self._has_keys and not (key and key.change_models):
            raise _refused(
                "this API key may not change models; set change_models: true for it in "
                "auth.api_keys, or ask the upstream itself"
            )
        if not self._has_keys and not self._is_local and self._wish is None:
            raise _refused(
                "models may not be changed through a gateway that other machines can reach; set "
                "auth.api_keys with change_models: true for one of them, or "
                "access.change_models: true"
            )
        if is_any_page and self._wish is None:
            origin = request.headers.get("origin", "")[:100]
            raise _refused(
                f"web pages of {origin!r} may not change models; add their origin to "
                "access.allowed_origins, which allows them only as it allows every page"
            )


def _refused(message: str) -> RequestError:
    return RequestError(message, status=403, code="model_changes_not_allowed")
