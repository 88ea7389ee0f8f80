"""Signals for portfolios: one read of what they hold, the rule for each behind a wall, one write of what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from traceback import extract_tb
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError

from services.strategy.domain.config import StrategyConfig
from services.strategy.domain.pool import Pool
from services.strategy.domain.rules import Rule
from services.strategy.domain.signals import Opinion, Signal
from services.strategy.resources import ABSTENTIONS, FAILURES, SIGNALS, Resources
from services.strategy.storage import answers, portfolios
from services.strategy.storage.collections import rhythm
from services.strategy.storage.portfolios import Stored
from shared.errors import Conflict, NotFound, Problem
from shared.signals import Generation, NewSignal, answered_generations, write_generations
from shared.topology import OWN_FOLDER, STRATEGIES
from shared.trading import config_schema as schemas

log = structlog.get_logger()

WRITE_TRIES = 4
TOLD_MAX = 300  # characters of what a rule raised
RULES_STAND_IN = (OWN_FOLDER, Path(__file__).parent / "domain")


class PortfolioNotFound(NotFound):
    """There is no portfolio {portfolio_id}."""


class PortfolioClosed(Conflict):
    """Portfolio {portfolio_id} is closed and does not trade any more."""


class WrongController(Conflict):
    """Portfolio {portfolio_id} is of the strategy {strategy_type}: ask {service}."""


class UnusableConfig(Conflict):
    """The configuration of portfolio {portfolio_id} cannot be used: {wrong}."""


class RuleFailed(Problem):
    """The rule failed for portfolio {portfolio_id}: {why}."""

    status = 500


@dataclass(frozen=True, slots=True)
class Asked:
    portfolio_ids: Sequence[int]
    cycle_id: UUID | None = None
    dry_run: bool = False


@dataclass
class Answers:
    """By portfolio: what is answered, or what has to change first."""

    found: dict[int, dict[str, Any] | Problem] = field(default_factory=dict)

    def in_order(self, asked: Asked) -> list[dict[str, Any] | Problem]:
        return [self.found[portfolio_id] for portfolio_id in asked.portfolio_ids]


def generate(here: Resources, asked: Asked, now: datetime) -> list[dict[str, Any] | Problem]:
    """One entry for each portfolio, in the order in which they were asked for."""
    said = Answers()
    if asked.cycle_id is not None and not asked.dry_run:
        said.found.update(_answered(here, asked.cycle_id, asked.portfolio_ids))
    stored: dict[int, Stored] = {}
    wanted = [number for number in dict.fromkeys(asked.portfolio_ids) if number not in said.found]
    if wanted:
        pool = here.pool(now)
        with here.database.connection() as connection:
            stored = portfolios.portfolios(connection, wanted, now)
        opinions: dict[int, Opinion] = {}
        for number in wanted:
            opinion = _opinion(here, pool, stored.get(number), number, asked.dry_run, now)
            if isinstance(opinion, Problem):
                said.found[number] = opinion
                FAILURES.labels(here.strategy, opinion.name).inc()
            else:
                opinions[number] = opinion
        said.found.update(_write(here, asked, opinions, now))
    _add_notes(here, said, stored, now)
    return said.in_order(asked)


def _opinion(
    here: Resources, pool: Pool, stored: Stored | None, number: int, dry_run: bool, now: datetime
) -> Opinion | Problem:
    """The rule's own answer. What fails here fails for this portfolio alone. One that is paused has none, unless it is
    asked what it would say."""
    if stored is None:
        return PortfolioNotFound(portfolio_id=number)
    if stored.status == "closed":
        return PortfolioClosed(portfolio_id=number)
    if stored.strategy_type != here.strategy:
        right = STRATEGIES.get(stored.strategy_type)
        service = right.name if right else "the service that runs it"
        return WrongController(portfolio_id=number, strategy_type=stored.strategy_type, service=service)
    if stored.status == "paused" and not dry_run:
        opinion = Opinion(considered=len(pool))
        opinion.abstain("portfolio_paused", len(pool))
        return opinion
    try:
        config = here.config(stored.config, here.rule.config.model_validate_json)
        opinion = here.rule.decide(pool, stored.portfolio, config, now)
        return RuleFailed(portfolio_id=number, why=wrong) if (wrong := _unsound(opinion)) else opinion
    except ValidationError as error:
        return UnusableConfig(portfolio_id=number, wrong=wrong_fields(error)[0])
    except Exception as error:
        log.exception("rule_failed", portfolio_id=number, strategy=here.strategy)
        return RuleFailed(portfolio_id=number, why=_told(error))


def _unsound(opinion: object) -> str | None:
    """What no rule may answer, and the database would refuse for all portfolios of the answer."""
    if not isinstance(opinion, Opinion):
        return f"it answered {type(opinion).__name__} where an Opinion is expected"
    for signal in opinion.signals:
        for name in ("probability", "confidence", "limit_price"):
            value = getattr(signal, name)
            if value is not None and not 0 <= value <= 1:
                return f"it says a {name.replace('_', ' ')} of {value} for market {signal.market_no}, beyond 0 to 1"
    return None


def _told(error: Exception) -> str:
    """With the line of the rule that went wrong."""
    frames = [frame for frame in extract_tb(error.__traceback__) if Path(frame.filename).parent in RULES_STAND_IN]
    own = [frame for frame in frames if Path(frame.filename).parent == OWN_FOLDER] or frames
    where = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    said = " ".join(str(error).split())[:TOLD_MAX]
    return f"{type(error).__name__}: {said}{where}" if said else f"{type(error).__name__}{where}"


def _add_notes(here: Resources, said: Answers, known: Mapping[int, Stored], now: datetime) -> None:
    """What stands in the way of a portfolio now; it is no part of the stored answer."""
    answered = {number: answer for number, answer in said.found.items() if not isinstance(answer, Problem)}
    if not here.rule.history:
        return
    unread = [number for number in answered if number not in known]
    with here.database.connection() as connection:
        every = rhythm(connection)
        read = portfolios.portfolios(connection, unread, now) if unread else {}
    for number, answer in answered.items():
        one = known.get(number) or read.get(number)
        if one is not None and (notes := notes_of(here, one.config, every)):
            answer["notes"] = notes


def notes_of(here: Resources, written: str, every: int | None) -> list[str]:
    """Of a configuration as it is written. `every` is the rhythm of the collections in minutes; what cannot be used has
    other troubles."""
    try:
        return here.rule.notes(here.config(written, here.rule.config.model_validate_json), every)
    except ValidationError:
        return []


def wrong_fields(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]


def _answered(here: Resources, cycle_id: UUID, portfolio_ids: Sequence[int]) -> dict[int, dict[str, Any] | Problem]:
    """What was answered in that cycle already, word for word."""
    with here.database.connection() as connection:
        rows = answered_generations(connection, cycle_id, portfolio_ids)
        signals = answers.signals_of(connection, [row["generation_id"] for row in rows.values()])
    return {
        number: _answer(
            number,
            cycle_id,
            row["markets_considered"],
            row["markets_matched"],
            signals.get(row["generation_id"], []),
            row["abstentions"],
        )
        for number, row in rows.items()
    }


def _write(
    here: Resources, asked: Asked, opinions: Mapping[int, Opinion], now: datetime
) -> dict[int, dict[str, Any] | Problem]:
    """All of them in one transaction. Whoever was quicker in the same cycle has answered already: his answer stands."""
    said: dict[int, dict[str, Any] | Problem] = {}
    left = dict(opinions)
    expires_at = now + timedelta(seconds=here.settings.signal_age_max)
    for turn in range(WRITE_TRIES):
        try:
            with here.database.transaction() as connection:
                numbers = {signal.market_no for opinion in left.values() for signal in opinion.signals}
                names = answers.market_ids(connection, sorted(numbers)) if numbers else {}
                ids: list[Sequence[int | None]] = [[None] * len(opinion.signals) for opinion in left.values()]
                if not asked.dry_run:
                    made = [_generation(here, asked, number, opinion) for number, opinion in left.items()]
                    ids = list(write_generations(connection, made, now, expires_at))
            break
        except IntegrityError:
            if turn + 1 == WRITE_TRIES:
                raise
            settled = _overtaken(here, asked, list(left))
            said.update(settled)
            left = {number: opinion for number, opinion in left.items() if number not in settled}
    for (number, opinion), own in zip(left.items(), ids, strict=True):
        shapes = [
            _shape(here, asked, number, signal, signal_id, names, now, expires_at)
            for signal, signal_id in zip(opinion.signals, own, strict=True)
        ]
        said[number] = _answer(
            number,
            asked.cycle_id,
            opinion.considered,
            opinion.matched,
            shapes,
            dict(sorted(opinion.abstentions.items())),
        )
        if not asked.dry_run:
            _count(here, opinion)
    return said


def _overtaken(here: Resources, asked: Asked, numbers: Sequence[int]) -> dict[int, dict[str, Any] | Problem]:
    """Those that somebody else has answered meanwhile, and those that are not there any more."""
    said = _answered(here, asked.cycle_id, numbers) if asked.cycle_id else {}
    with here.database.connection() as connection:
        there = portfolios.existing_ids(connection, numbers)
    return {**said, **{number: PortfolioNotFound(portfolio_id=number) for number in numbers if number not in there}}


def _generation(here: Resources, asked: Asked, number: int, opinion: Opinion) -> Generation:
    signals = [
        NewSignal(
            market_no=signal.market_no,
            action=signal.action,
            limit_price=signal.limit_price,
            reason=signal.reason,
            amount=signal.amount,
            quantity=signal.quantity,
            order_kind=signal.order_kind,
            confidence=signal.confidence,
            probability=signal.probability,
            group_id=signal.group_id,
            expires_at=signal.expires_at,
        )
        for signal in opinion.signals
    ]
    abstentions = dict(sorted(opinion.abstentions.items()))
    return Generation(number, here.strategy, asked.cycle_id, opinion.considered, opinion.matched, signals, abstentions)


def _shape(
    here: Resources,
    asked: Asked,
    number: int,
    signal: Signal,
    signal_id: int | None,
    names: Mapping[int, str],
    now: datetime,
    expires_at: datetime,
) -> dict[str, Any]:
    return answers.shape(
        signal_id=signal_id,
        market_id=names[signal.market_no],
        order_kind=signal.order_kind,
        group_id=signal.group_id,
        cycle_id=asked.cycle_id,
        portfolio_id=number,
        action=signal.action,
        amount=signal.amount,
        quantity=signal.quantity,
        limit_price=signal.limit_price,
        confidence=signal.confidence,
        probability=signal.probability,
        reason=signal.reason,
        strategy_type=here.strategy,
        created_at=now,
        expires_at=signal.expires_at or expires_at,
        executed=False,
    )


def _answer(
    number: int,
    cycle_id: UUID | None,
    considered: int,
    matched: int,
    signals: Sequence[Mapping[str, Any]],
    abstentions: Mapping[str, int],
) -> dict[str, Any]:
    return {
        "portfolio_id": number,
        "cycle_id": cycle_id,
        "markets_considered": considered,
        "markets_matched": matched,
        "signals_generated": len(signals),
        "signals": signals,
        "abstentions": abstentions,
    }


def _count(here: Resources, opinion: Opinion) -> None:
    for signal in opinion.signals:
        SIGNALS.labels(here.strategy, signal.action).inc()
    for reason, count in opinion.abstentions.items():
        ABSTENTIONS.labels(here.strategy, reason).inc(count)


def config_schema(rule: Rule) -> dict[str, Any]:
    """What `strategy_config` may hold, as JSON Schema."""
    config: type[StrategyConfig] = rule.config
    return schemas.config_schema(config)
