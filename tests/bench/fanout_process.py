"""The live feed as a process of its own, and the bare loop that it stands beside."""

import asyncio
import os
import sys
from time import perf_counter
from typing import Any

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

FILLING = "x" * 200  # so that a frame is as long as one of the feed


def feed_app() -> Any:
    """Of the database that the environment names."""
    from tests.arena.live import live_app

    return live_app(os.environ["DATABASE_URL"])


async def bare(port: int, per_second: int, seconds: float) -> None:
    """On each line of standard input it sends numbered frames at this rate, and answers when it made each."""
    readers: set[ServerConnection] = set()

    async def read(connection: ServerConnection) -> None:
        readers.add(connection)
        await connection.wait_closed()

    async with serve(read, "127.0.0.1", port, compression=None, ping_interval=None):
        print("ready", flush=True)
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            began, made = perf_counter(), []
            for number in range(int(per_second * seconds)):
                await asyncio.sleep(max(0.0, began + number / per_second - perf_counter()))
                made.append(perf_counter())
                broadcast(readers, f'{{"type":"message","number":{number},"content":"{FILLING}"}}')
            print(made, flush=True)


if __name__ == "__main__":
    uvloop.run(bare(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
