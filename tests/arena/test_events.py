"""The way of an event: selected, approved, swapped, closed, and settled by the venue's word alone."""

from datetime import UTC, datetime, timedelta

from tests.arena.conftest import Doors, Hall
from tests.arena.provider import Said, decided
from tests.services import listing

LONG = {"arena_horizon_seconds": 86_400, "arena_close_min_seconds": 60}


def three_markets(hall: Hall) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(hours=20)).strftime("%Y-%m-%dT%H:%M:%SZ")
    numbers = (1, 2, 3)
    hall.world.gamma_markets = [
        listing.gamma(number, bestBid="0.40", bestAsk="0.42", endDate=tomorrow, events=[{"id": str(700 + number)}])
        for number in numbers
    ]
    hall.world.books = [
        listing.gamma_book(number, bids=[{"price": "0.40", "size": "1000"}], asks=[{"price": "0.42", "size": "1000"}])
        for number in numbers
    ]
    hall.collect()


def test_a_fresh_system_selects_at_once_and_only_once_a_period(doors: Doors) -> None:
    three_markets(doors.hall)
    hall = doors.open("ada", arena_events=2, **LONG)

    hall.until(lambda: len(hall.get("/events")["events"]) == 2)
    again = hall.post("/admin/events/select", due_only=True).json()
    more = hall.post("/admin/events/select", count=5).json()

    assert again["selected"] == 0
    assert more["selected"] == 1
    assert len(hall.query("SELECT FROM event_selections")) == 1


def test_pending_events_wait_for_approval(doors: Doors) -> None:
    three_markets(doors.hall)
    hall = doors.open("ada", arena_events=2, arena_auto_approve=False, **LONG)
    hall.until(lambda: len(hall.get("/admin/events/pending")["events"]) == 2)
    first, second = (event["event_id"] for event in hall.get("/admin/events/pending")["events"])

    approved = hall.post("/admin/events/approve", {"event_ids": [first]}).json()
    sessions = hall.ended(first, 1)

    assert approved["approved"] == 1
    assert sessions["ada"]["final_position"] == "ABSTAIN"
    assert hall.get(f"/events/{second}")["status"] == "pending"
    assert hall.sessions(second) == {}


def test_an_event_is_swapped_only_while_nobody_has_begun_on_it(doors: Doors) -> None:
    three_markets(doors.hall)
    hall = doors.open("ada", arena_events=1, arena_auto_approve=False, **LONG)
    hall.until(lambda: len(hall.get("/admin/events/pending")["events"]) == 1)
    [event] = hall.get("/admin/events/pending")["events"]

    swapped = hall.put(f"/admin/events/{event['event_id']}/swap")
    hall.post("/admin/events/approve")
    hall.ended(swapped.json()["event_id"], 1)
    refused = hall.put(f"/admin/events/{swapped.json()['event_id']}/swap")

    assert swapped.json()["market_id"] != event["market_id"]
    assert hall.get(f"/events/{event['event_id']}")["status"] == "withdrawn"
    assert (refused.status_code, refused.json()["error"]) == (409, "EventUnderWay")


def test_a_market_can_be_added_once_and_only_while_it_is_open(doors: Doors, one_market: str) -> None:
    hall = doors.open("ada")
    hall.meet(one_market)

    again = hall.post("/admin/events/manual", {"market_id": one_market})
    unknown = hall.post("/admin/events/manual", {"market_id": "polymarket:99"})
    nonsense = hall.post("/admin/events/manual", {"market_id": "betfair:1"})

    assert (again.status_code, again.json()["error"]) == (409, "AlreadyAnEvent")
    assert (unknown.status_code, unknown.json()["error"]) == (404, "MarketNotFound")
    assert nonsense.status_code == 422


def test_a_price_that_moves_is_told_to_the_feed(doors: Doors, one_market: str) -> None:
    hall = doors.open("ada")
    event_id = hall.meet(one_market)
    hall.ended(event_id, 1)

    hall.world.books = [
        listing.gamma_book(1, bids=[{"price": "0.50", "size": "100"}], asks=[{"price": "0.52", "size": "100"}])
    ]
    moved = hall.post("/admin/prices").json()
    still = hall.post("/admin/prices").json()

    assert (moved, still) == ({"moved": 1}, {"moved": 0})
    [entry] = hall.query("SELECT payload FROM feed_entries WHERE kind = 'price_update'")
    assert (entry["payload"]["event_id"], entry["payload"]["price"]) == (event_id, 0.51)


def test_an_event_that_has_closed_waits_for_the_venues_word(doors: Doors, one_market: str) -> None:
    hall = doors.open("ada")
    event_id = hall.meet(one_market)
    hall.ended(event_id, 1)

    hall.world.gamma_markets = [
        listing.gamma(1, bestBid="0.99", bestAsk="0.995", umaResolutionStatus="proposed", closed=True)
    ]
    hall.collect()
    hall.until(lambda: hall.get(f"/events/{event_id}")["status"] == "closed")
    waiting = hall.get(f"/events/{event_id}")
    hall.world.gamma_markets = [listing.resolved(1)]
    hall.collect()
    hall.until(lambda: hall.get(f"/events/{event_id}")["status"] == "settled")

    assert waiting["outcome"] is None
    assert str(hall.get(f"/events/{event_id}")["outcome"]).lower() == "yes"


def test_a_check_of_the_result_can_raise_an_alarm_and_never_changes_the_payout(doors: Doors, one_market: str) -> None:
    hall = doors.hall
    hall.provider.says("test/ada", decided("YES", 0.7, 0.8))
    hall.provider.says("openai/gpt-4o", Said('{"consistent": false, "note": "It has not frozen at all."}'))
    hall = doors.open("ada")
    event_id = hall.meet(one_market)
    hall.ended(event_id, 1)

    hall.world.gamma_markets = [listing.resolved(1)]
    hall.collect()
    hall.until(lambda: bool(hall.query("SELECT FROM settlement_notes")))
    hall.until(lambda: hall.portfolio("ada")["open_positions"] == 0)

    [note] = hall.query("SELECT validated, alarm, validation_notes FROM settlement_notes")
    assert (note["validated"], note["alarm"]) == (False, True)
    assert hall.query("SELECT FROM feed_entries WHERE kind = 'alarm'")
    assert hall.portfolio("ada")["realized_pnl"] > 0


def test_a_reset_opens_a_new_portfolio_and_keeps_the_old_one(doors: Doors, one_market: str) -> None:
    hall = doors.hall
    hall.provider.says("test/ada", decided("YES", 0.7, 0.8))
    hall = doors.open("ada")
    event_id = hall.meet(one_market)
    hall.ended(event_id, 1)
    before = hall.portfolio("ada")

    reset = hall.post("/admin/models/ada/reset", {"reason": "a bug in its prompt"})
    unknown = hall.post("/admin/models/nobody/reset")

    after = hall.portfolio("ada")
    assert reset.status_code == 200
    assert (after["current_balance"], after["name"]) == (100_000, before["name"])
    assert after["portfolio_id"] != before["portfolio_id"]
    [old] = hall.query("SELECT status, name FROM portfolios WHERE portfolio_id = :id", id=before["portfolio_id"])
    assert old["status"] == "closed" and old["name"].startswith("ADA until ")
    assert unknown.status_code == 404
