"""What is shared from the home page: curves, CSV, a picture and the feed of settlements."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

from shared.database import Database
from tests.orchestrator import arena_rows, build
from tests.orchestrator.conftest import NOON, Clock, Desk
from tests.orchestrator.town import Town

ATOM = "{http://www.w3.org/2005/Atom}"
HOSTILE = "=1+1 ]]> <b>&amp;\x0b \ufffe"  # what neither spreadsheets nor XML can take as it is


def simulated(database: Database) -> None:
    row = {"platform": "kalshi", "display_name": "K", "base_url": "http://x", "simulated": True, "updated_at": NOON}
    build.insert(database, "platforms", row)


def sheet_of(desk: Desk, path: str) -> list[dict[str, str]]:
    answer = desk.session.get(desk.url + path, timeout=60)
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_curves_are_growth_on_one_grid_that_ends_with_the_present(
    desk: Desk, clock: Clock, fresh_database: Database
) -> None:
    small = build.portfolio(fresh_database, "Small", NOON, current_balance=Decimal(10_400))
    large = build.portfolio(fresh_database, "Large", NOON, balance=Decimal(100_000), strategy_type="baseline")
    build.portfolio(fresh_database, "Gone", NOON, status="closed")
    build.equity_point(fresh_database, small, NOON + timedelta(minutes=30), 10_200)
    build.equity_point(fresh_database, large, NOON + timedelta(minutes=30), 99_000)
    clock.go(minutes=60)

    whole = desk.get("/curves.json?range=all")

    assert whole["unit"] == "%" and whole["start"] == 0
    assert len(whole["times"]) == 96 and whole["times"][-1] == int(clock.now.timestamp())
    lines = {each["name"]: each for each in whole["series"]}
    assert set(lines) == {"Small", "Large"}
    assert lines["Small"]["values"][:40] == [None] * 40  # before its first point there is a gap
    assert (lines["Small"]["values"][50], lines["Small"]["values"][-1]) == (2, 4)
    assert lines["Large"]["values"][50] == -1
    assert lines["Large"]["dashed"] and not lines["Small"]["dashed"]


def test_a_gap_of_cycles_is_a_gap(clock: Clock, fresh_database: Database, open_desk: Any) -> None:
    number = build.portfolio(fresh_database, "Harbour", NOON)
    for minutes in (0, 10, 300):
        build.equity_point(fresh_database, number, NOON + timedelta(minutes=minutes), 10_000)
    clock.go(minutes=310)

    [line] = open_desk(cycle_every_seconds=60).get("/curves.json?range=all")["series"]

    known = [value is not None for value in line["values"]]
    assert known[1] and known[4] and known[-1]
    assert not any(known[10:90])


def test_a_shorter_range_begins_later(desk: Desk, clock: Clock, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Harbour", NOON)
    clock.go(days=9)

    spans = {each: desk.get(f"/curves.json?range={each}")["times"] for each in ("1h", "1d", "1w", "all")}

    lengths = {each: round((times[-1] - times[0]) / 3_600, 2) for each, times in spans.items()}
    assert lengths == {"1h": 1, "1d": 24, "1w": 168, "all": 216}


def test_sheets_hold_what_the_page_shows_and_no_formula(desk: Desk, clock: Clock, fresh_database: Database) -> None:
    simulated(fresh_database)
    number = build.portfolio(fresh_database, "=1+1", NOON, current_balance=Decimal(10_250), realized_pnl=Decimal(250))
    build.equity_point(fresh_database, number, NOON, 10_000)
    arena_rows.standing(
        fresh_database, number, NOON, rank=1, tier=1, settled_return=0.05, interval={"low": -0.02, "high": 0.12},
        settled_events=24, still_needed=0, standing="place 1 of 1",
    )  # fmt: skip
    clock.go(minutes=5)

    [board] = sheet_of(desk, "/board.csv?by=return")
    points = sheet_of(desk, "/curves.csv?range=1h")

    assert board["name"] == "'=1+1" and points[0]["name"] == "'=1+1"
    assert (board["rank"], board["interval_low"], board["settled_return"]) == ("1", "-0.02", "0.05")
    assert (board["account_value"], board["total_pnl"], board["return"]) == ("10250", "250", "0.025")
    assert board["truth"] == "SIMULATED VENUES" and board["as_of_utc"] == "2026-11-21 12:05:00"
    assert (points[-1]["time_utc"], points[-1]["growth_percent"]) == ("2026-11-21 12:05:00", "2.5")


def test_the_picture_is_there_with_and_without_portfolios(desk: Desk, fresh_database: Database) -> None:
    empty = desk.session.get(f"{desk.url}/board.png", timeout=60)
    build.portfolio(fresh_database, HOSTILE.replace("\x0b", ""), NOON)
    full = desk.session.get(f"{desk.url}/board.png?by=skill", timeout=60)

    for answer in (empty, full):
        assert answer.status_code == 200 and answer.headers["content-type"] == "image/png"
        assert answer.content.startswith(b"\x89PNG")
    assert empty.content != full.content


def feed_of(desk: Desk) -> ElementTree.Element:
    answer = desk.session.get(f"{desk.url}/settlements.atom", timeout=60)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/atom+xml")
    return ElementTree.fromstring(answer.content)


def words(element: ElementTree.Element, name: str) -> str:
    found = element.find(ATOM + name)
    assert found is not None and found.text, name
    return found.text


def test_a_feed_without_settlements_is_a_feed(desk: Desk) -> None:
    feed = feed_of(desk)

    assert words(feed, "title") == "Coliseum: settlements"
    assert words(feed, "updated") == "2026-11-21T12:00:00Z"
    assert feed.findall(f"{ATOM}entry") == []


def test_settlements_are_told_with_amounts_under_names_that_stay(
    desk: Desk, clock: Clock, fresh_database: Database, town: Town
) -> None:
    simulated(fresh_database)
    build.change(fresh_database, "UPDATE markets SET question = :q", q=HOSTILE)
    number = build.portfolio(fresh_database, HOSTILE, NOON)
    held = build.position(fresh_database, number, town.market_no, NOON)
    build.settlement(fresh_database, number, town.market_no, held, NOON, "lost")
    first = feed_of(desk)
    clock.go(minutes=9)

    feed = feed_of(desk)

    [entry], [before] = feed.findall(f"{ATOM}entry"), first.findall(f"{ATOM}entry")
    assert words(entry, "id") == words(before, "id") and words(entry, "id").startswith("tag:coliseum,2026-11-21:")
    assert words(feed, "id") == words(first, "id")
    assert words(feed, "updated") == words(entry, "updated") == "2026-11-21T12:00:00Z"
    assert "=1+1 ]]> <b>&amp;\ufffd \ufffd loses $5.00 before fees: " in words(entry, "title")
    assert "held 10 YES, bought for $5.00: it pays nothing, a loss of $5.00 before fees." in words(entry, "content")
    assert "(SIMULATED VENUES)" in words(entry, "content")
    link = entry.find(f"{ATOM}link")
    assert link is not None and (link.get("href") or "").endswith("/market/polymarket%3A1")


def test_a_correction_is_an_entry_of_its_own(desk: Desk, fresh_database: Database, town: Town) -> None:
    number = build.portfolio(fresh_database, "Harbour", NOON)
    held = build.position(fresh_database, number, town.market_no, NOON)
    build.settlement(fresh_database, number, town.market_no, held, NOON, "lost")
    build.change(
        fresh_database,
        """INSERT INTO settlements (portfolio_id, market_no, position_id, version, outcome, quantity, cost, gross,
            amount, standing, settled_at)
        SELECT portfolio_id, market_no, position_id, 2, outcome, quantity, cost, 10, 10, 'won',
            settled_at + interval '1 hour' FROM settlements""",
    )

    newest, _ = feed_of(desk).findall(f"{ATOM}entry")

    assert words(newest, "title") == "Harbour wins $5.00 before fees after a correction: Will it rain?"
    assert "The venue corrected its result: $10.00 more was paid" in words(newest, "content")


def test_whoever_has_the_feed_already_is_told_so(desk: Desk) -> None:
    first = desk.session.get(f"{desk.url}/settlements.atom", timeout=20)

    again = desk.session.get(
        f"{desk.url}/settlements.atom", headers={"if-none-match": first.headers["etag"]}, timeout=20
    )

    assert again.status_code == 304 and not again.content
