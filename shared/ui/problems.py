"""What went wrong, as a page for people who followed a link; programs get the same as JSON."""

from datetime import datetime

from fastapi import Request, Response

from shared import topology
from shared.ui.rendering import TEMPLATES, Pages
from shared.ui.truth import Truth

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


def wants_page(request: Request) -> bool:
    """Whether a browser goes there: a program that reads JSON does not ask for HTML."""
    return request.method in ("GET", "HEAD", "POST") and "text/html" in request.headers.get("accept", "")


def problem_page(request: Request, service: str, status: int, detail: str, now: datetime) -> Response:
    facts = {"title": TITLES.get(status, "Something went wrong"), "detail": detail}
    return PAGES[service].answer(request, "problem.html", facts, now=now, truth=UNKNOWN, status=status)
