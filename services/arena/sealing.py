"""Seals a forecast: one more link of the chain, in the transaction of the decision itself."""

from datetime import datetime

from sqlalchemy import Connection

from services.arena.domain.seals import Forecast, Link, document_of, hash_of
from services.arena.storage import seals


def seal(connection: Connection, forecast: Forecast, now: datetime) -> int:
    """The number of the link. Others who seal wait until this transaction ends, so it should end soon."""
    seal_no, previous_hash = seals.lock_end(connection)
    document = document_of(forecast)
    link = Link(seal_no + 1, forecast.session_id, document, previous_hash, hash_of(previous_hash, document), now)
    seals.append_link(connection, link)
    return link.seal_no
