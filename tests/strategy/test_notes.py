"""What stands in the way of a portfolio is said where it is asked for, and on the page."""

from uuid import uuid4

from shared.database import Database
from tests.strategy import rows
from tests.strategy.conftest import Serve
from tests.strategy.test_generation import ask, portfolio, world

SHORT = "Markets are collected every 15 min: a look-back of 10 min sees nothing; use 240 or more."


def test_a_look_back_too_short_for_the_rhythm_of_the_collections_is_said(
    serve: Serve, fresh_database: Database
) -> None:
    world(fresh_database)
    with fresh_database.transaction() as connection:
        rows.collected_every(connection, 15, 6)
    short, long = (portfolio(fresh_database, "momentum", f'{{"lookback_minutes": {n}}}') for n in (10, 360))
    client, cycle = serve("momentum"), str(uuid4())

    first, other = ask(client, portfolio_ids=[short, long], cycle_id=cycle)["results"]
    again = ask(client, portfolio_id=short, cycle_id=cycle)
    page = client.get("/").text

    assert first["notes"] == [SHORT]
    assert "notes" not in other
    assert again == first
    assert page.count("sees nothing") == page.count(SHORT) == 1


def test_a_usual_look_back_that_is_collected_every_minute_is_not_warned_of(
    serve: Serve, fresh_database: Database
) -> None:
    world(fresh_database)
    with fresh_database.transaction() as connection:
        rows.collected_every(connection, 1, 20)
    client = serve("hybrid")

    answer = ask(client, portfolio_id=portfolio(fresh_database, "hybrid", "{}"))

    assert "notes" not in answer
    assert "sees nothing" not in client.get("/").text
