"""A season that is over: entrants of known skill, what they forecast and staked, and how all of it ended."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any
from uuid import UUID, uuid5

import numpy as np
from sqlalchemy import Connection, text

from shared.copy_text import copied_json, copied_row
from shared.database import Database, copy_rows

DAWN = datetime(2026, 6, 1, 12, tzinfo=UTC)
SPACE = UUID("6f1c1a34-6d0e-4e77-9d7a-2b8a2f1f5c11")
CASH = Decimal(100_000)
STAKE = Decimal(1_000)
CENT = Decimal("0.01")
SPREAD = Decimal("0.02")
PROMPT = [{"role": "user", "content": "Will it freeze?"}]
ANSWER = "It will, I think."


@dataclass(frozen=True)
class Entrant:
    """`noise` is the standard deviation of its error in log-odds; the crowd's is that of the season."""

    name: str
    strategy_type: str = "ai_model"
    noise: float | None = 0.5  # none: it does not forecast, and bets as `bets` says
    bets: str = "edge"  # edge, always_no, random, never
    null_kind: str | None = None
    events: int | None = None  # that it meets; none: all


@dataclass
class Season:
    portfolios: dict[str, int] = field(default_factory=dict)
    models: dict[str, UUID] = field(default_factory=dict)
    probabilities: dict[str, list[tuple[Decimal, Decimal, int]]] = field(default_factory=dict)  # own, crowd, outcome
    pnl: dict[str, Decimal] = field(default_factory=dict)
    sessions: list[UUID] = field(default_factory=list)


@dataclass(frozen=True)
class Market:
    number: int
    event: int
    decided_at: datetime
    truth: float
    bid: Decimal
    ask: Decimal
    outcome: str

    @property
    def settled_at(self) -> datetime:
        return self.decided_at + timedelta(hours=6)


@dataclass(frozen=True)
class Purchase:
    bet: int
    market: Market
    owner: dict[str, int]  # portfolio and market
    side: str
    price: Decimal
    quantity: Decimal
    gross: Decimal  # that it paid in the end


