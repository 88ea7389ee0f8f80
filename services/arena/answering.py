"""The arena as a strategy controller: what the models of these portfolios have decided since it was last asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from services.arena.placing import AI_MODEL, Placed, signal_of, stakes_of
from services.arena.resources import Resources
from services.arena.storage import answers, bets
from services.arena.storage.answers import Counted, Portfolio
from shared.errors import Conflict, NotFound, Problem
from shared.signals import Generation, answered_generations, write_generations

WRITE_TRIES = 4
FAILED = "session_failed"


class PortfolioNotFound(NotFound):
    """There is no portfolio {portfolio_id}."""


class PortfolioClosed(Conflict):
    """Portfolio {portfolio_id} is closed and does not trade any more."""


class WrongController(Conflict):
    """Portfolio {portfolio_id} is of the strategy {strategy_type}, and not of a model: ask its own controller."""


class ModelFailed(Problem):
    """Every session of the model failed since it was last asked: {why}."""

    status = 502


@dataclass(frozen=True, slots=True)
class Asked:
    portfolio_ids: Sequence[int]
    cycle_id: UUID | None = None
    dry_run: bool = False


def generate(here: Resources, asked: Asked) -> list[dict[str, Any] | Problem]:
    """One entry for each portfolio, in the order in which they were asked for. Where all sessions of a portfolio
    failed the answer is an error, so that a cycle without a single answer of a model is no success."""
    wanted = list(dict.fromkeys(asked.portfolio_ids))
    with here.database.connection() as connection:
        known = answers.portfolios(connection, wanted)
    found: dict[int, dict[str, Any] | Problem] = {
        number: problem for number in wanted if (problem := _unfit(known.get(number), number)) is not None
    }
    usable = [number for number in wanted if number not in found]
    if asked.dry_run:
        found |= _would_be(here, usable)
    elif usable:
        found |= _written(here, usable, asked.cycle_id)
    return [found[number] for number in asked.portfolio_ids]


def _unfit(portfolio: Portfolio | None, number: int) -> Problem | None:
    if portfolio is None:
        return PortfolioNotFound(portfolio_id=number)
    if portfolio.status == "closed":
        return PortfolioClosed(portfolio_id=number)
    if portfolio.strategy_type != AI_MODEL:
        return WrongController(portfolio_id=number, strategy_type=portfolio.strategy_type)
    return None


def _written(
    here: Resources, portfolio_ids: Sequence[int], cycle_id: UUID | None
) -> dict[int, dict[str, Any] | Problem]:
    """Somebody may ask for the same cycle at the same time: then theirs is the answer."""
    for attempt in range(WRITE_TRIES):
        try:
            generation_ids = _write(here, portfolio_ids, cycle_id, here.clock())
            break
        except IntegrityError:
            if attempt == WRITE_TRIES - 1:
                raise
    with here.database.connection() as connection:
        return {number: _answer(row) for number, row in answers.generations(connection, generation_ids).items()}


def _write(here: Resources, portfolio_ids: Sequence[int], cycle_id: UUID | None, now: datetime) -> list[int]:
    age_max = timedelta(seconds=here.settings.signal_age_max)
    with here.database.transaction() as connection:
        there = {} if cycle_id is None else answered_generations(connection, cycle_id, portfolio_ids)
        missing = [number for number in portfolio_ids if number not in there]
        placed = stakes_of(connection, missing, age_max, now) if missing else {}
        counted = answers.uncounted_sessions(connection, missing)
        generations = [
            _generation(number, cycle_id, counted.get(number, ()), placed.get(number, Placed())) for number in missing
        ]
        numbers = write_generations(connection, generations, now, now + age_max)
        for number, own in zip(missing, numbers, strict=True):
            each = placed.get(number, Placed())
            bets.mark_placed(
                connection,
                [
                    (at.session_id, signal_id, bet.amount)
                    for (at, bet), signal_id in zip(each.signals, own, strict=True)
                ],
                [(at.session_id, no_bet.reason) for at, no_bet in each.no_bets],
                now,
            )
        newest = answers.newest_generations(connection, missing)
        answers.mark_counted(
            connection,
            [(session.session_id, newest[number]) for number in missing for session in counted.get(number, ())],
            now,
        )
    return [row["generation_id"] for row in there.values()] + list(newest.values())


def _generation(portfolio_id: int, cycle_id: UUID | None, counted: Sequence[Counted], placed: Placed) -> Generation:
    """Bets that were placed at once, when their session ended, count here too; abstentions by their reason."""
    reasons: dict[str, int] = {}
    no_bets = {at.session_id: no_bet.reason for at, no_bet in placed.no_bets}
    for session in counted:
        reason = session.abstention or no_bets.get(session.session_id)
        if reason is not None:
            reasons[reason] = reasons.get(reason, 0) + 1
    return Generation(
        portfolio_id,
        AI_MODEL,
        cycle_id,
        len(counted),
        len(counted) - sum(reasons.values()),
        [signal_of(bet) for _, bet in placed.signals],
        reasons,
    )


def _answer(row: dict[str, Any]) -> dict[str, Any] | Problem:
    failures = row.pop("failures")
    considered = row["markets_considered"]
    if considered and row["abstentions"].get(FAILED) == considered:
        return ModelFailed(why="; ".join(failures) or "see its sessions", portfolio_id=row["portfolio_id"])
    return row


def _would_be(here: Resources, portfolio_ids: Sequence[int]) -> dict[int, dict[str, Any] | Problem]:
    """As it would be answered now, with nothing written."""
    now = here.clock()
    age_max = timedelta(seconds=here.settings.signal_age_max)
    with here.database.connection() as connection:
        placed = stakes_of(connection, portfolio_ids, age_max, now)
        counted = answers.uncounted_sessions(connection, portfolio_ids)
        market_ids = answers.market_ids(
            connection, [at.market_no for each in placed.values() for at, _ in each.signals]
        )
        connection.rollback()
    found: dict[int, dict[str, Any] | Problem] = {}
    for number in portfolio_ids:
        each = placed.get(number, Placed())
        made = _generation(number, None, counted.get(number, ()), each)
        found[number] = {
            "portfolio_id": number,
            "cycle_id": None,
            "markets_considered": made.markets_considered,
            "markets_matched": made.markets_matched,
            "signals_generated": len(each.signals),
            "signals": [
                {
                    "signal_id": None,
                    "portfolio_id": number,
                    "market_id": market_ids[bet.market_no],
                    "action": bet.action,
                    "amount": bet.amount,
                    "limit_price": bet.limit_price,
                    "order": "ioc",
                    "confidence": bet.confidence,
                    "probability": bet.probability,
                    "reason": bet.reason,
                    "strategy_type": AI_MODEL,
                    "expires_at": bet.expires_at,
                }
                for _, bet in each.signals
            ],
            "abstentions": dict(made.abstentions),
        }
    return found
