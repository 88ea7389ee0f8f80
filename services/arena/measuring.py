"""What the arena measures when Prometheus asks: budgets and what is used of them, and sessions that wait or run."""

from prometheus_client import Gauge

from services.arena.resources import Resources
from services.arena.storage import measures

SPENT = Gauge("coliseum_model_spent_today_dollars", "Dollars charged and reserved since 00:00 UTC.", ["model"])
BUDGET = Gauge("coliseum_model_budget_dollars", "The most that may be spent.", ["of"])
SESSIONS = Gauge("coliseum_sessions_open", "Sessions that wait or run now.", ["status"])
FOR_ALL = "(for all)"  # such as summaries


def measure(here: Resources) -> None:
    settings = here.settings
    budgets = {
        "session": settings.arena_session_budget,
        "model_day": settings.arena_model_day_budget,
        "day": settings.arena_day_budget,
    }
    for name, dollars in budgets.items():
        BUDGET.labels(name).set(float(dollars))
    with here.database.connection() as connection:
        spent = measures.spent_today(connection, here.clock())
        sessions = measures.open_sessions(connection)
    SPENT.clear()  # a new day begins without those of yesterday
    for each in spent:
        SPENT.labels(each.external_id or FOR_ALL).set(float(each.dollars))
    for status in ("pending", "running"):
        SESSIONS.labels(status).set(sessions.get(status, 0))
