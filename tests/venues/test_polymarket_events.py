"""Gamma's events, series and tags."""

from datetime import UTC, datetime

import pytest

from shared.venues.polymarket.parse import parse_event, parse_events, parse_series, parse_tag
from shared.venues.records import Event, Rejected, Series, Tag
from tests.venues.rows import ABSENT, gamma_event


def read(**changes: object) -> Event:
    event = parse_event(gamma_event(**changes))
    assert isinstance(event, Event), event
    return event


def test_an_event_brings_its_series_along() -> None:
    event = read()

    assert (event.external_id, event.title, event.series_external_id) == ("700", "Harbour ice", "35")
    assert [(series.external_id, series.title, series.frequency) for series in event.series] == [
        ("35", "Ice", "yearly")
    ]
    assert event.tags == ("harbours", "Weather", "world")
    assert event.closes_at == datetime(2027, 3, 1, tzinfo=UTC)


def test_the_category_is_the_first_tag_that_is_a_topic_of_the_site() -> None:
    assert read().category == "weather"
    assert read(tags=[{"id": "9", "slug": "harbours", "label": "Harbours"}]).category is None
    assert read(tags=ABSENT).category is None


def test_one_winner_is_what_negrisk_says_and_nothing_else() -> None:
    assert read(negRisk=True).mutually_exclusive is True
    assert read(negRisk=False).mutually_exclusive is False
    assert read(negRisk=ABSENT).mutually_exclusive is None
    assert read(negRisk=True).exhaustive is None


def test_the_start_of_the_game_is_the_start() -> None:
    event = read(startTime="2026-12-24T18:00:00Z")

    assert event.starts_at == datetime(2026, 12, 24, 18, tzinfo=UTC)
    assert read().starts_at == datetime(2026, 10, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(("game", "expected"), [(90106111, "90106111"), ("123", "123"), ("", None), (None, None)])
def test_a_game_id_is_a_number_or_text(game: object, expected: str | None) -> None:
    assert read(gameId=game).game_id == expected


def test_what_the_venue_does_not_say_is_none() -> None:
    event = parse_event({"id": "1", "title": "x"})

    assert isinstance(event, Event)
    assert {event.volume, event.liquidity, event.open_interest, event.category, event.closes_at} == {None}
    assert (event.active, event.closed, event.tags, event.series) == (None, None, (), ())


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("id", ABSENT, "missing:id"),
        ("id", 700, "not_text:id"),
        ("title", ABSENT, "missing:title"),
        ("title", "", "missing:title"),
        ("title", "a\0b", "not_text:title"),
        ("closed", "no", "not_a_bool:closed"),
        ("negRisk", 1, "not_a_bool:negRisk"),
        ("volume", "lots", "not_a_number:volume"),
        ("volume", -1, "out_of_range:volume"),
        ("openInterest", True, "not_a_number:openInterest"),
        ("endDate", "then", "not_a_time:endDate"),
        ("tags", "politics", "not_a_list:tags"),
        ("tags", [{"id": "9"}], "missing:tags.slug"),
        ("series", [{"id": "35"}], "missing:series.title"),
        ("series", {"id": "35"}, "not_a_list:series"),
        ("description", 5, "not_text:description"),
    ],
)
def test_a_value_that_cannot_be_read_rejects_the_event(field: str, value: object, kind: str) -> None:
    read = parse_event(gamma_event(**{field: value}))

    assert isinstance(read, Rejected)
    assert (read.entity, read.kind) == ("event", kind)


def test_a_page_with_one_bad_event_loses_one() -> None:
    records, rejected = parse_events([gamma_event(id="1"), gamma_event(title=5), gamma_event(id="2")])

    assert [event.external_id for event in records] == ["1", "2"]
    assert len(rejected) == 1


def test_series_and_tags_stand_alone_as_well() -> None:
    series = parse_series({"id": "35", "title": "FOMC", "recurrence": "monthly", "competitive": "0"})
    tag = parse_tag({"id": "101800", "label": "Economic Policy", "slug": "economic-policy"})

    assert isinstance(series, Series)
    assert (series.title, series.frequency, series.fee_type) == ("FOMC", "monthly", None)
    assert tag == Tag("101800", "economic-policy", "Economic Policy")
    assert isinstance(parse_series({"id": "35"}), Rejected)
    assert isinstance(parse_tag({"label": "x"}), Rejected)
