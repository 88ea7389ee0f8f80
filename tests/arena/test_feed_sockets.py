"""The live feed on sockets: what a reader hears, what he can say, and how frames look."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from starlette.websockets import WebSocketDisconnect

from shared.database import Database
from shared.feed import NewEntry
from tests.arena.live import NOON, Live, cursor_now, live, live_app, numbers, said, say
from tests.paper_trading.ledger import Ledger

MINE, OTHER = str(uuid4()), str(uuid4())
LOCAL = {"host": "localhost"}

TYPES = {
    "trade": "bet",
    "order": "order",
    "settlement": "settlement",
    "cycle": "cycle",
    "breaker": "breaker",
    "message": "message",
    "decision": "decision",
    "price_update": "price_update",
    "event": "event",
    "alarm": "alarm",
}


@pytest.fixture(scope="module")
def there(database_url: str) -> Iterator[Live]:
    with live(database_url) as there:
        yield there


@pytest.mark.parametrize(("kind", "name"), TYPES.items())
def test_an_entry_becomes_a_frame_of_its_type_with_all_it_says(
    there: Live, database: Database, kind: Any, name: str
) -> None:
    reader = there.read()
    payload = {"event_id": MINE, "price": "0.42", "who": "Zoë\n", "portfolio_id": 9, "type": "something else"}

    say(database, NewEntry(kind, payload, portfolio_id=3))

    frame = reader.next()
    assert frame.pop("cursor")
    assert frame == {
        "type": name,
        "at": "2026-11-20T12:00:00Z",
        "event_id": MINE,
        "market_id": None,
        "portfolio_id": 3,
        "price": "0.42",
        "who": "Zoë\n",
    }


@pytest.mark.parametrize("length", [0, 60, 125, 126, 60_000, 70_000])
def test_a_frame_arrives_whole_however_long_it_is(there: Live, database: Database, length: int) -> None:
    reader = there.read()

    say(database, *said(1, words="ü" * length), *said(2))

    first, second = reader.take(2)
    assert (first["words"], second["number"]) == ("ü" * length, 2)


def test_a_reader_is_welcomed_with_where_the_feed_is(there: Live, database: Database) -> None:
    say(database, *said(1))
    reader = there.read()

    assert reader.welcome == {
        "type": "welcome",
        "cursor": reader.welcome["cursor"],
        "at": "2026-11-20T12:00:00Z",
        "event_ids": [],
        "all": True,
    }
    assert reader.until_quiet() == []
    say(database, *said(2))
    assert numbers(reader.take(1)) == numbers(there.read(since=reader.welcome["cursor"]).take(1)) == [2]


def a_bit_of_everything() -> list[NewEntry]:
    return [
        *said(1, kind="message", event_id=MINE),
        *said(2, kind="message", event_id=OTHER),
        *said(3, kind="trade"),
        *said(4, kind="cycle"),
        *said(5, kind="event", event_id=OTHER),
        *said(6, kind="alarm", event_id=OTHER),
        *said(7, kind="breaker"),
        *said(8, kind="decision", event_id=MINE),
        *said(9, kind="order"),
    ]


FOR_ALL = [4, 5, 6, 7]
ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_a_reader_hears_everything_until_he_subscribes_and_then_his_events_and_what_concerns_all(
    there: Live, database: Database
) -> None:
    fresh, one, both = there.read(), there.read(), there.read()

    answers = one.command("subscribe", event_id=MINE), both.command("subscribe", event_ids=[MINE, OTHER])
    say(database, *a_bit_of_everything())

    assert [(answer["type"], answer["all"]) for answer in answers] == [("subscribed", False)] * 2
    assert [answer["event_ids"] for answer in answers] == [[MINE], sorted([MINE, OTHER])]
    assert numbers(fresh.until_quiet()) == ALL
    assert numbers(one.until_quiet()) == [1, *FOR_ALL, 8]
    assert numbers(both.until_quiet()) == [1, 2, *FOR_ALL, 8]


def test_events_can_be_named_in_the_address(there: Live, database: Database) -> None:
    one, both = there.read(event_id=MINE), there.read(event_id=[MINE.upper(), OTHER])

    say(database, *a_bit_of_everything())

    assert (one.welcome["event_ids"], one.welcome["all"]) == ([MINE], False)
    assert both.welcome["event_ids"] == sorted([MINE, OTHER])
    assert numbers(one.until_quiet()) == [1, *FOR_ALL, 8]
    assert numbers(both.until_quiet()) == [1, 2, *FOR_ALL, 8]


def test_a_reader_can_leave_an_event_or_all_and_ask_for_everything_again(there: Live, database: Database) -> None:
    reader = there.read(event_id=[MINE, OTHER])

    left = reader.command("unsubscribe", event_id=OTHER)
    say(database, *a_bit_of_everything())
    mine = numbers(reader.until_quiet())
    nothing = reader.command("unsubscribe", all=True)
    say(database, *a_bit_of_everything())
    for_all = numbers(reader.until_quiet())
    everything = reader.command("subscribe", all=True)
    kept = reader.command("subscribe", event_id=MINE)
    say(database, *a_bit_of_everything())

    assert (left["type"], left["event_ids"]) == ("unsubscribed", [MINE])
    assert (nothing["event_ids"], nothing["all"]) == ([], False)
    assert (everything["all"], kept["all"], kept["event_ids"]) == (True, True, [MINE])
    assert (mine, for_all, numbers(reader.until_quiet())) == ([1, *FOR_ALL, 8], FOR_ALL, ALL)


NONSENSE: list[tuple[Any, str]] = [
    ("not json", "A command is a JSON object."),
    ("[1]", "A command is a JSON object."),
    ("", "A command is a JSON object."),
    ("{}", "The action has to be one of subscribe, unsubscribe, ping."),
    ('{"action": ["subscribe"]}', "The action has to be one of subscribe, unsubscribe, ping."),
    ('{"action": "shout"}', "The action has to be one of subscribe, unsubscribe, ping."),
    ('{"action": "subscribe"}', "Say what to subscribe with event_id, event_ids or all."),
    ('{"action": "subscribe", "event_id": "7"}', "event_id: '7' is no UUID."),
    ('{"action": "subscribe", "event_id": {"a": 1}}', "event_id: \"{'a': 1}\" is no UUID."),
    ('{"action": "subscribe", "event_ids": "7"}', "event_ids: has to be a list."),
    ('{"action": "unsubscribe", "all": 1}', "all: has to be true or false."),
    (b"\xff\x00", "A command is a JSON object."),
]


@pytest.mark.parametrize(("command", "sentence"), NONSENSE)
def test_nonsense_is_answered_with_a_sentence_and_the_socket_goes_on(
    there: Live, database: Database, command: Any, sentence: str
) -> None:
    reader = there.read()

    reader.connection.send(command)
    answer = reader.next()
    say(database, *said(1))

    assert (answer["type"], answer["detail"]) == ("error", sentence)
    assert numbers(reader.take(1)) == [1]


def test_a_reader_may_look_at_a_thousand_events_and_no_more(there: Live) -> None:
    reader = there.read()
    many = [str(uuid4()) for _ in range(1_000)]

    subscribed = reader.command("subscribe", event_ids=many)
    refused = reader.command("subscribe", event_id=MINE)
    left = reader.command("unsubscribe", event_ids=many[1:])

    assert len(subscribed["event_ids"]) == 1_000
    assert (refused["type"], refused["detail"]) == ("error", "event_ids: no more than 1,000 for one reader.")
    assert left["event_ids"] == many[:1]


def test_a_command_that_is_far_too_long_ends_the_socket_and_no_other(there: Live, database: Database) -> None:
    reader, other = there.read(), there.read()

    reader.connection.send(" " * 100_000)

    assert reader.end()[0] == 1009
    say(database, *said(1))
    assert numbers(other.take(1)) == [1]


def test_a_ping_is_answered_with_where_the_feed_is(there: Live, database: Database) -> None:
    reader = there.read(event_id=MINE)
    say(database, *said(1), *said(2, event_id=MINE))
    reader.take(1)

    pong = reader.command("ping")

    say(database, *said(3))
    assert pong["type"] == "pong"
    assert numbers(there.read(since=pong["cursor"]).take(1)) == [3]


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"event_id": "7"}, "event_id: '7' is no UUID."),
        ({"since": "nonsense"}, "The cursor was not made by this list; leave it out to start at the beginning."),
    ],
)
def test_an_address_that_cannot_be_understood_is_refused_with_a_code_and_a_sentence(
    there: Live, parameters: dict[str, str], sentence: str
) -> None:
    assert there.read(**parameters).end() == (4400, sentence)


def test_an_entry_of_a_market_belongs_to_the_event_that_is_about_it(there: Live, database: Database) -> None:
    """Although a trade does not name it; and also when the market was traded before it became an event."""
    ledger = Ledger(database)
    market_no, later_no, foreign_no = (ledger.market(number) for number in (1, 2, 3))
    event_id, later = _event(database, market_no), uuid4()
    everything, reader = there.read(), there.read(event_id=[event_id, later])

    say(database, _trade(1, market_no), _trade(2, later_no), _trade(3, foreign_no))
    frames = everything.take(3)
    _event(database, later_no, later)
    say(database, NewEntry("event", {"number": 4, "event_id": later}, None, later_no), _trade(5, later_no))

    frames += everything.take(2)
    assert [frame["event_id"] for frame in frames] == [str(event_id), None, None, str(later), str(later)]
    assert [frame["market_id"] for frame in frames[:3]] == ["polymarket:1", "polymarket:2", "polymarket:3"]
    assert numbers(reader.until_quiet()) == [1, 4, 5]


def _trade(number: int, market_no: int) -> NewEntry:
    return NewEntry("trade", {"number": number}, 3, market_no)


def _event(database: Database, market_no: int, event_id: Any = None) -> Any:
    row = {
        "event_id": event_id or uuid4(),
        "market_no": market_no,
        "status": "active",
        "origin": "manual",
        "selection_date": NOON.date(),
        "title": "Harbours",
        "question": "Will the harbour freeze?",
        "chosen_for": "{}",
        "close_time": NOON,
        "created_at": NOON,
        "updated_at": NOON,
    }
    with database.transaction() as connection:
        connection.execute(
            text(f"INSERT INTO arena_events ({', '.join(row)}) VALUES (:{', :'.join(row)})"),
            row,
        )
    return row["event_id"]


def test_a_heartbeat_tells_whoever_hears_nothing_where_to_go_on(
    fresh_database: Database, fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.arena.streaming.hub.HEARTBEAT_SECONDS", 0.2)
    with live(fresh_database_url) as there:
        reader = there.read(event_id=MINE)
        before = reader.next_but("viewers")
        say(fresh_database, *said(*range(50)))
        there.settle()
        beats = [reader.next_but("viewers") for _ in range(3)]

        assert {beat["type"] for beat in [before, *beats]} == {"heartbeat"}
        assert there.read(since=beats[-1]["cursor"]).until_quiet() == []
        assert numbers(there.read(since=before["cursor"]).take(50)) == list(range(50))


def test_a_server_that_lends_no_lines_serves_the_same(fresh_database: Database, fresh_database_url: str) -> None:
    begin = cursor_now(fresh_database)
    say(fresh_database, *said(1))
    with TestClient(live_app(fresh_database_url)) as client:
        with client.websocket_connect(f"/ws?since={begin}", headers=LOCAL) as socket:
            welcome, first = socket.receive_json(), socket.receive_json()
            socket.send_json({"action": "subscribe", "event_id": MINE})
            subscribed = socket.receive_json()
            say(fresh_database, *said(2), *said(3, event_id=MINE))
            third = socket.receive_json()
            while third["type"] == "viewers":
                third = socket.receive_json()
        with (
            client.websocket_connect("/ws?since=nonsense", headers=LOCAL) as socket,
            pytest.raises(WebSocketDisconnect) as refused,
        ):
            socket.receive_json()

    assert [welcome["type"], subscribed["type"]] == ["welcome", "subscribed"]
    assert numbers([first, third]) == [1, 3]
    assert refused.value.code == 4400
