"""The progress of a cycle, told as it moves."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any
from uuid import UUID

from starlette.concurrency import run_in_threadpool

from services.orchestrator.reports import cycle_progress
from services.orchestrator.resources import DATABASE_AWAY, Resources
from shared.json_bytes import encoded

LOOK_SECONDS = 0.5
HEARTBEAT_SECONDS = 10.0
STREAM_SECONDS_MAX = 3_600.0


async def progress_stream(here: Resources, cycle_id: UUID, first: dict[str, Any]) -> AsyncIterator[bytes]:
    """Server-sent events until the cycle has ended. Only the looks at the database take a thread."""
    with here.listening():
        began = told_at = monotonic()
        now, told = first, None
        while True:
            if now["status"] != "running":
                yield _event("end", now)
                return
            if now != told:
                yield _event("progress", now)
                told, told_at = now, monotonic()
            elif monotonic() - told_at > HEARTBEAT_SECONDS:
                yield b": nothing has moved\n\n"
                told_at = monotonic()
            if here.leaving.is_set() or here.stopping.is_set() or monotonic() - began > STREAM_SECONDS_MAX:
                return
            await asyncio.sleep(LOOK_SECONDS)
            try:
                now = await run_in_threadpool(cycle_progress, here, cycle_id)
            except DATABASE_AWAY:
                yield b": the database is away\n\n"


def _event(kind: str, facts: dict[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), encoded(facts))
