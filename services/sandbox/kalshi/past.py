"""HTTP of Kalshi's past and frame: candles, trades, the historical tier, the exchange's own state."""

from uuid import UUID

import numpy as np
import orjson
from fastapi import APIRouter, Request, Response

from services.sandbox import cursors
from services.sandbox.answers import raw
from services.sandbox.domain.chance import Ints, scalar_hash
from services.sandbox.domain.figures import LONG
from services.sandbox.domain.history import (
    Candle,
    Trades,
    candles_of,
    latest_trades,
    markets_at,
    period_ends,
    trades_of,
)
from services.sandbox.domain.identity import EventId, MarketId, opened_at
from services.sandbox.domain.moments import rfc3339, with_fraction
from services.sandbox.domain.occurrences import Markets, listed_events, markets_of
from services.sandbox.domain.world import KALSHI
from services.sandbox.kalshi import listing
from services.sandbox.kalshi.board import LIVE_SECONDS, Board
from services.sandbox.kalshi.routes import (
    PREFIX,
    TICKERS_MAX,
    board_for,
    board_of_markets,
    cached,
    known_markets,
    one_market,
    paged,
    sandbox_of,
)
from services.sandbox.kalshi.rows import market_ticker, shared_of
from services.sandbox.resources import Sandbox

router = APIRouter(prefix=PREFIX, tags=["kalshi"])

PERIODS = {1: 60, 60: 3600, 1440: 86_400}
CANDLES_MAX, BATCH_CANDLES_MAX = 5000, 10_000


class Range:
    """Which candles are asked for."""

    def __init__(self, request: Request) -> None:
        params = request.query_params
        start, end = listing.integer(params, "start_ts"), listing.integer(params, "end_ts")
        period = listing.integer(params, "period_interval")
        if start is None or end is None or end < start:
            raise listing.bad_request("start_ts and end_ts are required")
        if period not in PERIODS:
            raise listing.bad_request("invalid period_interval")
        self.start, self.end, self.period = start, end, PERIODS[period]
        self.latest_before = listing.flag(params, "include_latest_before_start")

    def candles(self, sandbox: Sandbox, market: MarketId, most: int) -> list[Candle]:
        """Only closed periods."""
        opened = opened_at(sandbox.world, market.event)
        ended = opened + int(sandbox.world.life[market.slot])
        last = min(self.end, int(sandbox.clock()))
        ends = period_ends(opened, ended, self.start, last, self.period)
        if len(ends) > most:
            raise listing.bad_request("too many candlesticks requested")
        return candles_of(sandbox.world, market, ends, self.period, float(sandbox.settings.sandbox_quote_seconds))

    def rows(self, sandbox: Sandbox, market: MarketId, most: int = CANDLES_MAX) -> list[dict[str, object]]:
        found = self.candles(sandbox, market, most)
        rows = [_candle(candle) for candle in found]
        if self.latest_before and found and found[0].previous is not None:
            before = {"end_period_ts": self.start, "price": {"previous_dollars": LONG[found[0].previous]}}
            rows.insert(0, before)
        return rows


def _ohlc(values: tuple[int, int, int, int], ending: str) -> dict[str, object]:
    names = ("open", "high", "low", "close")
    return {f"{name}{ending}": LONG[value] for name, value in zip(names, values, strict=True)}


def _candle(candle: Candle) -> dict[str, object]:
    """Without trades `price` holds at most what was paid before."""
    price: dict[str, object] = {}
    if candle.price is not None:
        price = {**_ohlc(candle.price, "_dollars"), "mean_dollars": f"{candle.mean / 10_000:.4f}"}
    if candle.previous is not None:
        price["previous_dollars"] = LONG[candle.previous]
    return {
        "end_period_ts": candle.end,
        "open_interest_fp": f"{candle.open_interest:.2f}",
        "price": price,
        "volume_fp": f"{candle.volume:.2f}",
        "yes_ask": _ohlc(candle.ask, "_dollars"),
        "yes_bid": _ohlc(candle.bid, "_dollars"),
    }


def _old_candle(candle: Candle) -> dict[str, object]:
    """The historical tier: bare names, and nulls where nothing was traded."""
    names = ("open", "high", "low", "close", "mean", "previous")
    price: dict[str, object] = dict.fromkeys(names)
    if candle.price is not None:
        price.update(_ohlc(candle.price, ""), mean=f"{candle.mean / 10_000:.4f}")
    if candle.previous is not None:
        price["previous"] = LONG[candle.previous]
    return {
        "end_period_ts": candle.end,
        "open_interest": f"{candle.open_interest:.2f}",
        "price": price,
        "volume": f"{candle.volume:.2f}",
        "yes_ask": _ohlc(candle.ask, ""),
        "yes_bid": _ohlc(candle.bid, ""),
    }


def _answer(value: object) -> str:
    return orjson.dumps(value).decode()


