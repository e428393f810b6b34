"""LangChain's chat models and embeddings for the three dialects, and a RAG chain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_ollama import ChatOllama, OllamaEmbeddings
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

from clients.case import ANSWER, DOCUMENTS, PROMPTS, RESULT, At, expect, expect_error

PACKAGE = "langchain-core"
DIALECT = "OpenAI"


@tool
def weather(city: str) -> str:
    """The weather of a city."""
    return f"rain in {city}"


class LangChain:
    """A chat model of LangChain, whoever speaks below it."""

    make: Callable[[At, str], Any]
    embedder: Callable[[At], Any] | None = None

    def __init__(self, at: At) -> None:
        self.at = at

    def model(self, name: str) -> Any:
        """A chat model."""
        return type(self).make(self.at, name)

    def whole(self, at: At) -> None:
        """Both tiers answer."""
        for tier, prompt in PROMPTS.items():
            at.check(tier, self.model("auto").invoke(prompt).text)

    async def stream(self, at: At) -> None:
        """The same, piece by piece, with asyncio."""
        for tier, prompt in PROMPTS.items():
            at.check(tier, "".join([p.text async for p in self.model("auto").astream(prompt)]))

    def tools(self, at: At) -> None:
        """A call, and its result."""
        model = self.model("scripted").bind_tools([weather])
        asked = HumanMessage("weather?")
        answer = model.invoke([asked])
        (call,) = answer.tool_calls
        expect((call["name"], call["args"]), ("weather", {"city": "Paris"}))
        result = ToolMessage(weather.invoke(call["args"]), tool_call_id=call["id"])
        expect(result.content, RESULT)
        expect(model.invoke([asked, answer, result]).text, ANSWER)

    def error(self, at: At) -> None:
        """An unknown model."""
        expect_error(Exception, lambda: self.model("nobody").invoke("?"))

    async def cancel(self, at: At) -> None:
        """A stream that is left."""

        async def leave() -> None:
            stream = self.model("endless").astream("?")
            await anext(stream)
            await stream.aclose()

        await at.expect_stopped_async(leave)

    def embeddings(self, at: At) -> None:
        """Retrieval finds the document that is most like the question, and a model answers."""
        make = type(self).embedder
        assert make is not None
        store = InMemoryVectorStore.from_texts([*DOCUMENTS], make(at))
        (found,) = store.similarity_search("aaa", k=1)
        expect(found.page_content, DOCUMENTS[1])
        answer = self.model("auto").invoke(f"Answer from this: {found.page_content}")
        if not answer.text:
            raise AssertionError("no answer")


class OpenAI(LangChain):
    """langchain-openai."""

    package = "langchain-openai"

    @staticmethod
    def make(at: At, name: str) -> Any:
        """A chat model."""
        return ChatOpenAI(base_url=f"{at.url}/v1", api_key="unused", model=name, max_retries=0)

    @staticmethod
    def embedder(at: At) -> Any:
        """Texts as they are: by default they are sent as OpenAI's own tokens."""
        return OpenAIEmbeddings(
            base_url=f"{at.url}/v1",
            api_key="unused",
            model="embedder",
            check_embedding_ctx_length=False,
        )


class Ollama(LangChain):
    """langchain-ollama."""

    package, dialect = "langchain-ollama", "Ollama"

    @staticmethod
    def make(at: At, name: str) -> Any:
        """A chat model."""
        return ChatOllama(base_url=at.url, model=name)

    @staticmethod
    def embedder(at: At) -> Any:
        """The same for texts."""
        return OllamaEmbeddings(base_url=at.url, model="embedder")


class Anthropic(LangChain):
    """langchain-anthropic."""

    package, dialect, lacks = "langchain-anthropic", "Anthropic", ("embeddings",)

    @staticmethod
    def make(at: At, name: str) -> Any:
        """A chat model."""
        return ChatAnthropic(
            base_url=at.url,
            api_key="unused",
            model_name=name,
            max_retries=0,
            max_tokens_to_sample=256,
            timeout=None,
            stop=None,
        )


ROWS = {"langchain-openai": OpenAI, "langchain-ollama": Ollama, "langchain-anthropic": Anthropic}
