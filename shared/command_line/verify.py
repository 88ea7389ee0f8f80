"""`coliseum verify`: the arena's verification and the audit of paper trading, and what disagrees."""

from argparse import Namespace
from collections.abc import Callable, Mapping
from datetime import datetime
from time import monotonic, sleep
from typing import Any

from shared import topology
from shared.command_line.addresses import System
from shared.command_line.asking import Asked, Asking, Refused, Unreachable, side_by_side
from shared.command_line.figures import MISSING, count, many, words
from shared.command_line.terminal import Painted, Terminal, json_text

SECONDS_MAX = 300.0
AGAIN_SECONDS = 2.0
MOVED = "standings_out_of_date"
SHOWN_MAX = 20
CLEAN = "clean"
NAMES = {"arena": "arena: chain, balances, board", "audit": "paper trading: every sum from history"}


def run(options: Namespace, system: System, terminal: Terminal, _: Callable[[], datetime]) -> int:
    terminal.show("reading every row anew …")
    arena, paper = system[topology.ARENA], system[topology.PAPER_TRADING]
    asked = side_by_side(
        {
            "arena": lambda: _verified(arena),
            "audit": lambda: paper.get("/paper-trading/audit", SECONDS_MAX),
        }
    )
    if all(isinstance(each.trouble, Unreachable) for each in asked.values()):
        asked["arena"].sure()
    clean = all(each.answer is not None and each.answer["status"] == CLEAN for each in asked.values())
    if options.json:
        parts = {name: each.answer or {"status": "unknown", "error": str(each.trouble)} for name, each in asked.items()}
        terminal.data({"status": CLEAN if clean else "disagreements", **parts})
    else:
        for name, each in asked.items():
            _say(terminal, NAMES[name], each)
    return 0 if clean else 1


def _verified(arena: Asking) -> Any:
    """One verification runs at a time; who comes second waits for it."""
    deadline = monotonic() + SECONDS_MAX
    while True:
        try:
            return arena.get("/verify", SECONDS_MAX)
        except Refused as refusal:
            if refusal.error != "VerificationUnderWay" or monotonic() > deadline:
                raise
        sleep(AGAIN_SECONDS)


def _say(terminal: Terminal, name: str, asked: Asked) -> None:
    if asked.trouble is not None:
        terminal.say(Painted("✗ ", "bad"), f"{name}: not verified. {asked.trouble}")
        return
    answer: Mapping[str, Any] = asked.answer
    checked = _checked(answer["checked"])
    if answer["status"] == CLEAN:
        terminal.say(Painted("✓ clean", "good"), f"  {name}")
    else:
        found = answer.get("disagreements_total", len(answer["disagreements"]))
        terminal.say(Painted(f"✗ {many(found, 'disagreement')}", "bad"), f"  {name}")
    terminal.say(Painted(f"  checked {checked}", "dim"))
    if moved := answer["checked"].get(MOVED):
        terminal.say(Painted("  ! not compared: ", "warn"), f"{many(moved, 'standing')} from before the newest trades")
    for each in answer.get("unchecked") or ():
        terminal.say(Painted("  ! not checked: ", "warn"), each if isinstance(each, str) else _told(each))
    for each in answer["disagreements"][:SHOWN_MAX]:
        terminal.say(Painted("  ✗ ", "bad"), _told(each))
    if len(answer["disagreements"]) > SHOWN_MAX:
        terminal.say(f"  and {len(answer['disagreements']) - SHOWN_MAX:,} more; --json has them")


def _checked(checked: Mapping[str, Any]) -> str:
    numbers = {name: value for name, value in checked.items() if isinstance(value, int) and name != MOVED}
    return ", ".join(f"{count(value)} {words(name)}" for name, value in numbers.items())


def _told(facts: Mapping[str, Any]) -> str:
    parts = [f"{words(name)} {value if isinstance(value, str) else json_text(value)}" for name, value in facts.items()]
    return ", ".join(parts) or MISSING
