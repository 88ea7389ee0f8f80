"""From decisions to bets: each position becomes a signal once, and paper trading is asked to act on it at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import structlog
from sqlalchemy import Connection

from services.arena.domain.config import ModelConfig
from services.arena.domain.stakes import Bet, NoBet, Undecided, bet_of
from services.arena.resources import Resources
from services.arena.storage import bets, messages
from services.arena.storage.messages import NewMessage
from services.arena.storage.terms import terms_of
from shared.errors import Problem
from shared.feed import NewEntry, append_entries, wake
from shared.signals import Generation, NewSignal, write_generations

log = structlog.get_logger()

AI_MODEL = "ai_model"
EXECUTE_SECONDS = 60


@dataclass
class Placed:
    """What became of a portfolio's open positions."""

    signals: list[tuple[Undecided, Bet]] = field(default_factory=list)
    no_bets: list[tuple[Undecided, NoBet]] = field(default_factory=list)


def place(here: Resources, portfolio_ids: Sequence[int] | None = None) -> list[int]:
    """Writes the bets that are still to be placed, of all portfolios or of these; answers whose there were."""
    now = here.clock()
    with here.database.transaction() as connection:
        placed = stakes_of(connection, portfolio_ids, timedelta(seconds=here.settings.signal_age_max), now)
        generations = [
            Generation(
                portfolio_id,
                AI_MODEL,
                None,
                len(each.signals) + len(each.no_bets),
                len(each.signals),
                [signal_of(bet) for _, bet in each.signals],
                _counts(each.no_bets),
            )
            for portfolio_id, each in placed.items()
        ]
        numbers = write_generations(connection, generations, now, now + timedelta(seconds=here.settings.signal_age_max))
        for each, own in zip(placed.values(), numbers, strict=True):
            bets.mark_placed(
                connection,
                [
                    (position.session_id, number, signal.amount)
                    for (position, signal), number in zip(each.signals, own, strict=True)
                ],
                [(position.session_id, no_bet.reason) for position, no_bet in each.no_bets],
                now,
            )
    return [portfolio_id for portfolio_id, each in placed.items() if each.signals]


def stakes_of(
    connection: Connection, portfolio_ids: Sequence[int] | None, age_max: timedelta, now: datetime
) -> dict[int, Placed]:
    """Bets by portfolio, in the order of the decisions; each stake leaves less for the next one. The sessions are
    locked until the transaction ends, so that nobody else places them too."""
    positions = bets.unplaced_positions(connection, portfolio_ids)
    purses = bets.purses(connection, sorted({position.portfolio_id for position in positions}))
    configs: dict[int, ModelConfig] = {}
    left: dict[int, Decimal] = {}
    placed: dict[int, Placed] = {}
    for position in positions:
        purse = purses[position.portfolio_id]
        config = configs.setdefault(position.portfolio_id, ModelConfig.model_validate_json(purse.config))
        balance = left.setdefault(position.portfolio_id, purse.free)
        terms = terms_of(connection, position.market_no, now)
        bet = bet_of(position, config, balance, terms, now + age_max)
        own = placed.setdefault(position.portfolio_id, Placed())
        if isinstance(bet, NoBet):
            own.no_bets.append((position, bet))
        else:
            own.signals.append((position, bet))
            left[position.portfolio_id] = balance - bet.amount
    return placed


def signal_of(bet: Bet) -> NewSignal:
    return NewSignal(
        market_no=bet.market_no,
        action=bet.action,
        limit_price=bet.limit_price,
        reason=bet.reason,
        amount=bet.amount,
        confidence=bet.confidence,
        probability=bet.probability,
        expires_at=bet.expires_at,
    )


def execute(here: Resources, portfolio_ids: Sequence[int]) -> None:
    """Where paper trading is away the bets wait for the next cycle, or run out."""
    if not portfolio_ids:
        return
    try:
        here.paper.post(
            "/paper-trading/execute-signals", {"portfolio_ids": list(portfolio_ids)}, seconds=EXECUTE_SECONDS
        )
    except Problem as error:
        log.warning("bets_wait", portfolios=list(portfolio_ids), why=error.detail)


def tell_bets(here: Resources) -> int:
    """An action in the session's own messages for each bet that was acted on since the last time."""
    now = here.clock()
    with here.database.transaction() as connection:
        told = bets.untold_bets(connection)
        numbers = messages.last_numbers(connection, [bet.session_id for bet in told])
        rows = [_action(bet, numbers.get(bet.session_id, 0) + 1) for bet in told]
        messages.append_messages(connection, rows, now)
        entries = [_action_entry(bet, row) for bet, row in zip(told, rows, strict=True)]
        append_entries(connection, entries, now)
        bets.mark_told(connection, [bet.session_id for bet in told], now)
    if told:
        wake(here.database)
    return len(told)


def _action(bet: bets.ActedOn, number: int) -> NewMessage:
    side = "YES" if bet.action == "buy_yes" else "NO"
    if bet.quantity is None:
        return NewMessage(bet.session_id, number, "system", f"The bet on {side} was not placed: {bet.why}.")
    content = (
        f"Buys {_plain(bet.quantity)} {side} at {_plain(bet.price)} for {_plain(bet.paid)} dollars, fees included."
    )
    return NewMessage(bet.session_id, number, "action", content, "BUY", bet.paid, bet.quantity, bet.price)


def _action_entry(bet: bets.ActedOn, row: NewMessage) -> NewEntry:
    payload = {
        "event_id": bet.event_id,
        "session_id": bet.session_id,
        "model": bet.model,
        "sequence_number": row.sequence_number,
        "message_type": row.message_type,
        "content": row.content,
    }
    return NewEntry("message", payload, bet.portfolio_id, bet.market_no)


def _counts(no_bets: Sequence[tuple[Undecided, NoBet]]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for _, no_bet in no_bets:
        counts[no_bet.reason] = counts.get(no_bet.reason, 0) + 1
    return counts


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():,f}"
