"""What does not match: links of the chain against the rows they seal, and standings against what they come out as."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.arena.domain.seals import FIRST_HASH, Forecast, Link, crowd_of, document_of, hash_of

TOLERANCE = 1e-6  # of a figure that numpy computes: sums may be taken in another order
SHOWN_MAX = 500
SHOWN_OF_A_KIND = 100


@dataclass(frozen=True, slots=True)
class Disagreement:
    what: str
    where: str
    stored: Any
    computed: Any


@dataclass
class Findings:
    """Counts all of them and keeps the first ones."""

    total: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    shown: list[dict[str, Any]] = field(default_factory=list)

    def add(self, found: Disagreement) -> None:
        self.count(found.what, 1)
        if self.kinds[found.what] <= SHOWN_OF_A_KIND and len(self.shown) < SHOWN_MAX:
            self.shown.append(
                {"what": found.what, "where": found.where, "stored": found.stored, "computed": found.computed}
            )

    def count(self, what: str, times: int) -> None:
        if times <= 0:
            return
        self.total += times
        self.kinds[what] = self.kinds.get(what, 0) + times


@dataclass
class Chain:
    """Follows the chain from link to link."""

    seal_no: int = 0
    hash: str = FIRST_HASH

    def link(
        self, link: Link, forecast: Forecast, status: str, crowd: Decimal | None, known_at: datetime | None
    ) -> Iterator[Disagreement]:
        """`forecast` and `crowd` as the session's row holds them now; `known_at` is when the outcome was known."""
        where = f"seal {link.seal_no}, session {link.session_id}"
        if link.seal_no != self.seal_no + 1:
            yield Disagreement("seal_missing", where, link.seal_no, self.seal_no + 1)
        if link.previous_hash != self.hash:
            yield Disagreement("seal_previous_hash", where, link.previous_hash, self.hash)
        computed = hash_of(link.previous_hash, link.document)
        if link.hash != computed:
            yield Disagreement("seal_hash", where, link.hash, computed)
        if status != "completed":
            yield Disagreement("sealed_session_status", where, status, "completed")
        yield from _against_row(where, link.document, forecast)
        mid = crowd_of(forecast.yes_bid, forecast.yes_ask)  # of the quote that has just been held against the seal
        if crowd != mid:
            yield Disagreement("crowd_against_the_sealed_quote", where, crowd, mid)
        if known_at is not None and link.sealed_at >= known_at:
            yield Disagreement("sealed_after_the_outcome", where, link.sealed_at, known_at)
        if forecast.decided_at is not None and link.sealed_at < forecast.decided_at:
            yield Disagreement("sealed_before_the_decision", where, link.sealed_at, forecast.decided_at)
        self.seal_no, self.hash = link.seal_no, link.hash


def _against_row(where: str, document: str, forecast: Forecast) -> Iterator[Disagreement]:
    own = document_of(forecast)
    if document == own:
        return
    try:
        sealed = json.loads(document)
    except ValueError:
        yield Disagreement("sealed_document", where, document[:200], "canonical JSON")
        return
    row = json.loads(own)
    names = [name for name in row if not isinstance(sealed, dict) or sealed.get(name) != row[name]]
    for name in names:
        stored = sealed.get(name) if isinstance(sealed, dict) else None
        yield Disagreement(f"sealed_{name}", where, stored, row[name])
    if not names:
        yield Disagreement("sealed_document", where, document[:200], own[:200])


def differing(stored: Any, computed: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The leaves in which two figures differ, each with its path."""
    if isinstance(stored, Mapping) and isinstance(computed, Mapping):
        for name in sorted(stored.keys() | computed.keys()):
            yield from differing(stored.get(name), computed.get(name), f"{path}.{name}" if path else str(name))
    elif isinstance(stored, list) and isinstance(computed, list) and len(stored) == len(computed):
        for place, (one, other) in enumerate(zip(stored, computed, strict=True)):
            yield from differing(one, other, f"{path}[{place}]")
    elif not _alike(stored, computed):
        yield path, stored, computed


def _alike(stored: Any, computed: Any) -> bool:
    if isinstance(stored, float) or isinstance(computed, float):
        if stored is None or computed is None or isinstance(stored, str) or isinstance(computed, str):
            return False
        return bool(abs(stored - computed) <= TOLERANCE * max(1.0, abs(computed)))
    return bool(stored == computed)
