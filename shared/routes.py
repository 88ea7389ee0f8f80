"""What the routes of every service begin with: the resources of their service, and the clock."""

from datetime import UTC, datetime
from typing import Any

from fastapi import Request


async def resources_of(request: Request) -> Any:
    """For `Annotated[Resources, Depends(resources_of)]`, with the `Resources` of the service."""
    return request.app.state.resources


def clock() -> datetime:
    return datetime.now(UTC)
