"""A simulated and a real venue never share one history."""

import pytest
from sqlalchemy import text

from shared.database import Database
from shared.launcher.checks import check_world
from shared.launcher.errors import WorldsWouldMix
from shared.launcher.world import to_be_simulated

SANDBOX = "http://127.0.0.1:8090"
PLAYED = {"POLYMARKET_GAMMA_URL": f"{SANDBOX}/gamma", "KALSHI_BASE_API_URL": f"{SANDBOX}/kalshi/trade-api/v2"}


@pytest.fixture
def collected(fresh_database: Database) -> Database:
    """Polymarket was the sandbox's when it was collected."""
    statement = """
        INSERT INTO platforms (platform, display_name, base_url, simulated, updated_at)
        VALUES ('polymarket', 'Polymarket', 'http://127.0.0.1:8090/gamma', true, now())
    """
    with fresh_database.transaction() as connection:
        connection.execute(text(statement))
    return fresh_database


def check(database: Database, environment: dict[str, str]) -> None:
    check_world(database.engine.url.render_as_string(hide_password=False), to_be_simulated(environment, SANDBOX))


def test_the_real_venue_does_not_go_on_with_simulated_data(collected: Database) -> None:
    with pytest.raises(WorldsWouldMix, match=r"simulated polymarket.*real one.*DATA_DIR"):
        check(collected, {})


def test_the_same_world_goes_on(collected: Database) -> None:
    check(collected, PLAYED)


def test_an_address_of_somebodys_own_may_be_anything(collected: Database) -> None:
    check(collected, {"POLYMARKET_GAMMA_URL": "http://recorded.example/gamma"})


def test_nothing_collected_is_any_world(fresh_database: Database) -> None:
    check(fresh_database, {})
    check(fresh_database, PLAYED)


def test_who_plays_a_venue_is_told_by_its_address() -> None:
    assert to_be_simulated(PLAYED, SANDBOX) == {"polymarket": True, "kalshi": True}
    assert to_be_simulated({}, SANDBOX) == {"polymarket": False, "kalshi": False}
    assert to_be_simulated({"KALSHI_BASE_API_URL": "http://other/kalshi"}, SANDBOX) == {"polymarket": False}
