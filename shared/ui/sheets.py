"""Rows as CSV for spreadsheets, in which no stranger's text becomes a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fastapi import Request, Response

from shared.answers import etag_of, matches
from shared.ui.truth import Truth

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


def sheet(header: Sequence[str], rows: Iterable[Sequence[Any]], truth: Truth, now: datetime) -> bytes:
    """Every row says what is simulated and when it was written: a file loses the page that it came from."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow([*header, "truth", "as_of_utc"])
    moment = cell_of(now)
    writer.writerows([*(cell_of(value) for value in row), cell_of(truth.words), moment] for row in rows)
    return written.getvalue().encode()


def sheet_answer(request: Request, body: bytes, name: str) -> Response:
    etag = etag_of(body)
    headers = {"etag": etag, "cache-control": "no-cache", "content-disposition": f'attachment; filename="{name}"'}
    if matches(etag, request.headers.get("if-none-match")):
        return Response(status_code=304, headers={name: headers[name] for name in ("etag", "cache-control")})
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


def cell_of(value: Any) -> str:
    """What is not known is empty. A text that a spreadsheet would compute gets a quote before it; a number stays."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    if not isinstance(value, str):
        return str(value)
    return f"'{value}" if value.lstrip(" \u00a0").startswith(FORMULAS) or value.startswith(FORMULAS) else value
