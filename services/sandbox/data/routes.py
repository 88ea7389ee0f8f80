"""HTTP of the Data API: resolutions, trades, tokens, price histories, freshness."""

import numpy as np
from fastapi import APIRouter, Request, Response

from services.sandbox.answers import said
from services.sandbox.clob import histories
from services.sandbox.data import asking, rows
from services.sandbox.domain.history import Trades, latest_trades, market_over, markets_at, trades_of
from services.sandbox.domain.identity import MarketId, opened_at
from services.sandbox.domain.moments import rfc3339
from services.sandbox.domain.occurrences import Markets, listed_events, markets_of
from services.sandbox.domain.tally import Tally
from services.sandbox.domain.timeline import FINAL
from services.sandbox.domain.wording import EventText, event_text
from services.sandbox.domain.world import POLYMARKET
from services.sandbox.resources import Sandbox

router = APIRouter(prefix="/data/v2", tags=["data"])

TRADES_WINDOW_MAX = 3 * 365 * 86_400
POINTS_MAX, TOKENS_MAX, CONDITIONS_MAX = 10_000, 50, 10
DUST = 0.01  # shares: the filter that holds unless another is given


def sandbox_of(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.resources
    return sandbox


def _tally(sandbox: Sandbox, markets: list[MarketId]) -> Tally:
    own = [market for market in markets if int(sandbox.world.venue[market.slot]) == POLYMARKET]
    now = sandbox.clock()
    begun = [market for market in own if opened_at(sandbox.world, market.event) <= now]
    markets[:] = begun
    return Tally(markets_at(sandbox.world, begun, now), float(sandbox.settings.sandbox_quote_seconds), sandbox.decrees)


@router.get("/resolutions", summary="Resolutions by condition or event; misses are left out")
async def resolutions(request: Request) -> Response:
    sandbox = sandbox_of(request)
    if request.query_params.get("question_id"):
        return said({"data": []})
    markets, given = asking.markets_asked(sandbox.identity, request.query_params)
    if not given:
        raise asking.refused("exactly one of question_id, condition and event_id is required", "condition")
    tally = _tally(sandbox, markets)
    found = [rows.resolution_row(sandbox.identity, market, tally, place) for place, market in enumerate(markets)]
    return said({"data": [row for row in found if row is not None]})


@router.get("/trades", summary="Trades, newest first")
async def trades(request: Request) -> Response:
    sandbox, params = sandbox_of(request), request.query_params
    limit, after = asking.limit_of(params), asking.cursor_of(params)
    now = sandbox.clock()
    until = min(now, after[0]) if after else now
    markets, given = asking.markets_asked(sandbox.identity, params)
    quantum = float(sandbox.settings.sandbox_quote_seconds)
    if given:
        _tally(sandbox, markets)
        listed = markets_at(sandbox.world, markets, now)
        found = trades_of(listed, until, quantum, until - TRADES_WINDOW_MAX)
    else:
        listed = markets_of(listed_events(sandbox.world, POLYMARKET, now, past=1))
        found = latest_trades(listed, until, 4 * limit, quantum)
    found = _filtered(sandbox, listed, found, request, after)
    page = found.take(np.arange(min(limit, len(found))))
    more = len(found) > limit
    following = (float(page.moment[-1]), _key(sandbox, listed, page, len(page) - 1)) if more else None
    return said({"data": _trade_rows(sandbox, listed, page, now), "pagination": asking.pagination(limit, following)})


def _market(listed: Markets, place: int) -> MarketId:
    events, row = listed.events, int(listed.row[place])
    return MarketId(int(events.slot[row]), int(events.generation[row]), int(listed.index[place]))


def _key(sandbox: Sandbox, listed: Markets, page: Trades, row: int) -> int:
    market = _market(listed, int(page.place[row]))
    return sandbox.identity.market_number(market.slot, market.generation, market.index)


def _filtered(
    sandbox: Sandbox, listed: Markets, found: Trades, request: Request, after: tuple[float, int] | None
) -> Trades:
    params = request.query_params
    flags = np.ones(len(found), dtype=np.bool_)
    if after is not None:
        flags &= found.moment < after[0]
    amount = params.get("filter_amount")
    try:
        least = float(amount) if amount else DUST
    except ValueError:
        raise asking.refused("filter_amount must be a number", "filter_amount") from None
    kind = params.get("filter_type", "TOKENS").upper()
    if kind not in ("CASH", "TOKENS"):
        raise asking.refused("filter_type must be CASH or TOKENS", "filter_type")
    price = np.maximum(found.price, 1) / 10_000
    flags &= (found.size if kind == "CASH" else found.size / price) >= least
    return found.take(np.flatnonzero(flags))


def _trade_rows(sandbox: Sandbox, listed: Markets, page: Trades, now: float) -> list[dict[str, object]]:
    texts: dict[tuple[int, int], EventText] = {}
    written = []
    for row in range(len(page)):
        market = _market(listed, int(page.place[row]))
        key = (market.slot, market.generation)
        if key not in texts:
            texts[key] = event_text(sandbox.world, market.event)
        written.append(rows.trade_row(sandbox.identity, market, texts[key], page, row, now))
    return written


@router.get("/tokens", summary="The market of each token")
async def tokens(request: Request) -> Response:
    sandbox = sandbox_of(request)
    wanted: list[tuple[MarketId, int]] = []
    for text in asking.listed(request.query_params, "token_id", TOKENS_MAX):
        found = sandbox.identity.token_market(text)
        wanted += [found] if found else []
    for text in asking.listed(request.query_params, "condition", CONDITIONS_MAX):
        market = sandbox.identity.condition_market(text)
        wanted += [(market, 0), (market, 1)] if market else []
    markets = list(dict.fromkeys(market for market, _ in wanted))
    tally = _tally(sandbox, markets)
    places = {market: place for place, market in enumerate(markets)}
    known = [(market, side) for market, side in wanted if market in places]
    return said({"data": [rows.token_row(sandbox.identity, m, side, tally, places[m]) for m, side in known]})


@router.get("/prices-history", summary="Midpoints of one token, ending in the payout")
async def prices_history(request: Request) -> Response:
    sandbox, params = sandbox_of(request), request.query_params
    given = [name for name in ("start", "interval", "as_of") if params.get(name)]
    if len(given) != 1:
        raise asking.refused("exactly one of start, interval and as_of is required", "interval")
    found = sandbox.identity.token_market(params.get("token_id", ""))
    limit, after = asking.limit_of(params, POINTS_MAX), asking.cursor_of(params)
    if found is None:
        return said({"data": [], "pagination": asking.pagination(limit, None)})
    points = _points(sandbox, *found, request)
    left = [point for point in points if after is None or point["timestamp"] > after[0]]
    page = left[:limit]
    following = (float(page[-1]["timestamp"]), 0) if len(left) > limit else None
    return said({"data": page, "pagination": asking.pagination(limit, following)})


def _points(sandbox: Sandbox, market: MarketId, side: int, request: Request) -> list[dict[str, float]]:
    params, now = request.query_params, sandbox.clock()
    interval, as_of = params.get("interval"), asking.integer(params, "as_of")
    if interval is not None and interval not in histories.INTERVALS:
        raise asking.refused("interval is unknown", "interval")
    step = asking.integer(params, "bucket_seconds") or {"max": 43_200, "all": 43_200, "1m": 600, "1w": 300}.get(
        interval or "", 60
    )
    least = {"max": 600, "all": 600, "1m": 600, "1w": 300}.get(interval or "", 60)
    if not least <= step <= 86_400:
        raise asking.refused(f"bucket_seconds must be between {least} and 86400", "bucket_seconds")
    opened = opened_at(sandbox.world, market.event)
    ended = opened + int(sandbox.world.life[market.slot])
    start = asking.integer(params, "start", 0) or 0
    end = asking.integer(params, "end") or now
    if interval is not None:
        start, end = (opened if interval in ("max", "all") else int(now) - histories.INTERVALS[interval]), now
    elif as_of is not None:
        start, end = as_of - step, as_of + 1
    elif end - start > histories.WINDOW_MAX and params.get("end"):
        raise asking.refused("start and end are more than 15 days apart", "end")
    low, high = max(start, opened + 1), min(end, now, ended)
    moments = np.arange(-(-low // step) * step, high, step, dtype=np.float64)
    points = []
    if len(moments):
        quantum = sandbox.settings.sandbox_quote_seconds
        middle = market_over(sandbox.world, market, np.floor(moments / quantum) * quantum).mid
        values = (middle if side == 0 else 1 - middle).round(5).tolist()
        points = [
            {"timestamp": int(stamp), "price": value, "resolution_seconds": step}
            for stamp, value in zip(moments.tolist(), values, strict=True)
        ]
    tally = _tally(sandbox, [market])
    if len(tally) and int(tally.stage[0]) == FINAL and end > float(tally.timeline.final_at[0]):
        payout = float(tally.payout[0])
        price = payout if side == 0 else 1 - payout
        points.append({"timestamp": int(tally.timeline.final_at[0]), "price": price, "resolution_seconds": 0})
    return points


@router.get("/status", summary="How far behind the Data API is")
async def status(request: Request) -> Response:
    now = sandbox_of(request).clock()
    serving = {
        "lag_seconds": 4,
        "worst": "activity_feed",
        "mechanisms": [{"name": "activity_feed", "age_seconds": 4}],
    }
    block = 90_000_000 + int(now) // 2 % 9_000_000
    ingestion = {
        "cursors": 148,
        "network": "simulated",
        "chain_id": 137,
        "max_synced_block": block,
        "min_synced_block": block - 1,
        "lagging": [],
    }
    return said({"data": {"computed_at": rfc3339(now), "age_seconds": 4, "serving": serving, "ingestion": ingestion}})
