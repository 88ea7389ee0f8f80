"""One reader in a process of its own: when it had each entry, or each bare notification."""

import json
import select
import sys
from collections.abc import Sequence
from contextlib import closing
from time import perf_counter
from typing import Any

import psycopg2

from shared.database import Database
from shared.feed import Entry
from shared.feed_listener import FeedListener


def main(kind: str, url: str, channel: str) -> int:
    """Says `ready`, reads until its standard input ends, and answers the moment of each number as JSON. They are those
    of perf_counter, which is the same clock in all processes of a machine."""
    heard = heard_by_listener(url) if kind == "feed" else heard_bare(url, channel)
    print(json.dumps(heard))
    return 0


def heard_by_listener(url: str) -> list[tuple[int, float]]:
    database = Database(url)
    heard: list[tuple[int, float]] = []

    def deliver(entries: Sequence[Entry]) -> None:
        now = perf_counter()
        heard.extend((entry.payload["number"], now) for entry in entries)

    listener = FeedListener(database, deliver)
    listener.start()
    listener.listening.wait()
    print("ready", flush=True)
    sys.stdin.read()
    listener.stop()
    database.dispose()
    return heard


def heard_bare(url: str, channel: str) -> list[tuple[int, float]]:
    heard: list[tuple[int, float]] = []
    with closing(psycopg2.connect(url)) as session:
        session.autocommit = True
        session.cursor().execute(f"LISTEN {channel}")
        print("ready", flush=True)
        while True:
            readable: list[Any] = select.select([session, sys.stdin], [], [])[0]
            if session in readable:
                session.poll()
                now = perf_counter()
                heard.extend((int(notify.payload), now) for notify in session.notifies)
                session.notifies.clear()
            if sys.stdin in readable:
                return heard


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
