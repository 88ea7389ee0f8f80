"""A provider of models that takes exactly two seconds for an answer and says in each token when it was sent."""

import asyncio
import json
import sys
import time

TOKENS = 60
SECONDS = 2.0
DECISION = {"position": "YES", "probability": 0.6, "confidence": 0.01, "reason": "It was said in two seconds."}
BRIEF = json.dumps({"summary": "Nothing is known yet.", "facts": [], "consistent": True, "note": "fits"})


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                ),
                0,
            )
            body = json.loads(await reader.readexactly(length)) if length else {}
            if head.startswith(b"GET"):
                await _whole(writer, 404, b"{}")
            elif body.get("stream"):
                await _streamed(writer)
                break
            else:
                message = {"role": "assistant", "content": BRIEF}
                whole = {"id": "b", "model": "bench", "choices": [{"index": 0, "message": message}], "usage": USAGE}
                await _whole(writer, 200, json.dumps(whole).encode())
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


USAGE = {"prompt_tokens": 900, "completion_tokens": TOKENS, "cost": 0.001}


async def _whole(writer: asyncio.StreamWriter, status: int, body: bytes) -> None:
    head = f"HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


async def _streamed(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
    began = time.monotonic()
    for number in range(TOKENS):
        await asyncio.sleep(max(0.0, began + SECONDS * (number + 1) / TOKENS - time.monotonic()))
        writer.write(_event({"content": f"@{time.monotonic():.6f} "}))
    writer.write(_event({"content": f"\n```json\n{json.dumps(DECISION)}\n```"}))
    writer.write(_event({}, "stop"))
    writer.write(
        b"data: " + json.dumps({"id": "b", "model": "bench", "choices": [], "usage": USAGE}).encode() + b"\n\n"
    )
    writer.write(b"data: [DONE]\n\n")
    await writer.drain()


def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "b", "model": "bench", "choices": [choice]}).encode() + b"\n\n"


async def main() -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # ends with whoever started it


if __name__ == "__main__":
    asyncio.run(main())
