"""The full sync of platforms, series and events."""

from typing import Any

from fastapi.testclient import TestClient

from shared.database import Database
from tests.services import tables
from tests.services.listing import World
from tests.services.test_market_sync import balanced
from tests.services.test_sync_running import left_running
from tests.venues.double import Reply
from tests.venues.rows import ABSENT, gamma_event, kalshi_event, kalshi_series

SYNC = "/events/export-all-active-events-db"


def synced(client: TestClient) -> dict[str, Any]:
    answer = client.post(SYNC)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def event(database: Database, event_id: str) -> dict[str, Any]:
    [row] = tables.select(database, "SELECT * FROM events WHERE event_id = :id", id=event_id)
    return row


def test_the_first_sync_stores_platforms_series_and_events(world: World, events: TestClient, stored: Database) -> None:
    world.page_rows = 2
    world.gamma_events = [gamma_event(id=str(number)) for number in range(700, 705)]
    world.kalshi_events = [kalshi_event(event_ticker=f"KXICE-{number}") for number in range(20, 23)]

    answer = synced(events)

    assert answer["status"] == "success"
    assert [answer["platforms"]["polymarket"][name] for name in ("seen", "new", "pages")] == [5, 5, 3]
    assert [answer["platforms"]["kalshi"][name] for name in ("seen", "new", "pages")] == [3, 3, 2]
    assert tables.count(stored, "events") == 8
    assert {row["series_id"] for row in tables.rows(stored, "series")} == {"polymarket:35", "kalshi:KXICE"}
    platforms = {row["platform"]: row for row in tables.rows(stored, "platforms")}
    assert platforms["kalshi"]["base_url"] == world.addresses["kalshi_base_api_url"]
    assert platforms["polymarket"]["simulated"] is False


def test_a_stored_event_says_what_the_venue_said(world: World, events: TestClient, stored: Database) -> None:
    synced(events)

    polymarket, kalshi = event(stored, "polymarket:700"), event(stored, "kalshi:KXICE-27")
    assert (polymarket["category"], polymarket["tags"]) == ("weather", ["harbours", "Weather", "world"])
    assert polymarket["series_id"] == "polymarket:35"
    assert str(polymarket["volume"]) == "12345.50000000"
    assert (kalshi["title"], kalshi["mutually_exclusive"]) == ("When will the harbour freeze?", True)
    assert [kalshi[name] for name in ("volume", "liquidity", "starts_at", "description")] == [None] * 4


def test_a_venue_that_says_it_is_simulated_is_stored_as_simulated(
    world: World, events: TestClient, stored: Database
) -> None:
    world.double.on("/trade-api/v2/events", Reply({"events": [], "cursor": ""}, headers={"X-Simulated": "1"}))

    synced(events)

    simulated = {row["platform"]: row["simulated"] for row in tables.rows(stored, "platforms")}
    assert simulated == {"polymarket": False, "kalshi": True}


def test_a_second_sync_of_the_same_listing_writes_no_row(world: World, events: TestClient, stored: Database) -> None:
    world.gamma_events = [gamma_event(id=str(number)) for number in range(700, 705)]
    synced(events)
    before = tables.places(stored)

    answer = synced(events)

    assert tables.places(stored) == before
    report = answer["platforms"]["polymarket"]
    assert [report[name] for name in ("seen", "new", "changed", "unchanged", "left")] == [5, 0, 0, 5, 0]


def test_a_series_that_its_event_describes_with_less_does_not_change_to_and_fro(
    world: World, events: TestClient, stored: Database
) -> None:
    world.gamma_events = [gamma_event(series=[{"id": "35", "title": "Ice"}])]
    synced(events)
    before = tables.places(stored)

    synced(events)

    assert tables.places(stored) == before
    [series] = tables.select(stored, "SELECT frequency FROM series WHERE platform = 'polymarket'")
    assert series == {"frequency": "yearly"}


