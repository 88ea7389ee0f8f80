"""Rates that keep the sandbox from being the bottleneck, with bounds far below what an idle machine reaches."""

from time import perf_counter, process_time

import numpy as np
import requests

from services.sandbox.domain.identity import Identity
from services.sandbox.domain.world import build_world
from services.sandbox.gamma.board import open_board
from services.sandbox.kalshi.board import open_board as kalshi_board
from services.sandbox.pages import Page, Pages
from services.sandbox.settings import Settings
from tests.sandbox.conftest import NOON, serving

MARKETS = 20_000


def test_a_large_world_is_built_and_surveyed_in_seconds() -> None:
    started = perf_counter()

    world = build_world(seed=1, markets=80_000)
    board = open_board(Identity(world), NOON, 5.0, {})
    rows = board.market_rows(np.arange(100), with_tags=False)

    assert len(rows) == 100
    assert perf_counter() - started < 15


def test_rows_are_written_fast_enough_when_nothing_is_prepared() -> None:
    identity = Identity(build_world(seed=1, markets=MARKETS))
    boards = open_board(identity, NOON, 5.0, {}), kalshi_board(identity, NOON, 5.0, {})
    boards[0].market_rows(np.arange(100), with_tags=False)
    boards[1].market_rows(np.arange(100))

    started = process_time()  # of this process alone: other tests run beside it
    written = boards[0].market_rows(np.arange(2000), with_tags=False) + boards[1].market_rows(np.arange(2000))
    rate = len(written) / (process_time() - started)

    assert rate > 4_000


def test_prepared_pages_are_served_at_the_rate_of_the_wire() -> None:
    with serving(Settings(sandbox_markets=2000)) as served, requests.Session() as session:
        path = f"{served.url}/gamma/markets/keyset?limit=100"
        size = len(session.get(path, timeout=20).json()["markets"])

        started = perf_counter()
        for _ in range(60):
            session.get(path, timeout=20)
        rate = 60 * size / (perf_counter() - started)

    assert rate > 6_000


def test_pages_stay_within_their_room_and_those_of_the_past_make_way() -> None:
    pages = Pages(bytes_max=1000)

    def page() -> Page:
        return Page(b"x" * 300)

    for number in range(5):
        pages.get(f"page {number}", 0.0, 60.0, page)
    held = [number for number in range(5) if pages.holds(f"page {number}", 0.0)]
    bytes_before = pages.bytes_held
    pages.get("page 9", 60.0, 60.0, page)

    assert (held, bytes_before) == ([0, 1, 2], 900)
    assert pages.holds("page 9", 60.0)
    assert pages.bytes_held == 300
