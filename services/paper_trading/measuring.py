"""What paper trading measures when Prometheus asks: breakers that are open, and orders that wait for a price."""

from prometheus_client import Gauge

from services.paper_trading import audit, breakers, updater
from services.paper_trading.resources import Resources
from services.paper_trading.storage.breakers import all_open_breakers
from services.paper_trading.storage.measures import waiting_orders

WAITING = Gauge("coliseum_resting_orders", "Orders that wait for a price now.", ["status"])


def measure(here: Resources) -> None:
    for result in ("success", "partial", "failed"):
        updater.PASSES.labels(result)
    for result in ("clean", "disagreements"):
        audit.AUDITS.labels(result)
    for kind in breakers.TYPES:
        breakers.TRIPPED.labels(kind)
    with here.database.connection() as connection:
        standing = all_open_breakers(connection)
        waiting = waiting_orders(connection)
    breakers.tell(standing)
    WAITING.labels("open").set(waiting)
