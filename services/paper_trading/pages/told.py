"""What the page of one portfolio says in words: the answer to its question, news, passed-over markets, settings."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from shared.json_bytes import encoded
from shared.trading.limits import PortfolioConfig
from shared.trading.passing import dollars, passed

Row = Mapping[str, Any]

SAID = {
    "paused": "It is paused now: its orders are cancelled, and what it holds stays and is marked and paid as before.",
    "resumed": "It takes part again: the next trading cycle decides for it.",
    "not-reached": "The orchestrator, which runs cycles, cannot be reached: nothing was begun. Start it and try again.",
    "not-active": "The orchestrator runs cycles of active portfolios alone; resume it first.",
    "refused": "The orchestrator refused to run a cycle; its own page says what it is doing.",
}


def answer_of(portfolio: Row, board: Row | None) -> str:
    """How it does, in one sentence or two."""
    gained, growth = portfolio["equity"] - portfolio["initial_balance"], abs(portfolio["growth"])
    deposit = dollars(portfolio["initial_balance"])
    if not portfolio["trade_count"]:
        does = f"It has not traded yet and holds the {deposit} that it began with"
    elif round(gained, 2) == 0:
        does = f"It is where it began: {dollars(portfolio['equity'])}"
    else:
        way = "more" if gained > 0 else "less"
        share = f"{growth * 100:.2f} % {way}"
        does = f"It is worth {dollars(portfolio['equity'])}, {share} than the {deposit} that it began with"
    return f"{does}{_worth(portfolio, board)}"


def _worth(portfolio: Row, board: Row | None) -> str:
    """Whether that means anything."""
    if portfolio["status"] == "closed":
        return "; closed portfolios are not ranked."
    if board is None or board["rank"] is None:
        needed = None if board is None else board["still_needed"]
        if needed:
            return f". It needs {needed} more settled event{'' if needed == 1 else 's'} before its place says anything."
        return f". It has no rank: {board['standing'] if board else 'the board has not been computed yet'}."
    return f". On the board it is in {board['standing']}."


def news_of(connection: Any, query: Mapping[str, str], cycle: Row | None) -> dict[str, Any]:
    """What came of the button that was pressed."""
    said = query.get("said", "")
    if said in ("runs", "busy"):
        return {"news": _of_cycle(cycle, met=said == "busy"), "cycle": cycle}
    return {"news": SAID.get(said), "cycle": None}


def _of_cycle(cycle: Row | None, *, met: bool) -> str | None:
    if cycle is None:
        return None
    which = "Another cycle was running already, so none was begun: that one" if met else "The cycle that you began"
    if cycle["status"] == "running":
        return f"{which} is running. This page looks again every three seconds."
    if cycle["status"] in ("failed", "interrupted"):
        why = f" in the step {cycle['failed_step'].replace('_', ' ')}" if cycle["failed_step"] else ""
        ended = "failed" if cycle["status"] == "failed" else "was interrupted"
        return f"{which} {ended}{why}: {cycle['error'] or 'no reason was written'}."
    counts = f"{cycle['signals_generated']} signals and {cycle['trades_executed']} trades"
    failed = "" if cycle["status"] == "success" else f", and {cycle['portfolios_failed']} portfolios failed"
    return f"{which} made {counts}{failed}."


def abstentions_of(generation: Row | None, config: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Sentences with how many markets each holds for, most first."""
    if generation is None:
        return []
    counts = sorted(generation["abstentions"].items(), key=lambda each: (-each[1], each[0]))
    return [(passed(code, config), count) for code, count in counts]


def settings_of(config: Mapping[str, Any]) -> list[dict[str, str]]:
    """Each setting with its value as people read it, and what it means where that is known here."""
    known = PortfolioConfig.model_fields
    return [
        {
            "name": name.replace("_", " "),
            "value": value_of(value),
            "means": (known[name].description or "") if name in known else "",
        }
        for name, value in sorted(config.items())
    ]


def value_of(value: Any) -> str:
    if value is None or value == [] or value == "":
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {value_of(each)}" for name, each in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(value_of(each) for each in value)
    return str(value)


def changes_of(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Of a configuration only the settings that changed."""
    return [{**row, "lines": _lines(row)} for row in rows]


def _lines(row: Row) -> list[str]:
    what, before, after = row["what"], row["before"], row["after"]
    if what == "created":
        return ["It was made."]
    if what != "strategy_config":
        return [f"{what.replace('_', ' ').capitalize()}: from “{value_of(before)}” to “{value_of(after)}”."]
    before = before or {}
    changed = [name for name in sorted({*before, *after}) if _digest(before.get(name)) != _digest(after.get(name))]
    return [
        f"{name.replace('_', ' ').capitalize()}: from {value_of(before.get(name))} to {value_of(after.get(name))}."
        for name in changed
    ]


def _digest(value: Any) -> bytes:
    return encoded(value)
