"""When buying has to stop, and when it may go on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

API_FAILURES_MAX = 5  # calls for prices or books that fail one after the other
API_WINDOW = timedelta(minutes=10)  # failures that lie further apart do not belong together


@dataclass(frozen=True, slots=True)
class OpenBreaker:
    breaker_id: int
    portfolio_id: int | None  # none: all portfolios
    breaker_type: str
    reason: str
    triggered_at: datetime
    platforms: tuple[str, ...] = ()  # none: all venues

    def stops(self, platform: str) -> bool:
        """Whether nothing may be bought there. What takes risk off goes through in any case."""
        return not self.platforms or platform in self.platforms


@dataclass(frozen=True, slots=True)
class Trip:
    """A breaker that is to open."""

    portfolio_id: int | None
    breaker_type: str
    reason: str
    trigger_value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Day:
    """What is known of a portfolio's equity around the beginning of this day (UTC)."""

    portfolio_id: int
    equity: Decimal  # now
    loss_max: Decimal
    initial_balance: Decimal
    created_today: bool
    of_yesterday: Decimal | None  # the last snapshot of the day before
    first_of_today: Decimal | None  # the first point of the equity curve
    older: Decimal | None  # the newest snapshot before yesterday

    @property
    def start(self) -> tuple[Decimal, str]:
        """The equity nearest to 00:00 UTC that we know, and what it is."""
        if self.of_yesterday is not None:
            return self.of_yesterday, "yesterday's snapshot"
        if self.created_today:
            return self.initial_balance, "the initial balance"
        if self.first_of_today is not None:
            return self.first_of_today, "the first point of today"
        if self.older is not None:
            return self.older, "the newest snapshot there is"
        return self.initial_balance, "the initial balance"


def day_start(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def daily_loss(day: Day) -> Trip | None:
    start, source = day.start
    loss = start - day.equity
    if loss < day.loss_max:
        return None
    reason = f"{loss:.2f} dollars of equity are lost since 00:00 UTC, and the limit is {day.loss_max:.2f}"
    value = {"loss": loss, "limit": day.loss_max, "equity": day.equity, "equity_at_start": start, "start": source}
    return Trip(day.portfolio_id, "daily_loss_limit", reason, value)


def api_failures(failures: int, failures_max: int) -> Trip | None:
    if failures < failures_max:
        return None
    reason = f"{failures} calls for prices or books failed one after the other"
    return Trip(None, "api_failures", reason, {"failures": failures, "limit": failures_max})


def data_stale(newest: Mapping[str, datetime | None], age_max: timedelta, now: datetime) -> Trip | None:
    """`newest`: by venue, when it was last collected without an error; none: never, though it was tried."""
    stale = sorted(name for name, at in newest.items() if at is None or now - at > age_max)
    if not stale:
        return None
    seconds = int(age_max.total_seconds())
    reason = f"{' and '.join(stale)} {'was' if len(stale) == 1 else 'were'} not collected for {seconds} seconds"
    return Trip(None, "data_stale", reason, {"platforms": stale, "age_max_seconds": seconds})
