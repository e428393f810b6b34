"""Azure by configuration: the key in a header, a version in the query, deployments in the path."""

import json
from typing import Any

import pytest
from tests.fakes.dialects import SPOKEN, TEXT, SpokenOpenAI
from tests.fakes.scripted import ScriptedUpstream
from tests.fakes.sdks import anthropic, openai

KEY = "0123456789abcdef0123456789abcdef"
DEPLOYMENT = "/openai/deployments/my-gpt-4o"


class SpokenAzure(SpokenOpenAI):
    base_path = DEPLOYMENT
    chat_path = f"{DEPLOYMENT}/chat/completions?api-version=2024-10-21"

    def documents(self, models):
        return {}


@pytest.fixture
async def azure():
    async with ScriptedUpstream(SpokenAzure(), ["gpt-4o"]) as running:
        yield running


@pytest.fixture
async def claude():
    async with ScriptedUpstream(SPOKEN["anthropic"], ["claude"]) as running:
        yield running


@pytest.fixture
async def url(azure, claude, gateway):
    key = {"api-key": KEY}
    classic = {**azure.settings("azure"), "headers": key, "query": {"api-version": "2024-10-21"}}
    foundry = {**claude.settings("azure-claude"), "headers": key}
    async with gateway({"upstreams": [classic, foundry]}) as url:
        yield url


@pytest.mark.parametrize("model", ["gpt-4o", "claude"])
async def test_both_forms_answer_clients_of_both_dialects(url, azure, claude, model, caplog):
    turns: list[Any] = [{"role": "user", "content": "hi"}]
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="mine") as client:
        answer = await client.chat.completions.create(model=model, messages=turns)
        assert answer.choices[0].message.content == TEXT
        stream: Any = await client.chat.completions.create(model=model, messages=turns, stream=True)
        said = [c.choices[0].delta.content async for c in stream if c.choices]
        assert "".join(text or "" for text in said) == TEXT
    async with anthropic.AsyncAnthropic(base_url=url, api_key="mine") as client:
        message: Any = await client.messages.create(model=model, messages=turns, max_tokens=9)
        assert message.content[0].text == TEXT
    upstream = azure if model == "gpt-4o" else claude
    asked = upstream.answered[model]
    assert len(asked) == 3
    for one in asked:
        assert one.path == upstream.spoken.chat_path
        assert one.headers["api-key"] == KEY
        assert not {"authorization", "x-api-key"} & one.headers.keys()
        assert json.loads(one.body)["model"] == model
    assert KEY not in caplog.text
