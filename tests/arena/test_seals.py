"""The chain of sealed forecasts: what is hashed, in which order, and that nobody can come in between."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.arena.domain.seals import FIRST_HASH, Forecast, document_of, prompt_sha256, text_sha256
from services.arena.sealing import seal
from shared.database import Database
from tests.arena.season import Entrant, play

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FORECAST = Forecast(
    session_id=UUID("b0a0c1de-3c1f-4a88-9a0f-5f2b8d7e6a33"),
    event_id=UUID("0d8e5a70-5cf0-4b63-9c4e-2f6a3f1f6f11"),
    market_id="kalshi:KXICE-26",
    model="gpt-4o",
    portfolio_id=3,
    position="YES",
    probability=Decimal("0.70"),
    confidence=Decimal("1"),
    max_price=None,
    reason="Thick ice — “really”.",
    yes_bid=Decimal("0.40"),
    yes_ask=Decimal("0.42"),
    quoted_at=NOON,
    book_sha256="b" * 64,
    prompt_sha256="a" * 64,
    answer_sha256=None,
    prompt_version="1",
    model_version="gpt-4o-2024",
    decided_at=NOON + timedelta(milliseconds=250),
)


def test_a_document_is_canonical_json() -> None:
    assert document_of(FORECAST) == (
        f'{{"answer_sha256":null,"book_sha256":"{"b" * 64}",'
        '"confidence":"1","decided_at":"2026-11-21T12:00:00.250000Z",'
        '"event_id":"0d8e5a70-5cf0-4b63-9c4e-2f6a3f1f6f11","market_id":"kalshi:KXICE-26","max_price":null,'
        '"model":"gpt-4o","model_version":"gpt-4o-2024","portfolio_id":3,"position":"YES","probability":"0.7",'
        f'"prompt_sha256":"{"a" * 64}","prompt_version":"1","quoted_at":"2026-11-21T12:00:00.000000Z",'
        '"reason":"Thick ice — “really”.","session_id":"b0a0c1de-3c1f-4a88-9a0f-5f2b8d7e6a33","yes_ask":"0.42",'
        '"yes_bid":"0.4"}'
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"probability": Decimal("0.7")}, {"probability": Decimal("0.700000")}),
        ({"probability": Decimal("0.1234565")}, {"probability": Decimal("0.123457")}),
        ({"probability": Decimal(0)}, {"probability": Decimal("0.0000")}),
        ({"quoted_at": NOON}, {"quoted_at": NOON.astimezone(timezone(timedelta(hours=5)))}),
    ],
)
def test_the_same_value_has_one_form(one: dict[str, object], other: dict[str, object]) -> None:
    """As Postgres keeps it: six digits, moments in UTC."""
    assert document_of(replace(FORECAST, **one)) == document_of(replace(FORECAST, **other))  # type: ignore[arg-type]


def test_each_fact_of_a_decision_changes_its_document() -> None:
    seen = {document_of(FORECAST)}

    for name, other in {
        "position": "NO",
        "probability": Decimal("0.71"),
        "confidence": Decimal("0.9"),
        "reason": "Thin ice.",
        "book_sha256": "d" * 64,
        "prompt_sha256": "b" * 64,
        "answer_sha256": "c" * 64,
        "yes_bid": Decimal("0.41"),
        "model_version": None,
        "decided_at": NOON,
    }.items():
        seen.add(document_of(replace(FORECAST, **{name: other})))  # type: ignore[arg-type]

    assert len(seen) == 11


def test_a_prompt_has_one_hash_however_its_keys_are_ordered() -> None:
    assert prompt_sha256([{"role": "user", "content": "?"}]) == prompt_sha256([{"content": "?", "role": "user"}])
    assert prompt_sha256([{"role": "user", "content": "?"}]) != prompt_sha256([{"role": "user", "content": "!"}])
    assert prompt_sha256(None) is None
    assert text_sha256("Eis") == sha256(b"Eis").hexdigest()


def test_links_stand_on_each_other(fresh_database: Database) -> None:
    season = play(fresh_database, [Entrant("sharp")], 3)
    forecasts = [replace(FORECAST, session_id=session_id) for session_id in season.sessions]

    with fresh_database.transaction() as connection:
        numbers = [seal(connection, forecast, NOON) for forecast in forecasts]

    links = _links(fresh_database)
    assert numbers == [link.seal_no for link in links] == [1, 2, 3]
    assert links[0].previous_hash == FIRST_HASH == "0" * 64
    before = FIRST_HASH
    for link, forecast in zip(links, forecasts, strict=True):
        assert link.previous_hash == before
        assert link.hash == sha256((before + link.document).encode()).hexdigest()
        assert json.loads(link.document)["session_id"] == str(forecast.session_id) == str(link.session_id)
        before = link.hash


def test_a_decision_that_is_not_written_leaves_no_gap(fresh_database: Database) -> None:
    first, second = play(fresh_database, [Entrant("sharp")], 2).sessions

    with pytest.raises(ZeroDivisionError), fresh_database.transaction() as connection:
        seal(connection, replace(FORECAST, session_id=first), NOON)
        raise ZeroDivisionError
    with fresh_database.transaction() as connection:
        number = seal(connection, replace(FORECAST, session_id=second), NOON)

    assert number == 1
    assert [link.session_id for link in _links(fresh_database)] == [second]


def test_a_session_is_sealed_once(fresh_database: Database) -> None:
    [session_id] = play(fresh_database, [Entrant("sharp")], 1).sessions
    with fresh_database.transaction() as connection:
        seal(connection, replace(FORECAST, session_id=session_id), NOON)

    with pytest.raises(IntegrityError), fresh_database.transaction() as connection:
        seal(connection, replace(FORECAST, session_id=session_id), NOON)

    assert len(_links(fresh_database)) == 1


def test_many_at_once_make_one_chain(fresh_database: Database) -> None:
    sessions = play(fresh_database, [Entrant("sharp"), Entrant("fair")], 20).sessions

    def act(session_id: UUID) -> int:
        with fresh_database.transaction() as connection:
            return seal(connection, replace(FORECAST, session_id=session_id, event_id=uuid4()), NOON)

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(act, sessions))

    links = _links(fresh_database)
    assert sorted(numbers) == [link.seal_no for link in links] == list(range(1, 41))
    assert all(link.previous_hash == before.hash for before, link in pairwise(links))


def _links(database: Database) -> list[Any]:
    with database.connection() as connection:
        return list(connection.execute(text("SELECT * FROM sealed_forecasts ORDER BY seal_no")))
