"""Gemini, for the analysis paragraph of a case report. Imported when it is first asked: it is heavy."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from agentgate_mcp.llm.port import AdvisoryNote, AdvisoryPrompt
from agentgate_mcp.llm.reply import read_reply, reply_schema

if TYPE_CHECKING:
    from google.genai import Client

MAX_TOKENS = 800


class GeminiModel:
    """Asks one Gemini model. ``timeout_s`` bounds the whole call: the client's own time-out is per
    attempt. ``base_url`` replaces the service's address; empty means Google's."""

    def __init__(self, api_key: SecretStr, model: str, *, timeout_s: float = 30.0, base_url: str = "") -> None:
        self._api_key = api_key
        self._model = model
        self._timeout_s = timeout_s
        self._base_url = base_url

    @property
    def name(self) -> str:
        return f"gemini:{self._model}"

    async def reachable(self) -> str:
        """Empty when there is a key. Whether it is good shows when it is used: asking costs money."""
        return "" if self._api_key.get_secret_value() else "GEMINI_API_KEY is empty"

    async def note(self, prompt: AdvisoryPrompt) -> AdvisoryNote:
        try:
            async with asyncio.timeout(self._timeout_s):
                raw = await self._ask(prompt)
        except TimeoutError:
            return self._none(f"no answer within {self._timeout_s:g} s")
        except Exception as error:  # deny-on-error: no good answer, no note; a message may quote the key
            return self._none(f"the request failed ({type(error).__name__})")
        text = read_reply(raw)
        if text is None:
            return self._none("the answer was not in the agreed form")
        return AdvisoryNote(model=self.name, text=text)

    async def _ask(self, prompt: AdvisoryPrompt) -> str:
        # In a thread: importing takes more than a second, and a server has other calls to answer.
        genai = await asyncio.to_thread(importlib.import_module, "google.genai")
        types = genai.types
        address: dict[str, Any] = {"base_url": self._base_url} if self._base_url else {}
        client: Client = genai.Client(
            api_key=self._api_key.get_secret_value(),
            vertexai=False,
            http_options=types.HttpOptions(
                timeout=int(self._timeout_s * 1000), retry_options=types.HttpRetryOptions(attempts=1), **address
            ),
        )
        try:
            answer = await client.aio.models.generate_content(  # pyright: ignore[reportUnknownMemberType]
                model=self._model,
                contents=prompt.question,
                config=types.GenerateContentConfig(
                    system_instruction=prompt.system,
                    temperature=0.0,
                    max_output_tokens=MAX_TOKENS,
                    response_mime_type="application/json",
                    response_json_schema=reply_schema(),
                ),
            )
            return answer.text or ""
        finally:
            await client.aio.aclose()
            client.close()

    def _none(self, problem: str) -> AdvisoryNote:
        return AdvisoryNote(model=self.name, problem=problem)
