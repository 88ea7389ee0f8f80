"""What went wrong, as a page for people who followed a link; programs get the same as JSON."""

from datetime import datetime

from fastapi import Request, Response
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from shared import topology
from shared.database import Database
from shared.ui.rendering import TEMPLATES, Pages
from shared.ui.truth import WHOLE_WORLD, Truth, truth_of

TITLES = {
    401: "This needs the token",
    403: "That may not be done from here",
    404: "There is nothing here",
    409: "That cannot be done now",
    410: "That is forgotten",
    422: "That cannot be understood",
    502: "Another service or a venue did not answer well",
    503: "The database or another service cannot be reached",
}
UNKNOWN = Truth("STATE OF THE DATA NOT KNOWN", simulated=False)
PAGES = {service.name: Pages(TEMPLATES, service) for service in topology.SERVICES}


def truth_here(request: Request) -> Truth:
    """As the ribbon says it; a database that cannot be asked leaves it open."""
    database: Database | None = request.app.state.database
    if database is None:
        return WHOLE_WORLD
    try:
        with database.connection() as connection:
            return truth_of(connection)
    except (OperationalError, InterfaceError, ProgrammingError, PoolExhausted):
        return UNKNOWN


def wants_page(request: Request) -> bool:
    """Whether a browser goes there: a program that reads JSON does not ask for HTML."""
    return request.method in ("GET", "HEAD", "POST") and "text/html" in request.headers.get("accept", "")


def problem_page(request: Request, service: str, status: int, detail: str, now: datetime) -> Response:
    facts = {"title": TITLES.get(status, "Something went wrong"), "detail": detail}
    truth = UNKNOWN if status == 503 else truth_here(request)  # who waited for a database once waits no second time
    return PAGES[service].answer(request, "problem.html", facts, now=now, truth=truth, status=status)
