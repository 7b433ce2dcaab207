"""One question to one model: bounded in time, grounded in the facts, and never an exception."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from agentgate_mcp.llm.port import AdvisoryModel, AdvisoryNote, AdvisoryPrompt
from agentgate_mcp.llm.validators import keep_grounded


async def advise(model: AdvisoryModel, prompt: AdvisoryPrompt, *, timeout_s: float) -> AdvisoryNote:
    """What ``model`` says about ``prompt.facts`` within ``timeout_s``, or why it says nothing.

    Whatever a client does, dead, slow, lying or broken, ends as a note with a problem (R5)."""
    try:
        async with asyncio.timeout(timeout_s):
            if problem := await model.reachable():
                return AdvisoryNote(model=model.name, problem=problem)
            note = await model.note(prompt)
    except TimeoutError:
        return AdvisoryNote(model=model.name, problem=f"no answer within {timeout_s:g} s")
    except Exception as error:  # deny-on-error: a client that fails gives no advice; its words may hold a key
        return AdvisoryNote(model=model.name, problem=f"the client failed ({type(error).__name__})")
    if note.problem:
        return note
    grounded = keep_grounded(note.text, prompt.facts)
    if not grounded.text:
        problem = "every sentence named something that the facts do not hold" if grounded.dropped else "an empty answer"
        return AdvisoryNote(model=note.model, problem=problem, dropped=grounded.dropped)
    return replace(note, text=grounded.text, dropped=note.dropped + grounded.dropped)
