"""The dialects that the gateway speaks with clients, one of each, by name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from gearshift import registry
from gearshift.dialects.base import ClientDialect, UpstreamDialect
from gearshift.errors import PluginError

_GROUP: Final = "client_dialects"
# A label of metrics, a column of the decision log, a part of names in the OpenAPI document.
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,19}")


_MEMBERS: Final = tuple(
    name
    for name in (*ClientDialect.__annotations__, *vars(ClientDialect))
    if not name.startswith("_")
)


def client_dialects() -> dict[str, ClientDialect]:
    """Those in which clients may ask: ours, then those of installed packages.

    A guest that cannot be loaded, cannot be made or is no whole `ClientDialect` is logged and left
    out, so that an installed package never keeps the gateway from starting.

    Raises:
        PluginError: One of ours has a name that cannot be used, or another one than it is
            registered under, or it is no whole `ClientDialect`.
    """
    dialects: dict[str, ClientDialect] = {}
    for name, kind in registry.every(_GROUP).items():
        if name in registry.CLIENT_DIALECTS:
            dialects[name] = _checked(name, kind())
            continue
        try:
            dialects[name] = _checked(name, kind())
        except Exception as error:  # noqa: BLE001 - whatever a stranger's constructor does
            registry.left_out(_GROUP, name, error)
    return dialects


def client_dialect(name: str) -> ClientDialect:
    """The one of this name, ours or a guest.

    Raises:
        LookupError: Nobody offers it.
        PluginError: It cannot be loaded or made, its name cannot be used, or it is not whole.
    """
    return _checked(name, registry.made(_GROUP, name))


def _checked(name: str, dialect: ClientDialect) -> ClientDialect:
    if not _NAME.fullmatch(name):
        raise PluginError(
            f"dialect name {name!r}: must be 1 to 20 of a-z, 0-9, '.', '_', '-', "
            "and begin with a letter or digit"
        )
    if missing := [member for member in _MEMBERS if not hasattr(dialect, member)]:
        raise PluginError(
            f"{type(dialect).__qualname__} is registered as dialect {name!r}, but has no "
            f"{', '.join(missing)}; see gearshift.dialects.base.ClientDialect"
        )
    if dialect.name != name:
        raise PluginError(
            f"{type(dialect).__qualname__} is registered as dialect {name!r}, but its "
            f"'name' is {dialect.name!r}; both must be the same"
        )
    return dialect


def upstream_dialects(names: Iterable[str]) -> dict[str, UpstreamDialect]:
    """Those in which upstreams are asked, as far as they have one of these names.

    Raises:
        PluginError: One cannot be loaded.
    """
    group = "upstream_dialects"
    return {name: registry.find(group, name)() for name in names if registry.has(group, name)}
