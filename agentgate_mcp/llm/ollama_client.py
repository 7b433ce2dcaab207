"""A model served by Ollama, on this machine or a trusted one. Advisory only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx

from agentgate_mcp.llm.port import AdvisoryNote, AdvisoryPrompt
from agentgate_mcp.llm.reply import MAX_REPLY_BYTES, read_reply, reply_schema

if TYPE_CHECKING:
    from ollama import AsyncClient

MAX_TOKENS = 500
MAX_BODY = 8 * MAX_REPLY_BYTES
"""Bytes of one response: a server that does not stop is cut off, not collected."""


class OllamaModel:
    """Asks one model. ``timeout_s`` bounds an answer, ``probe_s`` the question whether it is there.

    The client is made for each call: nothing outlives it, whatever event loop it runs in."""

    def __init__(self, host: str, model: str, *, timeout_s: float = 60.0, probe_s: float = 2.0) -> None:
        self._host = host
        self._model = model
        self._timeout_s = timeout_s
        self._probe_s = probe_s

    @property
    def name(self) -> str:
        return f"ollama:{self._model}"

    async def reachable(self) -> str:
        """Empty when the server answers and has the model."""
        try:
            async with asyncio.timeout(self._probe_s), self._client(self._probe_s) as client:
                listed = await client.list()
                names = {str(m.model) for m in listed.models}
        except TimeoutError:
            return f"Ollama did not answer within {self._probe_s:g} s"
        except Exception as error:  # deny-on-error: without a good answer there is no model to ask
            return f"Ollama is not reachable ({type(error).__name__})"
        if not any(self._model in (n, n.partition(":")[0]) for n in names):
            return f"Ollama does not have the model {self._model}; pull it first"
        return ""

    async def note(self, prompt: AdvisoryPrompt) -> AdvisoryNote:
        try:
            async with asyncio.timeout(self._timeout_s), self._client(self._timeout_s) as client:
                answer = await client.chat(  # pyright: ignore[reportUnknownMemberType]
                    model=self._model,
                    messages=[
                        {"role": "system", "content": prompt.system},
                        {"role": "user", "content": prompt.question},
                    ],
                    format=reply_schema(),
                    options={"temperature": 0, "seed": 0, "num_predict": MAX_TOKENS},
                )
                text = read_reply(answer.message.content or "")
        except TimeoutError:
            return self._none(f"no answer within {self._timeout_s:g} s")
        except Exception as error:  # deny-on-error: no good answer, no note; a message may quote the host
            return self._none(f"the request failed ({type(error).__name__})")
        return self._none("the answer was not in the agreed form") if text is None else self._said(text)

    @asynccontextmanager
    async def _client(self, timeout_s: float) -> AsyncGenerator[AsyncClient]:
        from ollama import AsyncClient

        # An own transport also keeps proxies of the environment out; redirects lead nowhere we chose.
        options: Mapping[str, Any] = {"transport": _Bounded(), "headers": {"accept-encoding": "identity"}}
        client = AsyncClient(host=self._host, timeout=timeout_s, follow_redirects=False, **options)
        try:
            yield client
        finally:
            await client.close()

    def _said(self, text: str) -> AdvisoryNote:
        return AdvisoryNote(model=self.name, text=text)

    def _none(self, problem: str) -> AdvisoryNote:
        return AdvisoryNote(model=self.name, problem=problem)


class _BoundedStream(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MAX_BODY
        async for chunk in self._inner:
            left -= len(chunk)
            if left < 0:
                raise httpx.ReadError("the response is too large")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Bounded(httpx.AsyncHTTPTransport):
    """Ends a response that is too large, and refuses a compressed one, whose size nobody knows."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise httpx.ReadError("the response is compressed")
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _BoundedStream(response.stream)
        return response
