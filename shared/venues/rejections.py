"""What happens to records that could not be read: all are counted, each kind is logged once."""

import threading
from collections.abc import Iterable

import structlog

from shared.venues import metrics
from shared.venues.records import Rejected

log = structlog.get_logger()

KINDS_MAX = 10_000  # a venue that invents kinds must not fill our memory


class RejectionLog:
    """Remembers which kinds of rejection this process has already logged."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str, str]] = set()
        self._lock = threading.Lock()

    def report(self, rejected: Iterable[Rejected]) -> None:
        for record in rejected:
            metrics.rejected(record)
            if self._is_new(record):
                log.warning(
                    "record_rejected",
                    platform=record.platform,
                    entity=record.entity,
                    kind=record.kind,
                    external_id=record.external_id,
                    reason=record.reason,
                )

    def _is_new(self, record: Rejected) -> bool:
        kind = (record.platform, record.entity, record.kind)
        with self._lock:
            if kind in self._seen or len(self._seen) >= KINDS_MAX:
                return False
            self._seen.add(kind)
            return True


REJECTIONS = RejectionLog()
