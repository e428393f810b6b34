"""The clients that `gearshift launch` knows, and how each of them is pointed at a gateway.

Environment and arguments only. A client that reads its provider from nothing but a file gets a
file of our own, in a folder of our own; what the user has configured is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

KEY_VARIABLE: Final = "GEARSHIFT_API_KEY"
"""Where users keep the gateway's API key."""
KEY: Final = f"${{{KEY_VARIABLE}}}"
"""Stands for the key in the values of variables, which alone may contain it, and only whole."""
NO_KEY: Final = "unused"
"""What clients that insist on a key send to a gateway without keys."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a client is pointed at.

    Attributes:
        url: The gateway's, without a path.
        model: `auto`, a tier or a model.
        needs_key: Whether the gateway must be sent a key.
        folder: For files of this client, if it needs any.
    """

    url: str
    model: str
    needs_key: bool
    folder: str

    @property
    def openai(self) -> str:
        """The base URL of OpenAI's dialect."""
        return f"{self.url}/v1"

    @property
    def key(self) -> str:
        """The value of a variable that must hold a key."""
        return KEY if self.needs_key else NO_KEY


@dataclass(frozen=True, slots=True)
class Pointed:
    """What makes a client talk to a gateway.

    Attributes:
        variables: Environment variables; an empty one is removed.
        arguments: Before those of the user.
        files: Their content by name, in the folder of the target.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Client:
    """A program that can be started.

    Attributes:
        title: Its name as its makers write it.
        executable: The command that starts it.
        install: How to install it.
        point: What makes it talk to a gateway.
    """

    title: str
    executable: str
    install: str
    point: Callable[[Target], Pointed]


def _claude(at: Target) -> Pointed:
    models = ("MODEL", *(f"DEFAULT_{size}_MODEL" for size in ("OPUS", "SONNET", "HAIKU")))
    variables = {
        "ANTHROPIC_BASE_URL": at.url,
        "ANTHROPIC_AUTH_TOKEN": at.key,
        **{f"ANTHROPIC_{name}": at.model for name in models},
        # Each of these would lead past the gateway.
        "ANTHROPIC_API_KEY": "",
        "CLAUDE_CODE_USE_BEDROCK": "",
        "CLAUDE_CODE_USE_VERTEX": "",
    }
    return Pointed(variables)


def _codex(at: Target) -> Pointed:
    provider = {"name": "gearshift", "base_url": at.openai, "wire_api": "responses"}
    if at.needs_key:
        provider["env_key"] = KEY_VARIABLE
    values = {
        "model": at.model,
        "model_provider": "gearshift",
        **{f"model_providers.gearshift.{name}": value for name, value in provider.items()},
    }
    # A JSON string is one of TOML too.
    pairs = (f"{name}={_json(value)}" for name, value in values.items())
    arguments = tuple(part for pair in pairs for part in ("-c", pair))
    return Pointed({KEY_VARIABLE: KEY} if at.needs_key else {}, arguments)


def _opencode(at: Target) -> Pointed:
    options = {"baseURL": at.openai}
    if at.needs_key:
        options["apiKey"] = f"{{env:{KEY_VARIABLE}}}"
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "gearshift",
        "options": options,
        "models": {at.model: {"name": at.model}},
    }
    model = f"gearshift/{at.model}"
    config = {"provider": {"gearshift": provider}, "model": model, "small_model": model}
    key = {KEY_VARIABLE: KEY} if at.needs_key else {}
    return Pointed({"OPENCODE_CONFIG_CONTENT": _json(config), **key})


def _aider(at: Target) -> Pointed:
    variables = {
        "AIDER_OPENAI_API_BASE": at.openai,
        "AIDER_OPENAI_API_KEY": at.key,
        "AIDER_MODEL": f"openai/{at.model}",
        "AIDER_WEAK_MODEL": f"openai/{at.model}",
        "AIDER_SHOW_MODEL_WARNINGS": "false",
    }
    return Pointed(variables)


def _continue(at: Target) -> Pointed:
    model = {
        "name": at.model,
        "provider": "openai",
        "model": at.model,
        "apiBase": at.openai,
        "apiKey": f"${{{{ secrets.{KEY_VARIABLE} }}}}" if at.needs_key else NO_KEY,
        "roles": ["chat", "edit", "apply", "summarize"],
        # It knows by a model's name whether tools can be called, and no such name.
        "capabilities": ["tool_use"],
    }
    config = {"name": "gearshift", "version": "1.0.0", "schema": "v1", "models": [model]}
    file = "config.yaml"
    return Pointed(
        {KEY_VARIABLE: KEY} if at.needs_key else {},
        ("--config", f"{at.folder}/{file}"),
        {file: _json(config, is_long=True)},
    )


def _goose(at: Target) -> Pointed:
    variables = {
        "GOOSE_PROVIDER": "openai",
        "GOOSE_MODEL": at.model,
        "OPENAI_HOST": at.url,
        "OPENAI_BASE_PATH": "v1/chat/completions",
        "OPENAI_API_KEY": at.key,
    }
    return Pointed(variables)


def _qwen(at: Target) -> Pointed:
    variables = {
        "OPENAI_BASE_URL": at.openai,
        "OPENAI_API_KEY": at.key,
        "OPENAI_MODEL": at.model,
    }
    return Pointed(variables, ("--auth-type", "openai"))


def _open_webui(at: Target) -> Pointed:
    variables = {
        "OPENAI_API_BASE_URLS": at.openai,
        "OPENAI_API_KEYS": at.key,
        "ENABLE_OLLAMA_API": "false",
        "DEFAULT_MODELS": at.model,
        # Or what its database remembers of an earlier start would count instead.
        "ENABLE_PERSISTENT_CONFIG": "false",
    }
    return Pointed(variables, ("serve",))


def _llm(at: Target) -> Pointed:
    model = {
        "model_id": at.model,
        "model_name": at.model,
        "api_base": at.openai,
        "supports_tools": True,
        "supports_schema": True,
        "vision": True,
        **({"api_key_name": "gearshift"} if at.needs_key else {}),
    }
    key = {"OPENAI_API_KEY": KEY} if at.needs_key else {}
    variables = {"LLM_USER_PATH": at.folder, "LLM_MODEL": at.model, **key}
    return Pointed(variables, files={"extra-openai-models.yaml": _json([model], is_long=True)})


CLIENTS: Final = {
    "claude": Client("Claude Code", "claude", "npm install -g @anthropic-ai/claude-code", _claude),
    "codex": Client("Codex", "codex", "npm install -g @openai/codex", _codex),
    "opencode": Client("opencode", "opencode", "npm install -g opencode-ai", _opencode),
    "aider": Client("aider", "aider", "python -m pip install aider-chat", _aider),
    "continue": Client("Continue", "cn", "npm install -g @continuedev/cli", _continue),
    "goose": Client("goose", "goose", "see the installation page of goose-docs.ai", _goose),
    "qwen": Client("Qwen Code", "qwen", "npm install -g @qwen-code/qwen-code", _qwen),
    "open-webui": Client("Open WebUI", "open-webui", "pip install open-webui", _open_webui),
    "llm": Client("LLM", "llm", "pip install llm", _llm),
}
"""By the name that `gearshift launch` takes; docs/clients has a page for each."""


def _json(value: Any, *, is_long: bool = False) -> str:
    """JSON text, which is YAML as well."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 if is_long else 0).decode()
