"""Figures that others computed, which lie in a folder beside the checkout and are not part of it."""

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"


def shared_file(*parts: str) -> Path:
    file = SHARED.joinpath(*parts)
    if not file.exists():
        pytest.skip(f"{file.name} is not beside this checkout")
    return file


def oracle(*parts: str) -> Any:
    return json.loads(shared_file(*parts).read_text(), parse_float=Decimal)


def json_lines(*parts: str) -> list[dict[str, Any]]:
    with gzip.open(shared_file(*parts), "rt") as lines:
        return [json.loads(line, parse_float=Decimal) for line in lines]