def test_a_series_that_no_list_shows_comes_with_its_event(world: World, events: TestClient, stored: Database) -> None:
    world.gamma_series = []
    world.gamma_events = [gamma_event(series=[{"id": "77", "title": "Hidden", "recurrence": "daily"}])]

    synced(events)

    titles = tables.select(stored, "SELECT title, frequency FROM series WHERE series_id = 'polymarket:77'")
    assert titles == [{"title": "Hidden", "frequency": "daily"}]


def test_a_changed_event_is_written_and_the_others_are_not(world: World, events: TestClient, stored: Database) -> None:
    world.gamma_events = [gamma_event(id="700"), gamma_event(id="701")]
    synced(events)
    [untouched] = tables.select(stored, "SELECT xmin::text AS x FROM events WHERE event_id = 'polymarket:701'")
    world.gamma_events = [gamma_event(id="700", title="Harbour ice, again"), gamma_event(id="701")]

    report = synced(events)["platforms"]["polymarket"]

    assert (report["changed"], report["unchanged"]) == (1, 1)
    assert event(stored, "polymarket:700")["title"] == "Harbour ice, again"
    assert tables.select(stored, "SELECT xmin::text AS x FROM events WHERE event_id = 'polymarket:701'") == [untouched]


def test_one_bad_row_costs_one_row_and_its_event_has_not_left(
    world: World, events: TestClient, stored: Database
) -> None:
    world.gamma_events = [gamma_event(id="700"), gamma_event(id="701")]
    synced(events)
    world.gamma_events = [gamma_event(id="700", title=ABSENT), gamma_event(id="701"), gamma_event(id="702")]

    answer = synced(events)

    report = answer["platforms"]["polymarket"]
    assert answer["status"] == "success"
    assert report["rejected"] == {"missing:title": 1}
    assert report["rejected_examples"]["missing:title"][0].startswith("700: ")
    assert (report["new"], report["left"]) == (1, 0)
    assert balanced(report)
    assert event(stored, "polymarket:700")["status"] == "open"


def test_text_that_is_no_text_costs_its_row_alone(world: World, events: TestClient, stored: Database) -> None:
    half = "half a \ud800 pair"
    bad = [
        gamma_event(id="1", title=half),
        gamma_event(id="2", description=half),
        gamma_event(id="3", tags=[{"id": "1", "slug": half, "label": "x"}]),
        gamma_event(id="4", series=[{"id": "9", "title": half}]),
        gamma_event(id="5", gameId=half),
    ]
    world.gamma_events = [gamma_event(id="700"), *bad]
    world.kalshi_series = [kalshi_series(), kalshi_series(ticker="KXBAD", settlement_sources=[{"name": half}])]
    world.kalshi_events = [kalshi_event(), kalshi_event(event_ticker="KXBAD-1", sub_title=half)]

    answer = synced(events)

    assert answer["status"] == "success"
    assert {row["event_id"] for row in tables.rows(stored, "events")} == {"polymarket:700", "kalshi:KXICE-27"}
    assert sum(answer["platforms"]["polymarket"]["rejected"].values()) == len(bad)


def test_tags_and_titles_arrive_as_they_were_sent(world: World, events: TestClient, stored: Database) -> None:
    awkward = ['a "quoted" one', "back\\slash", "comma, brace {}", "NULL", "tab\there", " ", "😀"]
    tags = [{"id": str(at), "slug": slug, "label": "x"} for at, slug in enumerate(awkward)]
    world.gamma_events = [gamma_event(title="line\nbreak \\N", tags=tags)]

    synced(events)

    row = event(stored, "polymarket:700")
    assert row["tags"] == awkward
    assert row["title"] == "line\nbreak \\N"


