"""The arena's page."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.arena import pages
from services.arena.resources import Resources
from shared.routes import clock, resources_of

router = APIRouter()


@router.get("/", include_in_schema=False)
def read_page(request: Request, here: Annotated[Resources, Depends(resources_of)]) -> Response:
    return pages.arena_page(request, here, clock())
