"""Misbehaviour on request: which fault strikes which request, decided by counters and moments, never by chance."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from threading import Lock
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.sandbox.domain.identity import MarketId
from services.sandbox.domain.tally import Decree

Kind = Literal[
    "429",
    "status_500",
    "status_503",
    "latency",
    "timeout",
    "cut_json",
    "html_200",
    "missing_field",
    "mistyped_field",
    "duplicate_page",
    "reordered_page",
    "repeated_cursor",
    "stale_book",
    "no_book",
    "dispute",
    "void",
    "split",
    "correction",
    "venue_down",
    "402",
    "refusal",
    "malformed_decision",
    "cut_stream",
    "stream_error",
    "no_usage",
    "stall",
]
BOOK_KINDS = frozenset(("stale_book", "no_book"))
# Of the providers of models alone: how an answer goes wrong from within.
CHAT_KINDS = frozenset(("refusal", "malformed_decision", "cut_stream", "stream_error", "no_usage", "stall"))
DECREES: dict[str, Decree] = {"dispute": "dispute", "void": "void", "split": "split", "correction": "correction"}
VENUE_PATHS = {
    "polymarket": ("/gamma", "/clob", "/data"),
    "kalshi": ("/kalshi",),
    "openrouter": ("/openrouter",),
    "perplexity": ("/perplexity",),
}
COMPLETIONS = "/chat/completions"
CHAT_PATHS = VENUE_PATHS["openrouter"] + VENUE_PATHS["perplexity"]


class FaultOrder(BaseModel):
    """What to do wrong, where, how often and for how long."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    match: str = ""  # a part of the path; empty: every venue path
    share: float = Field(default=1.0, gt=0, le=1)  # of the requests that match
    count: int | None = Field(default=None, ge=1)  # ends after so many strikes
    seconds: float | None = Field(default=None, gt=0)  # ends after so long
    retry_after: int | None = Field(default=None, ge=0)  # 429, 503
    delay: float = Field(default=2.0, gt=0, le=600)  # latency, timeout, stall: seconds
    field: str | None = None  # missing_field, mistyped_field
    value: str | int | float | bool | list[str] | None = "not what it should be"  # mistyped_field
    age: float = Field(default=900, gt=0)  # stale_book: seconds
    market: str | None = None  # dispute, void, split, correction: a Gamma id, condition id or Kalshi ticker
    venue: Literal["polymarket", "kalshi", "openrouter", "perplexity"] | None = None  # venue_down


@dataclass
class Fault:
    number: int
    order: FaultOrder
    began: float
    target: MarketId | None = None
    seen: int = 0
    struck: int = 0

    def over(self, now: float) -> bool:
        order = self.order
        if order.seconds is not None and now >= self.began + order.seconds:
            return True
        return order.count is not None and self.struck >= order.count

    def meets(self, path: str) -> bool:
        if self.target is not None:
            return False
        if self.order.venue is not None and not path.startswith(VENUE_PATHS[self.order.venue]):
            return False
        if self.order.kind in CHAT_KINDS and not path.endswith(COMPLETIONS):
            return False
        if self.order.kind in BOOK_KINDS and path.startswith(CHAT_PATHS):
            return False
        return self.order.match in path

    def strikes(self) -> bool:
        """Evenly spread: of n matching requests ceil(n * share) are struck, the first one among them."""
        self.seen += 1
        due = self.struck < ceil(self.seen * self.order.share - 1e-9)
        self.struck += due
        return due


@dataclass
class Faults:
    on_change: Callable[[], None] = lambda: None
    _held: list[Fault] = field(default_factory=list)
    _number: int = 0
    _lock: Lock = field(default_factory=Lock)
    pages: dict[str, bytes] = field(default_factory=dict)  # the last page of each list, for duplicate_page

    def add(self, order: FaultOrder, target: MarketId | None, now: float) -> Fault:
        with self._lock:
            self._number += 1
            fault = Fault(self._number, order, now, target)
            self._held.append(fault)
        self.on_change()
        return fault

    def running(self, now: float) -> list[Fault]:
        with self._lock:
            over = [fault for fault in self._held if fault.over(now)]
            self._held = [fault for fault in self._held if not fault.over(now)]
            held = list(self._held)
        if any(fault.target for fault in over):
            self.on_change()
        return held

    def struck(self, path: str, now: float) -> list[FaultOrder]:
        """The faults that strike this request, counted."""
        if not self._held:
            return []
        running = self.running(now)
        with self._lock:
            return [fault.order for fault in running if fault.meets(path) and fault.strikes()]

    def decrees(self, now: float) -> dict[MarketId, Decree]:
        if not self._held:
            return {}
        return {fault.target: DECREES[fault.order.kind] for fault in self.running(now) if fault.target is not None}

    def clear(self) -> int:
        with self._lock:
            count = len(self._held)
            self._held = []
            self.pages.clear()
        self.on_change()
        return count
