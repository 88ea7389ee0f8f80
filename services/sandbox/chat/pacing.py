"""When the bytes of an answer leave: the first token after a while, the others at a rate, several in one write."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

FIRST_TOKEN_SECONDS = 0.4
WRITE_SECONDS = 0.05  # between two writes: an answer of five seconds costs a hundred of them, however many its tokens


@dataclass(frozen=True, slots=True)
class Pace:
    rate: float  # tokens a second; 0: all at once
    stall: float = 0.0  # seconds of silence in the middle

    def seconds(self, tokens: int) -> float:
        """How long a whole answer takes."""
        return self.stall + (FIRST_TOKEN_SECONDS + tokens / self.rate if self.rate else 0.0)


async def paced(opening: bytes, events: Sequence[bytes], closing: bytes, pace: Pace) -> AsyncIterator[bytes]:
    yield opening
    middle = len(events) // 2
    async for data in _timed(events[:middle], pace.rate, FIRST_TOKEN_SECONDS):
        yield data
    if pace.stall:
        await asyncio.sleep(pace.stall)
    async for data in _timed(events[middle:], pace.rate, 0.0):
        yield data
    yield closing


async def _timed(events: Sequence[bytes], rate: float, wait: float) -> AsyncIterator[bytes]:
    if not rate:
        yield b"".join(events)
        return
    clock = asyncio.get_running_loop().time
    await asyncio.sleep(wait)
    began, sent = clock(), 0
    while sent < len(events):
        await asyncio.sleep(WRITE_SECONDS)
        due = min(len(events), int((clock() - began) * rate))
        if due > sent:
            yield b"".join(events[sent:due])
            sent = due
