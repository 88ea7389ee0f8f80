"""The page of one portfolio: how it does, and why."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import Connection

from services.paper_trading.execution import PortfolioNotFound
from services.paper_trading.pages import attribution, curves, told
from services.paper_trading.pages.addresses import address_of
from services.paper_trading.pages.reckoning import calibrated, derived, evidenced, naive_of
from services.paper_trading.pages.rendering import PAGES, visitor_of
from services.paper_trading.resources import Resources
from services.paper_trading.storage import showing, showing_ledger, showing_reasons
from shared.board.reading import rows_of
from shared.board.rows import board_row
from shared.cursors import UnknownCursor, cursor_of, key_of
from shared.trading.reasons import OUTCOMES
from shared.ui.changes import Parts
from shared.ui.drawings import color_of
from shared.ui.live import Make
from shared.ui.places import Visit
from shared.ui.truth import truth_of

Clock = Callable[[], datetime]
Row = dict[str, Any]

POSITIONS_MAX = 100
POSITIONS_AT_ONCE = 12  # the others are folded
ORDERS_MAX = 40
LINES_MAX = 7
TRADES_PAGE = 15
DECISIONS_PAGE = 20
SETTLEMENTS_PAGE = 12
CHANGES_MAX = 30
OVERRIDES_MAX = 20


def is_there(connection: Connection, portfolio_id: int) -> bool:
    return showing.one(connection, portfolio_id) is not None


def portfolio_page(request: Request, here: Resources, portfolio_id: int, clock: Clock) -> Response:
    now, query = clock(), request.query_params
    key, make = live_of(request, here, portfolio_id, clock)
    with here.database.connection() as connection:
        portfolio = showing.one(connection, portfolio_id)
        if portfolio is None:
            raise PortfolioNotFound(portfolio_id=portfolio_id)
        ledger = _ledger(connection, here, portfolio, query, now)
        facts = {
            "within": "Portfolios",
            "p": portfolio,
            "color": color_of(portfolio_id, portfolio["strategy_type"], portfolio["color"]),
            **_standing(connection, portfolio),
            **ledger,
            **_pictures(connection, portfolio, query, ledger["chosen"], now),
            "with_choices": partial(address_of, portfolio_id, ledger["chosen"]),
            **_mind(connection, here, portfolio, now),
            **told.news_of(connection, query, _cycle_of(connection, query)),
        }
        truth = truth_of(connection)
    parts = request.app.state.live.parts(key, make)
    live = (f"/portfolio/{portfolio_id}/live", parts)
    return PAGES.answer(request, "portfolio.html", facts, now=now, truth=truth, live=live)


def live_of(request: Request, here: Resources, portfolio_id: int, clock: Clock) -> tuple[Any, Make]:
    visit = visitor_of(request)

    def make() -> Parts:
        return _parts(here, visit, portfolio_id, clock())

    return ("portfolio", portfolio_id, visit), make


def _parts(here: Resources, visit: Visit, portfolio_id: int, now: datetime) -> Parts:
    """Made anew only when the portfolio or a mark of what it holds has moved."""
    with here.database.connection() as connection:
        portfolio = showing.one(connection, portfolio_id)
        if portfolio is None:
            return Parts({})
        positions = showing_ledger.positions(connection, portfolio_id, POSITIONS_MAX)
        orders = showing_ledger.waiting_orders(connection, portfolio_id, ORDERS_MAX)
        trades = showing_ledger.latest_trades(connection, portfolio_id, LINES_MAX)
        so_far, peak = here.kept.get(
            ("fall", portfolio_id),
            int(now.timestamp()) // curves.FALL_SECONDS,
            lambda: showing_ledger.deepest_fall(connection, portfolio_id, portfolio["initial_balance"]),
        )
        fall = max(so_far, 1 - portfolio["equity"] / peak)
        board = _board(connection, portfolio_id)
    facts = {
        "p": portfolio,
        "answer": told.answer_of(portfolio, board),
        "fall": fall,
        "positions": positions[:POSITIONS_AT_ONCE],
        "more": positions[POSITIONS_AT_ONCE:],
        "orders": orders,
        "trades": trades,
    }
    state = (
        facts["answer"],
        repr(portfolio),
        repr(positions),
        repr(orders),
        trades[0]["trade_id"] if trades else 0,
        fall,
    )

    def rendered() -> Parts:
        return Parts(
            {
                "answer": PAGES.part(visit, "portfolio_answer.html", facts, now=now),
                "state": PAGES.part(visit, "portfolio_state.html", facts, now=now),
                "positions": PAGES.part(visit, "portfolio_positions.html", facts, now=now),
            },
            {"trades": PAGES.part(visit, "portfolio_lines.html", facts, now=now)},
        )

    return here.drawn.get(("portfolio", portfolio_id, visit), state, rendered)


def _standing(connection: Connection, portfolio: Row) -> Row:
    """Its place on the board, and what keeps it from buying."""
    breakers = showing_reasons.open_breakers(connection, portfolio["portfolio_id"])
    return {"board": _board(connection, portfolio["portfolio_id"]), "breakers": breakers}


def _board(connection: Connection, portfolio_id: int) -> Row | None:
    row = rows_of(connection, [portfolio_id]).get(portfolio_id)
    return None if row is None else board_row(row, "return")


def _pictures(
    connection: Connection, portfolio: Row, query: Mapping[str, str], kept: Mapping[str, str], now: datetime
) -> Row:
    number, deposit = portfolio["portfolio_id"], portfolio["initial_balance"]
    chosen = query.get("range", curves.USUAL)
    chosen = chosen if chosen in curves.RANGES else curves.USUAL
    points = showing_ledger.curve(connection, number, deposit, curves.since_of(chosen, now), curves.STEPS)
    color = color_of(number, portfolio["strategy_type"], portfolio["color"])
    return {
        "equity_chart": curves.equity_chart(portfolio, points, color, chosen, now, kept),
        "fall_chart": curves.fall_chart(portfolio, points, color, now),
    }


def _ledger(connection: Connection, here: Resources, portfolio: Row, query: Mapping[str, str], now: datetime) -> Row:
    number = portfolio["portfolio_id"]
    complaints: list[str] = []
    outcome = query.get("outcome") or None
    if outcome is not None and outcome not in OUTCOMES:
        complaints.append(f"There is no outcome “{outcome[:40]}”, so all decisions are shown.")
        outcome = None
    before = {name: _before(query, name, complaints) for name in ("trades", "decisions", "settlements")}
    trades = showing_ledger.trades(connection, number, before["trades"], TRADES_PAGE + 1)
    decisions = showing_ledger.decisions(connection, number, outcome, before["decisions"], DECISIONS_PAGE + 1)
    settled = showing_ledger.settlements(connection, number, before["settlements"], SETTLEMENTS_PAGE + 1)
    stamp, minute = portfolio["updated_at"], int(now.timestamp()) // 60
    return {
        "complaints": complaints,
        "chosen": _chosen(query, outcome, before),
        "outcome": outcome,
        "trades": [derived(trade) for trade in trades[:TRADES_PAGE]],
        "trades_after": _after("trades", trades, "trade_id", TRADES_PAGE),
        "trades_paged": before["trades"] is not None,
        "decisions": decisions[:DECISIONS_PAGE],
        "decisions_after": _after("decisions", decisions, "decision_id", DECISIONS_PAGE),
        "decisions_paged": before["decisions"] is not None,
        "settlements": [evidenced(row) for row in settled[:SETTLEMENTS_PAGE]],
        "settlements_after": _after("settlements", settled, "settlement_id", SETTLEMENTS_PAGE),
        "settlements_paged": before["settlements"] is not None,
        "outcomes": here.kept.get(("outcomes", number), stamp, lambda: showing_ledger.outcomes(connection, number)),
        "standings": here.kept.get(("standings", number), stamp, lambda: showing_ledger.standings(connection, number)),
        "states": any(row["probability"] is not None for row in decisions),
        "naive": naive_of(
            portfolio,
            here.kept.get(("ungraded", number), minute, lambda: showing_ledger.ungraded(connection, number)),
            showing_ledger.at_mid(connection, number),
        ),
    }


def _chosen(query: Mapping[str, str], outcome: str | None, before: Mapping[str, int | None]) -> dict[str, str]:
    """What was asked for and can be had, which every link of the page keeps."""
    usable = {"range": query.get("range") in curves.RANGES, "outcome": outcome is not None}
    usable |= {f"{name}_after": number is not None for name, number in before.items()}
    return {name: query[name] for name, can_be_had in usable.items() if can_be_had}


def _mind(connection: Connection, here: Resources, portfolio: Row, now: datetime) -> Row:
    number = portfolio["portfolio_id"]
    found = attribution.attributed(connection, here, portfolio, at_any_cost=False)
    generation = showing_reasons.last_generation(connection, number)
    return {
        "attribution": None if found is None else attribution.shown(found),
        "generation": generation,
        "failed_run": showing_reasons.failed_run(connection, number),
        "abstentions": told.abstentions_of(generation, portfolio["strategy_config"]),
        "calibration": calibrated(connection, here.kept, portfolio, now),
        "settings": told.settings_of(portfolio["strategy_config"]),
        "changes": told.changes_of(showing_reasons.changes(connection, number, CHANGES_MAX)),
        "overrides": showing_reasons.standing_overrides(connection, number, now, OVERRIDES_MAX),
    }


def _cycle_of(connection: Connection, query: Mapping[str, str]) -> Row | None:
    """The cycle that the button "run now" began or met."""
    try:
        return showing.cycle(connection, str(UUID(query.get("cycle", ""))))
    except ValueError:
        return None


def _before(query: Mapping[str, str], name: str, complaints: list[str]) -> int | None:
    """The number before which a list goes on; a cursor that is none begins anew."""
    cursor = query.get(f"{name}_after")
    if not cursor:
        return None
    try:
        of_list, number = key_of(cursor[:300], str, int)
    except UnknownCursor:
        of_list, number = "", 0
    if of_list != name or not 0 < int(number) < 2**63:
        complaints.append(f"That page of {name} is not known; these are the newest.")
        return None
    return int(number)


def _after(name: str, rows: list[Row], key: str, page: int) -> str | None:
    return cursor_of(name, rows[page - 1][key]) if len(rows) > page else None
