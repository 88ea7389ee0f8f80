"""What code does only where the house allows it: look at the clock, catch everything, compute in floats."""

from pathlib import Path

import pytest

from tests.architecture.conftest import Plant
from tests.architecture.rules.broad_handlers import Wall, handlers_outside_walls
from tests.architecture.rules.clocks import clock_readings
from tests.architecture.rules.floats import floats_without_reason
from tests.architecture.walls import CLOCK_READERS, FLOATS, WALLS


def test_only_routes_and_entry_points_look_at_the_clock(checkout: Path) -> None:
    assert clock_readings(checkout, CLOCK_READERS) == []


@pytest.mark.parametrize(
    ("code", "clock"),
    [
        ("from datetime import datetime\nx = datetime.now()", "datetime.datetime.now"),
        ("import datetime as d\nx = d.date.today()", "datetime.date.today"),
        ("from time import time as moment\nx = moment()", "time.time"),
        ("import time\nx = sorted([], key=time.time)", "time.time"),
    ],
)
def test_a_look_at_the_clock_is_found_under_any_name(plant: Plant, code: str, clock: str) -> None:
    tree = plant({"services/markets/ingest.py": code, "services/markets/routes.py": code, "tests/test_it.py": code})

    assert clock_readings(tree, {}) == [f"services/markets/ingest.py:2: {clock} looks at the clock"]


def test_durations_may_be_measured_and_an_idle_excuse_is_found(plant: Plant) -> None:
    tree = plant({"shared/syncs.py": "import time\nx = time.monotonic() + time.perf_counter()"})

    assert clock_readings(tree, {"shared/syncs.py": "because"}) == [
        "shared/syncs.py: is excused and does not look at the clock"
    ]


def test_everything_is_caught_only_at_named_walls(checkout: Path) -> None:
    assert handlers_outside_walls(checkout, WALLS) == []


@pytest.mark.parametrize(
    "handler",
    [
        "try:\n        go()\n    except Exception:\n        log.exception('failed')",
        "try:\n        go()\n    except (ValueError, BaseException):\n        log.exception('failed')",
        "try:\n        go()\n    except:\n        log.exception('failed')",
        "from contextlib import suppress\n    with suppress(Exception):\n        go()",
    ],
)
def test_a_broad_handler_outside_a_wall_is_found(plant: Plant, handler: str) -> None:
    tree = plant({"shared/syncs.py": f"def collect():\n    {handler}\n"})

    [complaint] = handlers_outside_walls(tree, [])

    assert complaint.endswith("a broad except in collect, which is no named wall")


def test_a_wall_that_logs_is_allowed_and_so_is_what_tidies_up_and_raises(plant: Plant) -> None:
    logs = "try:\n        go()\n    except Exception:\n        log.exception('failed')\n"
    tidies = "try:\n        go()\n    except BaseException:\n        close()\n        raise\n"
    tree = plant({"shared/syncs.py": f"def collect():\n    {logs}\ndef open_it():\n    {tidies}"})

    assert handlers_outside_walls(tree, [Wall("shared/syncs.py", "collect", "neighbours")]) == []


def test_a_silent_wall_and_an_unused_one_are_found(plant: Plant) -> None:
    silent = "try:\n        go()\n    except Exception:\n        pass\n"
    tree = plant({"shared/syncs.py": f"def collect():\n    {silent}"})
    walls = [Wall("shared/syncs.py", "collect", "neighbours"), Wall("shared/gate.py", "enter", "neighbours")]

    assert handlers_outside_walls(tree, walls) == [
        "shared/syncs.py:4: the wall collect does not log with the traceback",
        "shared/gate.py: the wall enter is named and not there",
    ]


def test_money_is_never_a_float(checkout: Path) -> None:
    assert floats_without_reason(checkout, FLOATS) == []


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("def fill(price: float): ...", "price"),
        ("class Quote:\n    bid: float | None", "bid"),
        ("def mid(quote) -> float: ...", "mid"),
        ("def mid(quote):\n    return float(quote.bid)", "mid"),
        ("from sqlalchemy import Column, Float\nColumn('price', Float)", "a column"),
        ("query = 'SELECT price::float8 FROM trades'", "a value in SQL"),
    ],
)
def test_a_float_for_money_is_found(plant: Plant, code: str, name: str) -> None:
    tree = plant({"shared/money.py": code})

    assert [complaint.split(": ", 1)[1] for complaint in floats_without_reason(tree, {})] == [f"{name} is a float"]


def test_a_span_of_time_may_be_a_float_and_an_idle_reason_is_found(plant: Plant) -> None:
    tree = plant({"shared/limits.py": "def wait(seconds: float, timeout: float, retry_delay: float = 0.5): ..."})

    assert floats_without_reason(tree, {("shared/limits.py", "rate"): "requests a second"}) == [
        "shared/limits.py: rate has a reason to be a float and is none"
    ]
