"""Records that could not be read are all counted, and each kind is logged once."""

from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from shared.venues.records import Rejected
from shared.venues.rejections import RejectionLog


def rejected(kind: str, external_id: str) -> Rejected:
    return Rejected("kalshi", "wonder", external_id, kind, "it is a wonder")


def counted(kind: str) -> float:
    labels = {"platform": "kalshi", "entity": "wonder", "kind": kind}
    return REGISTRY.get_sample_value("coliseum_venue_rejected_records_total", labels) or 0


def test_each_kind_is_logged_once_and_counted_always() -> None:
    before = counted("missing:a")
    rejections = RejectionLog()

    with capture_logs() as lines:
        rejections.report([rejected("missing:a", "1"), rejected("missing:a", "2"), rejected("missing:b", "3")])
        rejections.report([rejected("missing:a", "4")])

    assert counted("missing:a") - before == 3
    assert [(line["event"], line["kind"], line["external_id"]) for line in lines] == [
        ("record_rejected", "missing:a", "1"),
        ("record_rejected", "missing:b", "3"),
    ]
