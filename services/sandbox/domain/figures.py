"""Numbers as text, prepared once: prices in ten-thousandths of a dollar as each venue prints them."""

import orjson

UNIT = 10_000

SHORT = tuple(f"{units / UNIT:.4f}".rstrip("0").rstrip(".") for units in range(UNIT + 1))  # "0.453", "0.5", "1"
LONG = tuple(f"{units / UNIT:.4f}" for units in range(UNIT + 1))  # "0.4530"
HALVES = tuple(
    f"{units / (2 * UNIT):.5f}".rstrip("0").rstrip(".") for units in range(2 * UNIT + 1)
)  # of mids: "0.45355"


def shares(value: float) -> str:
    """A size without needless zeros: "21", "63.09"."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def number(value: float) -> str:
    """A JSON number, whole where it can be: the venue sends both forms in one field."""
    return str(int(value)) if value.is_integer() else repr(value)


def quoted(text: str) -> str:
    """A JSON string."""
    return orjson.dumps(text).decode()
