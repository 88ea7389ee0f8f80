"""The process that plays both venues, as its clients see it."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from shared.settings import VenueSettings
from tests.bench.listing import Listing
from tests.bench.venue_process import GAMMA, KALSHI, LIMITS

CHECKOUT = Path(__file__).resolve().parents[2]
NOBODY = "http://127.0.0.1:9"
RATES = ("polymarket_gamma_rate", "polymarket_clob_rate", "polymarket_data_rate", "kalshi_rate")


@dataclass(frozen=True)
class LocalVenues:
    port: int
    kalshi_port: int

    def show(self, listing: Listing, gamma_rate: float = 0, kalshi_rate: float = 0) -> dict[str, float]:
        """Bytes a row by path; the listing is made before this returns."""
        version = f"every={listing.version.every}&tenth={listing.version.tenth}"
        rates = f"gamma_rate={gamma_rate}&kalshi_rate={kalshi_rate}"
        size = f"markets={listing.markets}&small={int(listing.small)}"
        bytes_a_row: dict[str, float] = self._get(f"/bench/list?{size}&{version}&{rates}")
        return bytes_a_row

    def counts(self) -> dict[str, Any]:
        counts: dict[str, Any] = self._get("/bench/counts")
        return counts

    def rows_per_second(self, listing: Listing) -> float:
        """How fast it serves its market pages to a reader that looks only for the next cursor."""
        began = perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for path in (f"{GAMMA}/markets/keyset", f"{KALSHI}/markets"):
            for start in range(0, listing.markets_each, LIMITS[path]):
                connection.request("GET", f"{path}?limit={LIMITS[path]}&cursor={start}")
                connection.getresponse().read()
        connection.close()
        return listing.markets_each * 2 / (perf_counter() - began)

    def settings(self, database_url: str, *, limited: bool = False) -> VenueSettings:
        """With the limiter as it is by default, or without it. The CLOB and the Data API are not asked by a sync."""
        gamma, kalshi = f"http://127.0.0.1:{self.port}{GAMMA}", f"http://127.0.0.1:{self.kalshi_port}{KALSHI}"
        free = without_limits(database_url, gamma, NOBODY, NOBODY, kalshi)
        default = {name: VenueSettings.model_fields[name].default for name in RATES}
        return free.model_copy(update=default) if limited else free

    def _get(self, target: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request("GET", target)
        body = json.loads(connection.getresponse().read())
        connection.close()
        return body


def without_limits(database_url: str, gamma: str, clob: str, data: str, kalshi: str) -> VenueSettings:
    return VenueSettings(
        database_url=database_url,
        polymarket_gamma_url=gamma,
        polymarket_clob_url=clob,
        polymarket_data_url=data,
        kalshi_base_api_url=kalshi,
        polymarket_gamma_rate=0,
        polymarket_clob_rate=0,
        polymarket_data_rate=0,
        kalshi_rate=0,
    )


@contextmanager
def running_venues() -> Iterator[LocalVenues]:
    command = [sys.executable, "-m", "tests.bench.venue_process"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield LocalVenues(*map(int, process.stdout.readline().split()))
        finally:
            process.stdin.close()
            process.wait(10)