@router.get("/series/{series_ticker}/markets/{ticker}/candlesticks", summary="Candles of one market")
async def candlesticks(request: Request, series_ticker: str, ticker: str) -> Response:
    asked = Range(request)

    def build(sandbox: Sandbox, moment: float) -> str:
        board, index = one_market(sandbox, moment, ticker)
        if board.shared(0).text.series.ticker != series_ticker:
            raise listing.not_found()
        return _answer({"candlesticks": asked.rows(sandbox, _id(board, index)), "ticker": ticker})

    return cached(request, build)


def _id(board: Board, index: int) -> MarketId:
    return MarketId(int(board.events.slot[0]), int(board.events.generation[0]), index)


@router.get("/markets/candlesticks", summary="Candles of several markets, a comma list")
async def batch_candlesticks(request: Request) -> Response:
    asked = Range(request)
    tickers = [ticker for ticker in request.query_params.get("market_tickers", "").split(",") if ticker]
    if not 1 <= len(tickers) <= TICKERS_MAX:
        raise listing.bad_request("market_tickers: between 1 and 100 values")

    def build(sandbox: Sandbox, moment: float) -> str:
        rows, left = [], BATCH_CANDLES_MAX
        for ticker in tickers:
            market = listing.market_of(sandbox.identity, ticker)
            if market is not None:
                own = asked.rows(sandbox, market, left)
                left -= len(own)
                rows.append({"candlesticks": own, "market_ticker": ticker})
        return _answer({"markets": rows})

    return cached(request, build)


@router.get("/series/{series_ticker}/events/{ticker}/candlesticks", summary="Candles of the markets of one event")
async def event_candlesticks(request: Request, series_ticker: str, ticker: str) -> Response:
    asked = Range(request)

    def build(sandbox: Sandbox, _: float) -> str:
        event = listing.event_of(sandbox.identity, ticker)
        if event is None:
            raise listing.not_found()
        shared = shared_of(sandbox.identity, event)
        if shared.text.series.ticker != series_ticker:
            raise listing.not_found()
        legs = range(len(shared.text.legs))
        rows = [asked.rows(sandbox, MarketId(event.slot, event.generation, index)) for index in legs]
        tickers = [market_ticker(shared, index) for index in legs]
        last = min(asked.end, int(sandbox.clock()))
        return _answer({"adjusted_end_ts": last, "market_candlesticks": rows, "market_tickers": tickers})

    return cached(request, build)


@router.get("/markets/trades", summary="Trades of the live tier, newest first")
async def trades(request: Request) -> Response:
    return cached(request, lambda sandbox, _: _trades(sandbox, request, historical=False))


@router.get("/historical/trades", summary="Trades before the cut-off, newest first")
async def historical_trades(request: Request) -> Response:
    return cached(request, lambda sandbox, _: _trades(sandbox, request, historical=True))


def _trades(sandbox: Sandbox, request: Request, historical: bool) -> str:
    params = request.query_params
    limit = listing.limit_of(params, 100, 1000)
    after = cursors.decoded(params["cursor"]) if params.get("cursor") else None
    now = sandbox.clock()
    cutoff = _cutoff(now)
    until = min(cutoff if historical else now, float(listing.integer(params, "max_ts") or now))
    since = max(0.0 if historical else cutoff, float(listing.integer(params, "min_ts") or 0))
    quantum = float(sandbox.settings.sandbox_quote_seconds)
    if after is not None:
        until = min(until, after[0])
    ticker = params.get("ticker")
    if ticker:
        listed = markets_at(sandbox.world, known_markets(sandbox, [ticker]), now)
        found = trades_of(listed, until, quantum, since)
    else:
        listed = markets_of(listed_events(sandbox.world, KALSHI, until, past=1))
        found = latest_trades(listed, until, 4 * limit, quantum)
    flags = (found.moment >= since) & (found.moment <= until)
    if after is not None:
        flags &= found.moment < after[0]
    found = found.take(np.flatnonzero(flags))
    page = found.take(np.arange(min(limit, len(found))))
    cursor = cursors.encoded((float(page.moment[-1]), 0)) if len(found) > limit else ""
    return f'{{"cursor":"{cursor}","trades":[{",".join(_trade_rows(sandbox, listed, page))}]}}'


def _trade_rows(sandbox: Sandbox, listed: Markets, page: Trades) -> list[str]:
    tickers: dict[int, str] = {}
    written = []
    for row, place in enumerate(page.place.tolist()):
        if place not in tickers:
            events, event_row = listed.events, int(listed.row[place])
            event = EventId(int(events.slot[event_row]), int(events.generation[event_row]))
            tickers[place] = market_ticker(shared_of(sandbox.identity, event), int(listed.index[place]))
        written.append(_trade(tickers[place], page, row))
    return written


