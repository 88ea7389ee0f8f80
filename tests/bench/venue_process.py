"""Both venues on this machine: prebuilt answers over HTTP from a process of its own, until its standard input ends."""

import json
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from typing import cast
from urllib.parse import parse_qs, urlsplit

from tests.bench import gamma_rows, kalshi_rows
from tests.bench.listing import Listing, Version

GAMMA, KALSHI = "/gamma", "/kalshi/trade-api/v2"
LIMITS = {  # rows a page, as the venues' own clients ask for them
    f"{GAMMA}/series": 50,
    f"{GAMMA}/events/keyset": 100,
    f"{GAMMA}/markets/keyset": 100,
    f"{KALSHI}/series": 1_000_000,
    f"{KALSHI}/events": 200,
    f"{KALSHI}/markets": 1_000,
}
SLACK = 1.0  # requests; two that left in time may arrive closer to each other


class Pages:
    """The answers of one listing, each made once."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.made: dict[tuple[str, int, int], bytes] = {}
        counts = (listing.series_each, listing.events_each, listing.markets_each) * 2
        self.rows = dict(zip(LIMITS, counts, strict=True))
        for path, limit in LIMITS.items():
            for start in range(0, max(self.rows[path], 1), limit):
                self.page(path, start, limit)
        self.page(f"{GAMMA}/series", self.rows[f"{GAMMA}/series"], LIMITS[f"{GAMMA}/series"])

    def page(self, path: str, start: int, limit: int) -> bytes:
        key = (path, start, limit)
        if key not in self.made:
            self.made[key] = answer(self._body(path, start, min(start + limit, self.rows[path])).encode())
        return self.made[key]

    def _body(self, path: str, start: int, end: int) -> str:
        more = "null" if end >= self.rows[path] else f'"{end}"'
        rows = ",".join(map(self._row_maker(path), range(start, end)))
        if path == f"{GAMMA}/series":
            return f"[{rows}]"
        noun = path.removesuffix("/keyset").rpartition("/")[2]
        if path.startswith(GAMMA):
            return f'{{"{noun}":[{rows}],"next_cursor":{more}}}'
        return f'{{"{noun}":[{rows}],"cursor":{more}}}'

    def _row_maker(self, path: str) -> Callable[[int], str]:
        listing = self.listing
        makers: tuple[Callable[[int], str], ...] = (
            gamma_rows.series_row,
            lambda number: gamma_rows.event_row(number, listing.small),
            lambda place: gamma_rows.market_row(place, listing),
            kalshi_rows.series_row,
            kalshi_rows.event_row,
            lambda place: kalshi_rows.market_row(place, listing),
        )
        return dict(zip(LIMITS, makers, strict=True))[path]


class Bucket:
    """What a venue lets through: `rate` a second after a burst of one second, and the rest is answered 429."""

    def __init__(self, rate: float) -> None:
        self.interval = 1 / rate if rate else 0.0
        self.burst_seconds = (max(rate, 1) - 1 + SLACK) * self.interval
        self.due_at = 0.0
        self.lock = threading.Lock()

    def lets_through(self) -> bool:
        if not self.interval:
            return True
        with self.lock:
            now = time.monotonic()
            if self.due_at - now > self.burst_seconds:
                return False
            self.due_at = max(self.due_at, now) + self.interval
            return True


class Venues:
    def __init__(self) -> None:
        self.pages = Pages(Listing(10))
        self.buckets = {GAMMA: Bucket(0), KALSHI: Bucket(0)}
        self.requests: dict[str, int] = {}
        self.refused = 0

    def reply(self, target: str) -> bytes:
        parts = urlsplit(target)
        params = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/bench/list":
            return self._set(params)
        if parts.path == "/bench/counts":
            return answer(json.dumps({"requests": self.requests, "refused": self.refused}).encode())
        if parts.path not in LIMITS:
            return answer(b'{"error":"not found"}', "404 Not Found")
        return self._page(parts.path, params)

    def _page(self, path: str, params: dict[str, str]) -> bytes:
        bucket = self.buckets[GAMMA if path.startswith(GAMMA) else KALSHI]
        if not bucket.lets_through():
            self.refused += 1
            return answer(b'{"error":"too many requests"}', "429 Too Many Requests")
        self.requests[path] = self.requests.get(path, 0) + 1
        start = params.get("after_cursor") or params.get("cursor") or params.get("offset") or "0"
        return self.pages.page(path, int(start), min(int(params.get("limit", "1000000")), LIMITS[path]))

    def _set(self, params: dict[str, str]) -> bytes:
        """Another listing, made before this is answered."""
        version = Version(int(params["every"]), int(params["tenth"]))
        listing = Listing(int(params["markets"]), params["small"] == "1", version)
        if listing != self.pages.listing:
            self.pages = Pages(listing)
        self.buckets = {GAMMA: Bucket(float(params["gamma_rate"])), KALSHI: Bucket(float(params["kalshi_rate"]))}
        self.requests, self.refused = {}, 0
        sizes = {path: [len(page) for (of, _, _), page in self.pages.made.items() if of == path] for path in LIMITS}
        rows = self.pages.rows
        return answer(json.dumps({path: sum(sizes[path]) / max(rows[path], 1) for path in LIMITS}).encode())


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, venues: Venues) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.venues = venues


class Connection(socketserver.StreamRequestHandler):
    """One connection, kept as long as its client wants."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        venues = cast(Server, self.server).venues
        while line := self.rfile.readline():
            while self.rfile.readline() not in (b"\r\n", b"\n", b""):
                pass  # no header changes what we answer
            self.connection.sendall(venues.reply(line.split(b" ")[1].decode()))


def answer(body: bytes, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def main() -> None:
    """On two ports, because a venue is known by its host."""
    venues = Venues()
    servers = [Server(venues), Server(venues)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(*(server.server_address[1] for server in servers), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
