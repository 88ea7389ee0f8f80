"""The pages of the markets service: search, one market with what moves on it, and the button that reads its book."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from services.markets import pages
from services.markets.resources import Resources
from shared.routes import clock, resources_of
from shared.ui.changes import Parts
from shared.ui.live import Make, live_of
from shared.ui.places import Visit, visit_of

router = APIRouter(include_in_schema=False)

Here = Annotated[Resources, Depends(resources_of)]


@router.get("/")
def read_search(request: Request, here: Here) -> Response:
    return pages.search_page(request, here, request.query_params, clock())


@router.get("/market/{market_id}")
def read_market_page(request: Request, here: Here, market_id: str) -> Response:
    key, make = _topic(request, here, market_id)
    parts = live_of(request).parts(key, make)
    return pages.market_page(request, here, market_id, parts, clock())


@router.get("/market/{market_id}/live")
async def read_market_live(request: Request, here: Here, market_id: str) -> Response:
    key, make = _topic(request, here, market_id)
    return live_of(request).stream(request, key, make)


@router.get("/market/{market_id}/prices.csv")
def read_prices_csv(
    request: Request, here: Here, market_id: str, name: Annotated[str, Query(alias="range", max_length=10)] = ""
) -> Response:
    return pages.prices_csv(request, here, market_id, name, clock())


@router.get("/event/{event_id}")
def read_event(here: Here, event_id: str) -> Response:
    """The market of an event that is traded most; its page has the others."""
    return pages.busiest_market(here, event_id)


@router.post("/market/{market_id}/book")
def fetch_book(here: Here, market_id: str) -> Response:
    return pages.fetched_book(here, market_id, clock)


def _topic(request: Request, here: Resources, market_id: str) -> tuple[tuple[object, ...], Make]:
    seen = visit_of(request)
    visit = Visit(seen.scheme, seen.host, seen.public, "system")

    def make() -> Parts:
        return pages.quote_parts(here.database, market_id, visit, clock)

    return pages.quote_key(market_id, visit), make
