"""The page of two entrants side by side, and its rows as CSV."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from services.arena.pages import compare
from services.arena.resources import Resources
from shared.routes import clock, resources_of
from shared.ui.sheets import sheet_answer

router = APIRouter(include_in_schema=False)

Here = Annotated[Resources, Depends(resources_of)]
Named = Annotated[str | None, Query(max_length=140)]
Entrant = Annotated[str, Query(max_length=140)]
Span = Annotated[compare.Range, Query(alias="range")]


@router.get("/compare")
def read_comparison(
    request: Request, here: Here, one: Named = None, other: Named = None, span: Span = "all"
) -> Response:
    return compare.compare_page(request, here, one, other, span, clock())


@router.get("/compare/markets.csv")
def read_markets(request: Request, here: Here, one: Entrant, other: Entrant) -> Response:
    return sheet_answer(request, compare.markets_sheet(here, one, other, clock()), "markets-of-both.csv")


@router.get("/compare/growth.csv")
def read_growth(request: Request, here: Here, one: Entrant, other: Entrant, span: Span = "all") -> Response:
    return sheet_answer(request, compare.growth_sheet(here, one, other, span, clock()), "growth-of-both.csv")
