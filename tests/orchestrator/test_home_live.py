"""The home page while somebody looks: what changes comes as it happens, and nothing else."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import jiter
import pytest
import requests
from starlette.requests import Request

from services.orchestrator.pages.home import HomeParts
from services.orchestrator.resources import Resources
from shared.database import Database
from shared.ui.changes import changes_of
from shared.ui.places import Visit
from tests.orchestrator import arena_rows, build
from tests.orchestrator.conftest import NOON, Clock, Desk
from tests.orchestrator.town import Town

VISIT = Visit("http", "localhost", "", "system")


@pytest.fixture
def parts(here: Resources) -> HomeParts:
    return HomeParts(here, VISIT, "return", "top")


def test_money_that_moves_changes_its_cells_alone(parts: HomeParts, fresh_database: Database) -> None:
    first = build.portfolio(fresh_database, "Ada", NOON, realized_pnl=Decimal(50), current_balance=Decimal(10_050))
    build.portfolio(fresh_database, "Bob", NOON, realized_pnl=Decimal(10), current_balance=Decimal(10_010))
    before = parts()

    earn = "UPDATE portfolios SET realized_pnl = 80, current_balance = 10080 WHERE portfolio_id = :number"
    build.change(fresh_database, earn, number=first)
    changes = changes_of(before, parts())

    assert not changes.parts and not changes.lines
    assert set(changes.cells) == {f"eq-{first}", f"pl-{first}", f"gr-{first}", "answer"}
    assert "$10,080.00" in changes.cells[f"eq-{first}"]
    assert "Ada leads by 70 dollars" in changes.cells["answer"]


def test_another_order_is_another_board(parts: HomeParts, fresh_database: Database) -> None:
    build.portfolio(fresh_database, "Ada", NOON, realized_pnl=Decimal(50), current_balance=Decimal(10_050))
    last = build.portfolio(fresh_database, "Bob", NOON, realized_pnl=Decimal(10), current_balance=Decimal(10_010))
    before = parts()

    earn = "UPDATE portfolios SET realized_pnl = 80, current_balance = 10080 WHERE portfolio_id = :number"
    build.change(fresh_database, earn, number=last)
    changes = changes_of(before, parts())

    assert set(changes.parts) == {"board"}
    assert changes.parts["board"].index("Bob") < changes.parts["board"].index("Ada")


def test_what_is_written_while_thinking_comes_piece_by_piece(
    parts: HomeParts, fresh_database: Database, town: Town
) -> None:
    ada = arena_rows.model(fresh_database, "Ada", NOON)
    event_id = arena_rows.event(fresh_database, town.market_no, NOON)
    session_id = arena_rows.session(fresh_database, event_id, ada, town.market_no, NOON)
    arena_rows.says(fresh_database, session_id, 1, "It <i>may</i> ", NOON)
    before = parts()

    arena_rows.says(fresh_database, session_id, 2, "rain.", NOON)
    changes = changes_of(before, parts())

    assert not changes.parts
    assert changes.cells == {f"mind-{session_id}": '<bdi class="said">It &lt;i&gt;may&lt;/i&gt; rain.</bdi>'}


def test_a_bet_is_a_new_line_above_the_others(parts: HomeParts, fresh_database: Database, town: Town) -> None:
    number = build.portfolio(fresh_database, "Ada", NOON)
    bet = {"action": "buy_yes", "quantity": 10, "cost": Decimal(5), "fee": 0}
    arena_rows.tells(fresh_database, "trade", bet, NOON, number, town.market_no)
    before = parts()

    arena_rows.tells(fresh_database, "trade", {**bet, "action": "buy_no"}, NOON, number, town.market_no)
    changes = changes_of(before, parts())

    assert not changes.parts and set(changes.cells) == {"newest"}
    [(_, line)] = changes.lines["feed"]
    assert "buys 10 NO at 50.0¢ for $5.00 without a fee" in line


def test_nothing_new_changes_nothing_however_much_time_passes(
    parts: HomeParts, clock: Clock, fresh_database: Database, town: Town
) -> None:
    number = build.portfolio(fresh_database, "Ada", NOON)
    bet = {"action": "buy_yes", "quantity": 10, "cost": Decimal(5), "fee": 0}
    arena_rows.tells(fresh_database, "trade", bet, NOON, number, town.market_no)
    arena_rows.event(fresh_database, town.market_no, NOON)
    build.cycle(fresh_database, NOON)
    before = parts()

    clock.go(minutes=30)

    after = parts()
    assert not changes_of(before, after)
    assert "30 min ago" in after.lines["feed"]  # for readers without script the words of times are not kept for long


def test_figures_of_a_new_computation_are_read_and_old_ones_only_once(
    here: Resources, parts: HomeParts, fresh_database: Database
) -> None:
    number = build.portfolio(fresh_database, "Ada", NOON, trade_count=3)
    parts()
    arena_rows.standing(fresh_database, number, NOON, settled_events=14, still_needed=6)
    assert "needs 6 more settled events" in parts().figures["board"]

    build.change(fresh_database, "UPDATE standings SET figures = '{}'")  # without a new moment nobody looks again
    assert "needs 6 more settled events" in parts().figures["board"]
    build.change(fresh_database, "DELETE FROM standings")
    arena_rows.standing(fresh_database, number, NOON + timedelta(seconds=20), settled_events=15, still_needed=5)

    assert "needs 5 more settled events" in parts().figures["board"]


def test_whoever_takes_part_again_has_his_figures(here: Resources, fresh_database: Database) -> None:
    for name in ("Ada", "Bob"):
        arena_rows.standing(fresh_database, build.portfolio(fresh_database, name, NOON), NOON, settled_events=7)
    build.change(fresh_database, "UPDATE portfolios SET status = 'closed' WHERE name = 'Bob'")
    with here.database.connection() as connection:
        alone = here.board.rows(connection)

    build.change(fresh_database, "UPDATE portfolios SET status = 'active' WHERE name = 'Bob'")
    with here.database.connection() as connection:
        both = here.board.rows(connection)

    assert [row["name"] for row in alone] == ["Ada"]
    assert {row["name"]: row["figures"]["boards"]["return"]["settled_events"] for row in both} == {"Ada": 7, "Bob": 7}


def test_the_stream_brings_what_happens_to_who_looks(desk: Desk, fresh_database: Database) -> None:
    number = build.portfolio(fresh_database, "Ada", NOON)
    page = desk.session.get(desk.url, timeout=20).text
    have = page.split('data-have="')[1].split('"')[0]
    address = page.split('data-live="')[1].split('"')[0].replace("&amp;", "&")
    assert address == "/live?by=return&rows=top"

    with requests.get(f"{desk.url}{address}&have={have}", stream=True, timeout=60) as stream:
        build.change(fresh_database, "UPDATE portfolios SET current_balance = 10080 WHERE portfolio_id = :n", n=number)
        changes = next(_frames(stream))

    assert "$10,080.00" in changes["cells"][f"eq-{number}"]
    assert not changes["parts"]


def _frames(stream: requests.Response) -> Any:
    for line in stream.iter_lines():
        if line.startswith(b"data: {") and len(line) > 20:
            yield jiter.from_json(line.removeprefix(b"data: "))


def test_light_and_dark_watch_the_same_and_other_hosts_do_not(here: Resources) -> None:
    from services.orchestrator.pages.home import topic_of

    class State:
        settings = here.settings

    class App:
        state = State()

    def key(host: str, cookie: str = "") -> Any:
        headers = [(b"host", host.encode()), (b"cookie", cookie.encode())]
        scope = {"type": "http", "scheme": "http", "headers": headers, "server": (host, 80), "path": "/", "app": App()}
        return topic_of(Request(scope), here, "return", "top")[0]

    assert key("localhost:8004") == key("localhost:8004", "coliseum_theme=dark")
    assert key("localhost:8004") != key("arena.example:8004")
