"""Types of query parameters: words that Postgres can hold, amounts and moments that stay within its columns."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime, Field

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

Word = Annotated[str, Field(max_length=140, pattern=r"^[^\x00]*$")]
Words = Annotated[str, Field(min_length=2, max_length=120, pattern=r"^[^\x00]*$")]
Amount = Annotated[Decimal, Field(ge=0, max_digits=24, decimal_places=8)]
Moment = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)]
Cursor = Annotated[str | None, Query(max_length=300, description="From the answer before.")]
Limit = Annotated[int, Query(ge=1, le=1000)]
