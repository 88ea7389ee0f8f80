"""One writer per table."""

from pathlib import Path

import pytest

from tests.architecture.conftest import Plant
from tests.architecture.rules.writers import written_by_strangers
from tests.architecture.walls import SHARED_WRITERS

SCHEMA = {
    "db/schema/markets.py": 'markets = Table("markets", catalogue)\nticks = Table("market_ticks", catalogue)\n',
    "db/schema/strategy.py": 'signals = Table("trading_signals", catalogue)\n',
}


def test_each_table_is_written_by_the_storage_of_its_owner(checkout: Path) -> None:
    assert written_by_strangers(checkout, SHARED_WRITERS) == []


@pytest.mark.parametrize(
    "code",
    [
        "from sqlalchemy import insert\nfrom db.schema.markets import ticks\ninsert(ticks)",
        "import sqlalchemy as sa\nfrom db.schema import markets as tables\nsa.update(tables.ticks)",
        "from db.schema.markets import ticks as candles\ncandles.delete()",
        "QUERY = 'INSERT INTO market_ticks SELECT 1'",
        "QUERY = '''\n  DELETE\n  FROM market_ticks'''",
        "QUERY = 'UPDATE market_ticks t SET close = 1'",
        "QUERY = 'TRUNCATE market_ticks'",
        "QUERY = 'COPY public.market_ticks (close) FROM STDIN'",
        "from db.schema.markets import ticks\nQUERY = f'INSERT INTO {ticks.name} VALUES (1)'",
    ],
)
def test_a_write_by_another_service_is_found_however_it_is_said(plant: Plant, code: str) -> None:
    tree = plant({**SCHEMA, "services/events/storage.py": code, "services/markets/storage/candles.py": code})

    [complaint] = written_by_strangers(tree, {})

    assert complaint.startswith("services/events/storage.py:")
    assert complaint.endswith(": writes market_ticks, which the storage of markets writes")


def test_the_owner_writes_in_its_storage_alone(plant: Plant) -> None:
    code = "QUERY = 'INSERT INTO markets SELECT 1'"
    tree = plant({**SCHEMA, "services/markets/ingest.py": code, "services/markets/storage.py": code})

    assert written_by_strangers(tree, {}) == [
        "services/markets/ingest.py:1: writes markets, which the storage of markets writes"
    ]


def test_a_write_through_a_shared_function_counts_for_its_caller(plant: Plant) -> None:
    copying = "def copy_rows(connection, table, lines):\n    connection.copy(f'COPY {table} FROM STDIN', lines)\n"
    calling = "from shared.database import copy_rows\ncopy_rows(connection, 'markets', [])\n"
    tree = plant({**SCHEMA, "shared/database.py": copying, "services/events/storage.py": calling})

    assert written_by_strangers(tree, {}) == [
        "services/events/storage.py:2: writes markets, which the storage of markets writes"
    ]


def test_a_table_is_handed_to_shared_code_only_by_its_owner(plant: Plant) -> None:
    code = "from db.schema.markets import ticks\nfrom shared.syncs import SyncTable\nSYNCS = SyncTable('x', ticks)\n"
    tree = plant({**SCHEMA, "services/events/ingest.py": code, "services/markets/ingest.py": code})

    assert written_by_strangers(tree, {}) == [
        "services/events/ingest.py:3: hands market_ticks of markets to shared code"
    ]


def test_reading_and_talking_about_a_table_are_free(plant: Plant) -> None:
    code = '"""We never INSERT INTO markets."""\nQUERY = "SELECT 1 FROM markets FOR UPDATE"\nfacts.update(markets)\n'
    tree = plant({**SCHEMA, "services/events/storage.py": code})

    assert written_by_strangers(tree, {}) == []


def test_a_shared_table_is_written_through_its_module(plant: Plant) -> None:
    code = "from sqlalchemy import insert\nfrom db.schema.strategy import signals\ninsert(signals)\n"
    tree = plant({**SCHEMA, "shared/signals.py": code, "shared/feed.py": code})

    assert written_by_strangers(tree, {"trading_signals": "shared/signals.py"}) == [
        "shared/feed.py:3: writes trading_signals, which the storage of strategy writes"
    ]
