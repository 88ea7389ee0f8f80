"""Figures that others computed, which lie in a folder beside the checkout and are not part of it."""

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import jiter
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
    with gzip.open(shared_file(*parts)) as lines:
        return [jiter.from_json(line, float_mode="decimal") for line in lines]