def _trade(ticker: str, page: Trades, row: int) -> str:
    price, number = int(page.price[row]), int(page.number[row])
    side, book = ("yes", "bid") if page.buys[row] else ("no", "ask")
    draw = scalar_hash(number, sum(ticker.encode()), int(page.moment[row]))
    moment = float(page.moment[row])
    return (
        f'{{"count_fp":"{float(page.size[row]):.2f}","created_time":"{with_fraction(moment, int(moment % 1 * 1e6))}",'
        f'"is_block_trade":false,"no_price_dollars":"{LONG[10_000 - price]}","taker_book_side":"{book}",'
        f'"taker_outcome_side":"{side}","taker_side":"{side}","ticker":"{ticker}",'
        f'"trade_id":"{UUID(int=(draw << 64) + scalar_hash(draw, number))}","yes_price_dollars":"{LONG[price]}"}}'
    )


def _cutoff(now: float) -> float:
    """Whole minutes, so that it does not run away from who pages."""
    return float(int(now - LIVE_SECONDS) // 60 * 60)


@router.get("/historical/cutoff", summary="Where the live tier ends")
async def cutoff(request: Request) -> Response:
    at = rfc3339(_cutoff(sandbox_of(request).clock()))
    return raw(_answer({"market_settled_ts": at, "orders_updated_ts": at, "trades_created_ts": at}))


@router.get("/historical/markets", summary="Markets settled before the cut-off")
async def historical_markets(request: Request) -> Response:
    params = request.query_params
    limit = listing.limit_of(params, 100, 1000)
    given = [name for name in ("tickers", "event_ticker", "series_ticker") if params.get(name)]
    if len(given) > 1:
        raise listing.bad_request("filters are mutually exclusive")

    def build(sandbox: Sandbox, moment: float) -> str:
        board, places = _historical(sandbox, moment, request)
        page, cursor = paged(board.market_ids, places, limit, params.get("cursor"))
        return f'{{"cursor":"{cursor}","markets":[{",".join(board.market_rows(page))}]}}'

    return cached(request, build)


def _historical(sandbox: Sandbox, moment: float, request: Request) -> tuple[Board, Ints]:
    params = request.query_params
    tickers, event_ticker = params.get("tickers"), params.get("event_ticker")
    if tickers:
        wanted = known_markets(sandbox, tickers.split(","))
    elif event_ticker:
        event = listing.event_of(sandbox.identity, event_ticker)
        size = int(sandbox.world.size[event.slot]) if event else 0
        wanted = [MarketId(event.slot, event.generation, index) for index in range(size)] if event else []
    else:
        board = board_for(sandbox, moment, "settled")
        flags = board.historical & listing.chosen_series(board, params)[board.markets.row]
        return board, np.flatnonzero(flags)
    board = board_of_markets(sandbox, moment, wanted)
    if not len(board.events.slot):
        return board, np.empty(0, dtype=np.int64)
    places = listing.places_of(board, wanted)
    return board, places[board.historical[places]]


@router.get("/historical/markets/{ticker}", summary="One market settled before the cut-off")
async def historical_market(request: Request, ticker: str) -> Response:
    def build(sandbox: Sandbox, moment: float) -> str:
        board, index = _one_historical(sandbox, moment, ticker)
        [row] = board.market_rows(np.array([index]))
        return f'{{"market":{row}}}'

    return cached(request, build)


def _one_historical(sandbox: Sandbox, moment: float, ticker: str) -> tuple[Board, int]:
    market = listing.market_of(sandbox.identity, ticker)
    board = board_of_markets(sandbox, moment, [market] if market else [])
    if market is None or not len(board.events.slot) or not bool(board.historical[market.index]):
        raise listing.not_found()
    return board, market.index


@router.get("/historical/markets/{ticker}/candlesticks", summary="Candles under their old names")
async def historical_candlesticks(request: Request, ticker: str) -> Response:
    asked = Range(request)

    def build(sandbox: Sandbox, moment: float) -> str:
        board, index = _one_historical(sandbox, moment, ticker)
        found = asked.candles(sandbox, _id(board, index), CANDLES_MAX)
        return _answer({"candlesticks": [_old_candle(candle) for candle in found], "ticker": ticker})

    return cached(request, build)


@router.get("/exchange/status", summary="Whether the exchange trades, by shard")
async def exchange_status() -> Response:
    active = {"exchange_active": True, "trading_active": True, "intra_exchange_transfers_active": True}
    shards = ((0, "Default"), (2, "Crypto"), (3, "Sports"))
    rows = [{"exchange_index": number, "description": name, **active} for number, name in shards]
    return raw(_answer({**active, "exchange_index_statuses": rows}))


@router.get("/exchange/schedule", summary="Hours and maintenance, US Eastern time")
async def exchange_schedule() -> Response:
    all_day = [{"close_time": "00:00", "open_time": "00:00"}]
    pause = [{"close_time": "03:00", "open_time": "00:00"}, {"close_time": "00:00", "open_time": "05:00"}]
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    hours = {name: pause if name == "thursday" else all_day for name in days}
    standard = [{"start_time": "2024-12-01T00:00:00Z", "end_time": "2200-12-01T00:00:00Z", **hours}]
    return raw(_answer({"schedule": {"maintenance_windows": [], "standard_hours": standard}}))
