"""The file of models: what each entry may say, and what is wrong with one that cannot be used."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

SEEDS = Path(__file__).resolve().parents[2] / "db" / "seeds" / "ai_models.yaml"

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class ModelsFileUnusable(Exception):
    """The file of models cannot be used."""


class Entry(BaseModel):
    """A model as the file describes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    external_id: Annotated[str, Field(min_length=1, max_length=50, pattern=r"^[A-Za-z0-9._-]+$")]
    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
    kind: Literal["model", "ensemble"] = "model"
    openrouter_model: Text
    base_url: Annotated[str, Field(pattern=r"^https?://[^\s@?#]+$")] | None = None  # keys come from the environment
    api_key_variable: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,79}$")] | None = None
    color: Text = "bg-slate-500"
    text_color: Text = "text-slate-500"
    avatar: Annotated[str, Field(min_length=1, max_length=10)]
    sighted: bool = True
    twin_of: str | None = None
    prompt_price: Annotated[Decimal, Field(ge=0)] | None = None
    completion_price: Annotated[Decimal, Field(ge=0)] | None = None
    config: dict[str, Any] = Field(default_factory=dict)


class Entries(BaseModel):
    model_config = ConfigDict(extra="forbid")

    models: list[Entry]


def read_entries(file: Path) -> list[Entry]:
    try:
        written = yaml.safe_load(file.read_text())
        read = Entries.model_validate(written)
    except OSError as error:
        raise ModelsFileUnusable(f"{file.absolute()} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ModelsFileUnusable(f"{file} is no text of UTF-8") from error
    except yaml.YAMLError as error:
        raise ModelsFileUnusable(f"{file}{_line_of(error)}: it is no YAML") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelsFileUnusable(f"{file}: {_place(written, first['loc'])}{first['msg']}") from error
    names = [entry.external_id for entry in read.models]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise ModelsFileUnusable(f"{file}: {', '.join(doubled)} stands there more than once")
    if lost := [entry for entry in read.models if entry.twin_of and entry.twin_of not in names]:
        raise ModelsFileUnusable(f"{file}: {lost[0].external_id}: there is no {lost[0].twin_of} to be a twin of")
    return read.models


def _line_of(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}" if mark is not None else ""


def _place(written: Any, loc: Sequence[int | str]) -> str:
    """An entry by its name, where it says one."""
    if len(loc) < 2 or loc[0] != "models":
        return "".join(f"{part}: " for part in loc)
    entry = written["models"][loc[1]]
    named = entry.get("external_id") if isinstance(entry, dict) else None
    return f"{named or f'entry {int(loc[1]) + 1}'}: " + "".join(f"{part}: " for part in loc[2:])