class Tables:
    """Rows that are written table by table, in one COPY each."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def add(self, table: str, row: dict[str, Any]) -> None:
        self.rows.setdefault(table, []).append(row)

    def write(self, connection: Connection) -> None:
        for table in _ORDER:
            rows = self.rows.get(table)
            if not rows:
                continue
            columns = list(rows[0])
            lines = [copied_row([_value(row[name]) for name in columns]) for row in rows]
            copy_rows(connection, table, columns, lines)


def play(
    database: Database,
    entrants: Sequence[Entrant],
    events: int,
    *,
    seed: int = 7,
    crowd_noise: float = 0.4,
    markets_an_event: int = 1,
) -> Season:
    """Everybody meets the events in their order, one an hour; each bet costs about a thousand dollars at the best
    price, without fees."""
    random = np.random.default_rng(seed)
    season, tables = Season(), Tables()
    markets = _markets(tables, random, events, markets_an_event, crowd_noise)
    for number, entrant in enumerate(entrants, start=1):
        _enter(tables, season, number, entrant)
        held = [market for market in markets if entrant.events is None or market.event <= entrant.events]
        _compete(tables, season, number, entrant, held, random)
    with database.transaction() as connection:
        tables.write(connection)
        _restart(connection)
    return season


def _markets(
    tables: Tables, random: np.random.Generator, events: int, markets_an_event: int, crowd_noise: float
) -> list[Market]:
    markets: list[Market] = []
    for event in range(1, events + 1):
        for _ in range(markets_an_event):
            number, at = len(markets) + 1, DAWN + timedelta(hours=event)
            log_odds = random.normal(0, 1.2)
            truth = _probability(log_odds)
            mid = min(max(_price(_probability(log_odds + random.normal(0, crowd_noise))), CENT * 4), 1 - CENT * 4)
            outcome = "yes" if random.random() < truth else "no"
            markets.append(Market(number, event, at, truth, mid - SPREAD / 2, mid + SPREAD / 2, outcome))
            _tell(tables, markets[-1])
    return markets


def _tell(tables: Tables, market: Market) -> None:
    at, number = market.decided_at, market.number
    stamps = {"created_at": at, "updated_at": market.settled_at}
    row = {"market_no": number, "market_id": f"polymarket:{number}", "platform": "polymarket"}
    facts = {"external_id": str(number), "event_id": f"polymarket:event-{market.event}", "question": "Will it freeze?"}
    said = {"market_type": "binary", "status": "final", "placeholder": False, "outcome": market.outcome}
    payout = Decimal(market.outcome == "yes")
    rest = {"facts_hash": b"", "content_hash": b"", "volume_unit": "usd", "valid_from": at, "tick_size": CENT}
    tables.add(
        "markets",
        {**row, **facts, **said, "payout_yes": payout, **rest, "settled_at": market.settled_at, **stamps},
    )
    event = {"event_id": _id("event", number), "market_no": number, "status": "settled", "origin": "selection"}
    shown = {"selection_date": at.date(), "title": "Ice", "question": "Will it freeze?", "chosen_for": {}}
    tables.add("arena_events", {**event, **shown, "close_time": at + timedelta(hours=3), **stamps})
    word = {"market_no": number, "version": 1, "result": market.outcome, "payout_yes": payout}
    tables.add("market_settlements", {**word, "recorded_at": market.settled_at})


def _enter(tables: Tables, season: Season, number: int, entrant: Entrant) -> None:
    season.portfolios[entrant.name] = number
    season.pnl[entrant.name] = Decimal(0)
    stamps = {"created_at": DAWN, "updated_at": DAWN}
    config: dict[str, Any] = {"entrant": entrant.null_kind} if entrant.null_kind else {}
    if entrant.strategy_type == "ai_model":
        config = {"model": entrant.name, "sizing": {"method": "fixed", "amount": str(STAKE)}}
        season.models[entrant.name] = _id("model", number)
        row = {"model_id": _id("model", number), "external_id": entrant.name, "name": entrant.name, "kind": "model"}
        shown = {"openrouter_model": f"test/{entrant.name}", "color": "bg", "text_color": "text", "avatar": "AA"}
        told = {"sighted": True, "enabled": True, "removed": False, "portfolio_id": number}
        tables.add("ai_models", {**row, **shown, **told, **stamps})
    tables.add("cash_entries", _ENTRY | {"portfolio_id": number, "kind": "deposit", "amount": CASH})
    row = {"portfolio_id": number, "name": entrant.name, "strategy_type": entrant.strategy_type}
    figures = dict.fromkeys(_SUMS, Decimal(0))
    counts = {"open_positions": 0, "trade_count": 0, "frequency": "every_cycle", "status": "active"}
    money = {"initial_balance": CASH, "current_balance": CASH}
    tables.add("portfolios", {**row, "strategy_config": config, **money, **figures, **counts, **stamps})


def _compete(
    tables: Tables,
    season: Season,
    number: int,
    entrant: Entrant,
    markets: Sequence[Market],
    random: np.random.Generator,
) -> None:
    for market in markets:
        probability = None
        if entrant.noise is not None:
            error = random.normal(0, entrant.noise) if entrant.noise else 0.0
            probability = _price(_probability(np.log(market.truth / (1 - market.truth)) + error))
        side = _side(entrant.bets, probability, market, random)
        bet = None if side is None else _bet(tables, season, number, entrant, market, side, probability)
        if entrant.strategy_type == "ai_model":
            assert probability is not None
            crowd = (market.bid + market.ask) / 2
            outcome = int(market.outcome == "yes")
            season.probabilities.setdefault(entrant.name, []).append((probability, crowd, outcome))
            _session(tables, season, number, market, side, probability, bet)


def _side(bets: str, probability: Decimal | None, market: Market, random: np.random.Generator) -> str | None:
    match bets:
        case "never":
            return None
        case "always_no":
            return "no"
        case "random":
            return "yes" if random.random() < 0.5 else "no"
    assert probability is not None
    return "yes" if probability > market.ask else "no" if probability < market.bid else None


def _session(
    tables: Tables,
    season: Season,
    number: int,
    market: Market,
    side: str | None,
    probability: Decimal,
    bet: int | None,
) -> None:
    session_id = _id("session", number * 1_000_000 + market.number)
    season.sessions.append(session_id)
    at = market.decided_at
    row = {"session_id": session_id, "event_id": _id("event", market.number), "model_id": _id("model", number)}
    asked = {"prompt": PROMPT, "answer": ANSWER, "prompt_version": "1", "asked_at": at, "model_version": "test-1"}
    quote = {"quoted_at": at, "yes_bid": market.bid, "yes_ask": market.ask}
    levels = {"bids": [[market.bid, Decimal(50_000)]], "asks": [[market.ask, Decimal(50_000)]]}
    crowd = {"crowd_probability": (market.bid + market.ask) / 2, "book": levels}
    decided = {"final_position": "ABSTAIN" if side is None else side.upper(), "probability": probability}
    sure = {"confidence_score": None if side is None else Decimal("0.7"), "against_own_probability": False}
    placed = {"signal_id": bet, "bet_amount": None if bet is None else STAKE, "reasoning_summary": "Ice."}
    stamps = {"started_at": at, "completed_at": at, "created_at": at, "updated_at": at}
    tables.add(
        "betting_sessions",
        {
            **row,
            "portfolio_id": number,
            "market_no": market.number,
            "status": "completed",
            **asked,
            **quote,
            **crowd,
            **decided,
            **sure,
            **placed,
            **stamps,
        },
    )


def _bet(
    tables: Tables,
    season: Season,
    number: int,
    entrant: Entrant,
    market: Market,
    side: str,
    probability: Decimal | None,
) -> int:
    bet = len(tables.rows.get("trades", [])) + 1
    price = market.ask if side == "yes" else 1 - market.bid
    quantity = (STAKE / price).quantize(CENT, ROUND_DOWN)
    cost = quantity * price
    gross = quantity if market.outcome == side else Decimal(0)
    owner = {"portfolio_id": number, "market_no": market.number}
    bought = Purchase(bet, market, owner, side, price, quantity, gross)
    _write_purchase(tables, bought, entrant, probability)
    _write_payment(tables, bought)
    portfolio = tables.rows["portfolios"][number - 1]
    portfolio["current_balance"] += gross - cost
    portfolio["realized_pnl"] += gross - cost
    portfolio["execution_cost"] += quantity * CENT
    portfolio["trade_count"] += 1
    season.pnl[entrant.name] += gross - cost
    return bet


def _write_purchase(tables: Tables, bought: Purchase, entrant: Entrant, probability: Decimal | None) -> None:
    bet, owner, side, price, quantity = bought.bet, bought.owner, bought.side, bought.price, bought.quantity
    at, cost, number = bought.market.decided_at, quantity * price, owner["portfolio_id"]
    tables.add(
        "signal_generations",
        {"generation_id": bet, "portfolio_id": number, "strategy_type": entrant.strategy_type, **_CONSIDERED}
        | {"created_at": at},
    )
    wanted = {"signal_id": bet, "generation_id": bet, **owner, "action": f"buy_{side}", "amount": STAKE}
    said = {"limit_price": price, "order_kind": "ioc", "probability": probability, "reason": "Ice."}
    kept = {"strategy_type": entrant.strategy_type, "created_at": at, "expires_at": at, "executed": True}
    tables.add("trading_signals", {**wanted, **said, **kept})
    tables.add("decisions", {"decision_id": bet, "signal_id": bet, **owner, "outcome": "filled", "decided_at": at})
    filled = {"trade_id": bet, "decision_id": bet, **owner, "action": f"buy_{side}", "quantity": quantity}
    paid = {"price": price, "cost": cost, "fee": Decimal(0), "merged": Decimal(0), "realized_pnl": Decimal(0)}
    graded = {"levels": [[price, quantity, 0]], "mid_price": price - SPREAD / 2, "execution_cost": quantity * CENT}
    tables.add(
        "trades",
        {**filled, **paid, **graded, "fee_schedule": {}, "book": {}, "book_at": at, "executed_at": at},
    )
    tables.add("cash_entries", {**_ENTRY, "portfolio_id": number, "kind": "trade", "amount": -cost, "trade_id": bet})


def _write_payment(tables: Tables, bought: Purchase) -> None:
    bet, market, owner, side, gross = bought.bet, bought.market, bought.owner, bought.side, bought.gross
    at, price, quantity, number = market.decided_at, bought.price, bought.quantity, owner["portfolio_id"]
    cost, won = quantity * price, gross > 0
    over = {"quantity": Decimal(0), "entry_price": price, "cost": Decimal(0), "fees": Decimal(0)}
    marks = {"mark_stale": False, "liquidation_value": Decimal(0), "unrealized_pnl": Decimal(0), "status": "settled"}
    tables.add(
        "portfolio_positions",
        {"position_id": bet, **owner, "outcome": side, **over, "realized_pnl": gross - cost, **marks}
        | {"opened_at": at, "closed_at": market.settled_at},
    )
    payment = {"settlement_id": bet, **owner, "position_id": bet, "version": 1, "outcome": side}
    amounts = {"quantity": quantity, "cost": cost, "gross": gross, "amount": gross}
    standing = {"standing": "won" if won else "lost", "settled_at": market.settled_at}
    tables.add("settlements", {**payment, **amounts, **standing})
    if gross:
        entry = {"portfolio_id": number, "kind": "settlement", "amount": gross, "settlement_id": bet}
        tables.add("cash_entries", {**_ENTRY, **entry})


_ORDER = (  # each after those that it names
    "markets",
    "portfolios",
    "ai_models",
    "arena_events",
    "market_settlements",
    "signal_generations",
    "trading_signals",
    "decisions",
    "trades",
    "portfolio_positions",
    "settlements",
    "cash_entries",
    "betting_sessions",
    "sealed_forecasts",
)
_ENTRY: dict[str, Any] = {"trade_id": None, "settlement_id": None, "created_at": DAWN}
_CONSIDERED = {"markets_considered": 1, "markets_matched": 1, "signals_generated": 1, "abstentions": {}}
_SUMS = (
    "reserved_balance",
    "owed",
    "total_invested",
    "liquidation_value",
    "realized_pnl",
    "unrealized_pnl",
    "fees_paid",
    "execution_cost",
)
_COUNTED = (
    ("portfolios", "portfolio_id"),
    ("signal_generations", "generation_id"),
    ("trading_signals", "signal_id"),
    ("decisions", "decision_id"),
    ("trades", "trade_id"),
    ("portfolio_positions", "position_id"),
    ("settlements", "settlement_id"),
)


def _restart(connection: Connection) -> None:
    """Who writes on goes on counting after these rows."""
    for table, key in _COUNTED:
        query = f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'), greatest(max({key}), 1)) FROM {table}"
        connection.execute(text(query))


def _probability(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))


def _price(probability: float) -> Decimal:
    return min(max(Decimal(str(round(probability, 2))), CENT), 1 - CENT)


def _id(kind: str, number: int) -> UUID:
    return uuid5(SPACE, f"{kind} {number}")


def _value(value: Any) -> Any:
    if isinstance(value, dict | list):
        return copied_json(value)
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if type(value) is date else value
