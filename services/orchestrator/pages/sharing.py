"""What is shared from the home page: curves and board as CSV, the board as a picture, settlements as an Atom feed."""

import gzip
from datetime import datetime

from fastapi import Request, Response
from sqlalchemy import Connection

from services.orchestrator.pages.atom import feed_of
from services.orchestrator.pages.curves import LEADERS, Curves, Range, read_curves, series_of
from services.orchestrator.resources import Resources
from services.orchestrator.storage import showing
from shared import topology
from shared.answers import JSON_TYPE, etag_of, matches, tagged_answer
from shared.board.lead import lead_said
from shared.board.rows import By, board_in_order
from shared.json_bytes import encoded
from shared.ui.boards import board_of, middle_of
from shared.ui.drawings import Chart
from shared.ui.places import visit_of
from shared.ui.sheets import sheet, sheet_answer
from shared.ui.truth import truth_of

SETTLEMENTS_MAX = 100
PACKING = 5  # of 9
CURVES_SECONDS = 5.0
BOARD = (
    "rank", "tier", "portfolio_id", "name", "strategy_type", "model", "status", "settled_events", "still_needed",
    "standing", "probability_best", "account_value", "initial_balance", "total_pnl", "realized_pnl", "unrealized_pnl",
    "return", "fees_paid",
)  # fmt: skip


def curves_answer(request: Request, here: Resources, span: Range) -> Response:
    """Everybody's, for the script of the page."""
    now = here.clock()
    with here.database.connection() as connection:
        strong = showing.leading(connection, LEADERS)
        curves = _curves(here, connection, span, now)
    series = series_of(curves, visit_of(request), strong)
    whole = Chart("curves", "Growth since the deposit", "%", curves.seconds, series, start=0.0)
    answer = tagged_answer(request, encoded(whole.island))
    if answer.status_code == 200 and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            gzip.compress(bytes(answer.body), PACKING, mtime=0),
            media_type=JSON_TYPE,
            headers={**{name: answer.headers[name] for name in ("etag", "cache-control")}, "content-encoding": "gzip",
                     "vary": "accept-encoding"},
        )  # fmt: skip
    return answer


def _curves(here: Resources, connection: Connection, span: Range, now: datetime) -> Curves:
    """The heaviest reading of the page, which every script asks for: its last point may be a few seconds old."""
    every = here.settings.cycle_every_seconds
    return here.kept_for(CURVES_SECONDS, f"curves {span}", lambda: read_curves(connection, span, now, every))


def curves_sheet(request: Request, here: Resources, span: Range) -> Response:
    now = here.clock()
    with here.database.connection() as connection:
        truth = truth_of(connection)
        curves = _curves(here, connection, span, now)
    header = ("time_utc", "portfolio_id", "name", "growth_percent")
    return sheet_answer(request, sheet(header, _points(curves), truth, now), f"curves-{span}.csv")


def _points(curves: Curves) -> list[tuple[object, ...]]:
    return [
        (moment, row["portfolio_id"], row["name"], value)
        for row, values in zip(curves.rows, curves.values, strict=True)
        for moment, value in zip(curves.times, values, strict=True)
        if value is not None
    ]


def board_sheet(request: Request, here: Resources, by: By) -> Response:
    now = here.clock()
    with here.database.connection() as connection:
        truth = truth_of(connection)
        rows = here.board.rows(connection)
    computed = {row["portfolio_id"]: row["computed_at"] for row in rows}
    measure = "settled_return" if by == "return" else "skill"
    header = (*BOARD, measure, "interval_low", "interval_high", "by", "computed_at_utc")
    lines = [
        [
            *(row[name] for name in BOARD),
            middle_of(row, by),
            *((row["interval"] or {}).get(end) for end in ("low", "high")),
            by,
            computed[row["portfolio_id"]],
        ]
        for row in board_in_order(rows, by)
    ]
    return sheet_answer(request, sheet(header, lines, truth, now), f"board-by-{by}.csv")


def board_picture(request: Request, here: Resources, by: By) -> Response:
    from shared.ui.pictures import PICTURE_ROWS, board_drawn  # Pillow is loaded by the first picture

    now = here.clock()
    with here.database.connection() as connection:
        truth = truth_of(connection)
        rows = here.board.rows(connection)
        closed = showing.closed_portfolios(connection)["closed"]
    ordered = board_in_order(rows, by)
    board = board_of(ordered, by, PICTURE_ROWS)
    address = visit_of(request).address_of(topology.ORCHESTRATOR) + (f"/?by={by}" if by != "return" else "/")
    body = board_drawn(board, lead_said(ordered, by, closed), truth, now, address)
    return Response(body, media_type="image/png", headers={"cache-control": "no-cache"})


def settlements_feed(request: Request, here: Resources) -> Response:
    """The newest, for a reader of feeds."""
    now = here.clock()
    with here.database.connection() as connection:
        truth = truth_of(connection)
        rows = showing.newest_settlements(connection, SETTLEMENTS_MAX)
    body = feed_of(rows, visit_of(request), truth, now)
    headers = {"etag": (etag := etag_of(body)), "cache-control": "no-cache"}
    if matches(etag, request.headers.get("if-none-match")):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/atom+xml", headers=headers)
