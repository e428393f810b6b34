"""LlamaIndex with models that look like OpenAI's, and with Ollama's; and a query engine."""

from __future__ import annotations

import asyncio
from typing import Any

from llama_index.core import Document, VectorStoreIndex
from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.ollama import OllamaEmbedding
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.ollama import Ollama
from llama_index.llms.openai_like import OpenAILike

from clients.case import (
    ANSWER,
    DOCUMENTS,
    PROMPTS,
    RESULT,
    At,
    expect,
    expect_error,
    leave_when_begun,
)

PACKAGE = "llama-index-core"
DIALECT = "OpenAI"


def weather(city: str) -> str:
    """The weather of a city."""
    return f"rain in {city}"


class LlamaIndex:
    """An LLM of LlamaIndex, whoever speaks below it."""

    def __init__(self, at: At) -> None:
        self.at = at

    def model(self, name: str) -> Any:
        """An LLM."""
        raise NotImplementedError

    def embedder(self) -> Any:
        """What makes vectors."""
        raise NotImplementedError

    def whole(self, at: At) -> None:
        """Both tiers answer."""
        for tier, prompt in PROMPTS.items():
            at.check(tier, self.model("auto").complete(prompt).text)

    async def stream(self, at: At) -> None:
        """The same, piece by piece, with asyncio."""
        for tier, prompt in PROMPTS.items():
            chat = [ChatMessage(content=prompt)]
            stream = await self.model("auto").astream_chat(chat)
            at.check(tier, "".join([piece.delta or "" async for piece in stream]))

    def tools(self, at: At) -> None:
        """A call, and its result."""
        model, asked = self.model("scripted"), ChatMessage(content="weather?")
        tool = FunctionTool.from_defaults(weather)
        answer = model.chat_with_tools([tool], chat_history=[asked])
        (call,) = model.get_tool_calls_from_response(answer)
        expect((call.tool_name, call.tool_kwargs), ("weather", {"city": "Paris"}))
        result = ChatMessage(
            role=MessageRole.TOOL, content=RESULT, additional_kwargs={"tool_call_id": call.tool_id}
        )
        history = [asked, answer.message, result]
        expect(model.chat_with_tools([tool], chat_history=history).message.content.strip(), ANSWER)

    def error(self, at: At) -> None:
        """An unknown model."""
        expect_error(Exception, lambda: self.model("nobody").complete("?"))

    async def cancel(self, at: At) -> None:
        """A task that reads a stream is cancelled: closing the stream alone closes nothing."""

        async def read(begun: asyncio.Event) -> None:
            async for _ in await self.model("endless").astream_chat([ChatMessage(content="?")]):
                begun.set()

        await at.expect_stopped_async(lambda: leave_when_begun(read))

    def embeddings(self, at: At) -> None:
        """A query engine finds the document that is most like the question; a model answers."""
        documents = [Document(text=text) for text in DOCUMENTS]
        index = VectorStoreIndex.from_documents(documents, embed_model=self.embedder())
        (found,) = index.as_retriever(similarity_top_k=1).retrieve("aaa")
        expect(found.text, DOCUMENTS[1])
        answer = index.as_query_engine(llm=self.model("auto"), similarity_top_k=1).query("aaa")
        if not str(answer):
            raise AssertionError("no answer")


class OpenAIModels(LlamaIndex):
    """llama-index-llms-openai-like."""

    package = "llama-index-llms-openai-like"

    def model(self, name: str) -> Any:
        """An LLM."""
        return OpenAILike(
            api_base=f"{self.at.url}/v1",
            api_key="unused",
            model=name,
            is_chat_model=True,
            is_function_calling_model=True,
            max_retries=0,
        )

    def embedder(self) -> Any:
        """What makes vectors."""
        return OpenAILikeEmbedding(
            api_base=f"{self.at.url}/v1", api_key="unused", model_name="embedder"
        )


class OllamaModels(LlamaIndex):
    """llama-index-llms-ollama."""

    package, dialect = "llama-index-llms-ollama", "Ollama"

    def model(self, name: str) -> Any:
        """An LLM; its context length is what it would otherwise ask `/api/show` for."""
        return Ollama(base_url=self.at.url, model=name, request_timeout=60, context_window=8192)

    def embedder(self) -> Any:
        """What makes vectors."""
        return OllamaEmbedding(base_url=self.at.url, model_name="embedder")


ROWS = {"llama-index-llms-openai-like": OpenAIModels, "llama-index-llms-ollama": OllamaModels}
