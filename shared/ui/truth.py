"""The ribbon of truth that no page hides: what is simulated, and how old the data are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_FLAGS = text("""
SELECT 'venue' AS kind, simulated FROM platforms
UNION ALL SELECT 'model', simulated FROM ai_models WHERE kind = 'model' AND enabled
""")
_COLLECTED = text("SELECT max(finished_at) FROM market_syncs WHERE status IN ('success', 'partial')")


@dataclass(frozen=True, slots=True)
class Truth:
    words: str
    simulated: bool
    data_at: datetime | None = None  # when markets were last collected; none: never


WHOLE_WORLD = Truth("SIMULATED WORLD", simulated=True)


def truth_of(connection: Connection) -> Truth:
    rows = connection.execute(_FLAGS).all()
    venues = {row.simulated for row in rows if row.kind == "venue" and row.simulated is not None}
    models = {row.simulated for row in rows if row.kind == "model" and row.simulated is not None}
    return Truth(said_of(venues, models), True in venues | models, connection.execute(_COLLECTED).scalar())


def said_of(venues: Iterable[bool], models: Iterable[bool]) -> str:
    """Flags of the venues that were reached and of the models that answered."""
    of_venues, of_models = frozenset(venues), frozenset(models)
    if not of_venues:
        return "NO DATA YET"
    parts = [
        {frozenset({True}): "SIMULATED VENUES", frozenset({False}): "LIVE DATA"}.get(
            of_venues, "LIVE AND SIMULATED VENUES"
        )
    ]
    if True in of_models:
        parts.append("SIMULATED MODELS" if of_models == {True} else "REAL AND SIMULATED MODELS")
    if of_venues == {False}:
        parts.append("PAPER MONEY")
    return " · ".join(parts)