def test_a_row_that_postgres_refuses_is_lost_alone(world: World, events: TestClient, stored: Database) -> None:
    """A multiplier of a million does not fit its column of ten digits."""
    world.kalshi_events = [
        kalshi_event(event_ticker="KXICE-1"),
        kalshi_event(event_ticker="KXICE-2", fee_multiplier_override=1_000_000),
        kalshi_event(event_ticker="KXICE-3"),
    ]

    answer = synced(events)

    assert answer["status"] == "success"
    ids = {row["event_id"] for row in tables.rows(stored, "events") if row["platform"] == "kalshi"}
    assert ids == {"kalshi:KXICE-1", "kalshi:KXICE-3"}


def test_an_event_that_left_is_looked_up_and_closed(world: World, events: TestClient, stored: Database) -> None:
    world.gamma_events = [gamma_event(id="700"), gamma_event(id="701")]
    world.kalshi_events = [kalshi_event(event_ticker="KXICE-1"), kalshi_event(event_ticker="KXICE-2")]
    synced(events)
    world.gamma_events = [gamma_event(id="700"), gamma_event(id="701", closed=True)]
    gone = kalshi_event(event_ticker="KXICE-2")
    listed = kalshi_event(event_ticker="KXICE-1")
    world.double.on(
        "/trade-api/v2/events",
        lambda asked: Reply({"events": [gone] if asked.one("tickers") == "KXICE-2" else [listed], "cursor": ""}),
    )

    answer = synced(events)
    looked_up = [asked for asked in world.asked("/gamma/events/keyset") if asked.all("id")]
    again = synced(events)

    assert [answer["platforms"][name]["left"] for name in ("polymarket", "kalshi")] == [1, 1]
    assert event(stored, "polymarket:701")["status"] == "closed"
    assert event(stored, "kalshi:KXICE-2")["status"] == "closed"
    assert event(stored, "kalshi:KXICE-1")["status"] == "open"
    assert [asked.all("id") for asked in looked_up] == [["701"]]
    assert again["platforms"]["polymarket"]["left"] == 0


def test_an_event_that_is_listed_again_is_open_again(world: World, events: TestClient, stored: Database) -> None:
    world.gamma_events = [gamma_event(id="700"), gamma_event(id="701")]
    synced(events)
    world.gamma_events = [gamma_event(id="700"), gamma_event(id="701", closed=True)]
    synced(events)
    world.gamma_events = [gamma_event(id="700"), gamma_event(id="701")]

    synced(events)

    assert event(stored, "polymarket:701")["status"] == "open"


def test_a_venue_that_is_down_makes_the_sync_partial(world: World, events: TestClient, stored: Database) -> None:
    world.take_down("kalshi")

    answer = synced(events)

    assert answer["status"] == "partial"
    assert "VenueRefused" in answer["platforms"]["kalshi"]["error"]
    assert [row["platform"] for row in tables.rows(stored, "events")] == ["polymarket"]


def test_a_row_on_two_pages_is_stored_once(world: World, events: TestClient, stored: Database) -> None:
    world.page_rows = 2
    listed = [gamma_event(id="700"), gamma_event(id="701"), gamma_event(id="702"), gamma_event(id="700", title="Later")]
    world.gamma_events = listed

    report = synced(events)["platforms"]["polymarket"]

    assert report["repeated"] == 1
    assert balanced(report)
    assert event(stored, "polymarket:700")["title"] == "Later"


def test_a_sync_that_died_is_marked_as_interrupted_by_the_next(events: TestClient, stored: Database) -> None:
    lost = left_running(stored, "event_syncs")

    synced(events)

    assert {row["sync_id"]: row["status"] for row in tables.rows(stored, "event_syncs")}[lost] == "interrupted"


def test_the_older_get_does_the_same_as_post(events: TestClient, stored: Database) -> None:
    answer = events.get(SYNC)

    assert answer.status_code == 200
    assert answer.json()["platforms"]["polymarket"]["new"] == 1
    assert events.get("/events/sync").json()["last"]["sync_id"] == answer.json()["sync_id"]
