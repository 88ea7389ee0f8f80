"""How values look on the wire of a venue, and how a row that breaks the form becomes a rejection."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from jiter import from_json
from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError

from shared.venues.records import Platform, Rejected

AMOUNT_MAX = Decimal(10) ** 16  # numeric(24,8) holds no more
PLACES_MAX = 60  # old markets carry 34 places; a number like 1e-999999 is a mistake

Price = Annotated[Decimal, Field(ge=0, le=1, decimal_places=PLACES_MAX)]
Amount = Annotated[Decimal, Field(ge=0, lt=AMOUNT_MAX, decimal_places=PLACES_MAX)]
Number = Annotated[Decimal, Field(gt=-AMOUNT_MAX, lt=AMOUNT_MAX, decimal_places=PLACES_MAX)]
Cents = Annotated[int, Strict(), Field(ge=0, le=100)]
Count = Annotated[int, Strict(), Field(ge=0, lt=2**53)]
Whole = Annotated[int, Strict(), Field(ge=0, lt=2**31)]
Flag = Annotated[bool, Strict()]
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]  # Postgres cannot hold the character 0
Title = Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*$")]
Identifier = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00]*$")]

Record = TypeVar("Record")

_KINDS = {
    "missing": "missing",
    "decimal_type": "not_a_number",
    "decimal_parsing": "not_a_number",
    "finite_number": "not_a_number",
    "int_type": "not_a_number",
    "decimal_max_places": "out_of_range",
    "decimal_max_digits": "out_of_range",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "bool_type": "not_a_bool",
    "string_type": "not_text",
    "string_unicode": "not_text",
    "string_pattern_mismatch": "not_text",
    "string_too_short": "missing",
    "string_too_long": "too_long",
    "list_type": "not_a_list",
    "tuple_type": "not_a_list",
    "dict_type": "not_an_object",
    "model_type": "not_an_object",
    "model_attributes_type": "not_an_object",
}


class Unreadable(Exception):
    """A row, or one field of it, is not what the venue documents. Never leaves the parsers."""

    def __init__(self, kind: str, field: str, why: str) -> None:
        super().__init__(why)
        self.kind = f"{kind}:{field}"
        self.why = why


class Row(BaseModel):
    """Base of the shapes: unknown fields are ignored, because venues add some every week."""

    model_config = ConfigDict(extra="ignore")


def read_row(
    build: Callable[[Any], Record], row: object, *, platform: Platform, entity: str, id_field: str
) -> Record | Rejected:
    """The record of one row, or why there is none."""
    try:
        if not isinstance(row, dict):
            raise Unreadable("not_an_object", entity, f"the {entity} is {_shown(row)}")
        return build(row)
    except ValidationError as error:
        kind, why = _first_of(error)
    except Unreadable as error:
        kind, why = error.kind, error.why
    return Rejected(platform, entity, _identity(row, id_field), kind, why)


def split(read: Iterable[Record | Rejected]) -> tuple[tuple[Record, ...], tuple[Rejected, ...]]:
    """What could be read, and what could not."""
    records: list[Record] = []
    rejected: list[Rejected] = []
    for each in read:
        if isinstance(each, Rejected):
            rejected.append(each)
        else:
            records.append(each)
    return tuple(records), tuple(rejected)


def moment(text: str | None, field: str) -> datetime | None:
    """A time as the venues write it: RFC3339 with 0 to 9 places, or `2026-04-05 19:37:33+00`. Year 1 means none."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not UTC:
            at = at.astimezone(UTC) if at.tzinfo is not None else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise Unreadable("not_a_time", field, f"`{field}` is {_shown(text)}") from error
    return None if at.year == 1 else at


def epoch(value: object, field: str, *, per_second: int = 1) -> datetime:
    """A time as a count since 1970, in seconds or in thousandths (`per_second=1000`); as a number or as text."""
    try:
        if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
            raise ValueError
        return datetime.fromtimestamp(int(value) / per_second, UTC)
    except (ValueError, OverflowError, OSError, ArithmeticError) as error:
        raise Unreadable("not_a_time", field, f"`{field}` is {_shown(value)}") from error


def list_in(value: object, field: str) -> list[Any]:
    """A list, as it is or as JSON inside a string. Absent and empty are both the empty list."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        try:
            value = from_json(value.encode(), float_mode="decimal", cache_mode="none")
        except (ValueError, UnicodeEncodeError) as error:
            raise Unreadable("not_json", field, f"`{field}` holds no JSON: {error}") from error
    if not isinstance(value, list):
        raise Unreadable("not_a_list", field, f"`{field}` is {_shown(value)}")
    return value


def price_in(value: object, field: str) -> Decimal:
    """A price from 0 to 1, as a number or as text."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Unreadable("not_a_number", field, f"`{field}` is {_shown(value)}")
    try:
        price = Decimal(value)
        in_range = 0 <= price <= 1 and price.adjusted() >= -PLACES_MAX
    except (ArithmeticError, ValueError) as error:
        raise Unreadable("not_a_number", field, f"`{field}` is {_shown(value)}") from error
    if not in_range:
        raise Unreadable("out_of_range", field, f"`{field}` is {_shown(value)}")
    return price


def plain(text: str | None, field: str) -> str | None:
    """A long text without the character 0; empty means absent. Cheaper than a pattern on kilobytes."""
    if not text:
        return None
    if "\0" in text:
        raise Unreadable("not_text", field, f"`{field}` holds the character 0")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Unreadable("not_text", field, f"`{field}` holds half a surrogate pair") from error
    return text


def above_zero(value: Decimal | None) -> Decimal | None:
    return value if value else None


def evidence(row: Mapping[str, Any], fields: Iterable[str]) -> dict[str, object]:
    """The fields of a row that decided something, numbers as text, ready to be stored as JSON."""
    return {str(_storable(field)): _storable(row[field]) for field in fields if field in row}


def _storable(value: Any) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, str):
        return value.replace("\0", "").encode(errors="replace").decode()
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {str(_storable(str(key))): _storable(each) for key, each in value.items()}
    return value


def _first_of(error: ValidationError) -> tuple[str, str]:
    problems = error.errors(include_url=False, include_context=False)
    first = problems[0]
    field = ".".join(str(part) for part in first["loc"] if not isinstance(part, int)) or "row"
    kind = _KINDS.get(first["type"], first["type"])
    more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
    shown = "missing" if first["type"] == "missing" else _shown(first["input"])
    return f"{kind}:{field}", f"`{field}` is {shown}{more}"


def _shown(value: object) -> str:
    """A value for a log line: short, and safe for any size of number."""
    if isinstance(value, str):
        return repr(value[:60])
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() < 200 else "a number of many digits"
    if isinstance(value, Decimal):
        return format(value, ".10g")
    return f"a {type(value).__name__}"


def _identity(row: object, id_field: str) -> str | None:
    found = row.get(id_field) if isinstance(row, dict) else None
    if not isinstance(found, str):
        return None
    return str(_storable(found[:200]))
