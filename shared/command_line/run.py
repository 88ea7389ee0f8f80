"""`coliseum run`: a trading cycle, with its progress until it has ended."""

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from time import monotonic, sleep
from typing import Any

from shared import topology
from shared.command_line.addresses import System
from shared.command_line.asking import Asking, Refused, Unreachable
from shared.command_line.figures import dollars, gain, many, words
from shared.command_line.streams import Lost, told
from shared.command_line.tables import Column, say_table
from shared.command_line.terminal import Painted, Terminal

BAR = 24
SILENCE_SECONDS = 35.0  # the stream says something every ten
AWAY_SECONDS_MAX = 60.0
AGAIN_SECONDS = 1.0
STEPS = ("beginning", "collect_events", "collect_markets", "update_prices", "settle")  # before the portfolios
COLUMNS = (
    Column("portfolio", right=True),
    Column("name", name=True),
    Column("signals", right=True, spare=3),
    Column("trades", right=True),
    Column("skipped", right=True, spare=2),
    Column("cash", right=True, spare=1),
    Column("P&L", right=True),
)


def run(options: Namespace, system: System, terminal: Terminal, clock: Callable[[], datetime]) -> int:
    orchestrator = system[topology.ORCHESTRATOR]
    say = (lambda *_: None) if options.json else terminal.say
    cycle_id, found = _found(orchestrator, options) if options.follow else _begun(orchestrator, options)
    if cycle_id is None:
        say("No cycle is running; 'coliseum run' starts one.")
        if options.json:
            terminal.data({"type": "end", "status": None, "cycle_id": None})
        return 0
    if found and not options.follow:
        say(f"A cycle is running already; following it instead of starting another ({cycle_id}).")
    try:
        for progress in _followed(orchestrator, cycle_id):
            if options.json:
                terminal.data({"type": "progress", **progress})
            else:
                terminal.show(*_bar(progress))
    except KeyboardInterrupt:
        again = f"coliseum run --follow {cycle_id}"
        terminal.complain(f"no longer following; the cycle goes on. '{again}' follows it again.")
        return 0
    cycle = orchestrator.get(f"/trading/cycles/{cycle_id}")
    missing = _missing(options, cycle) if found else None
    if options.json:
        terminal.data({"type": "end", **cycle, "missing_portfolio": missing})
    else:
        _say_end(terminal, cycle)
    if missing is not None:
        terminal.complain(f"that cycle did not run portfolio {missing}; 'coliseum run --portfolio {missing}' can now.")
    return 0 if cycle["status"] == "success" and missing is None else 1


def _begun(orchestrator: Asking, options: Namespace) -> tuple[str | None, bool]:
    """The cycle, and whether somebody else had begun it."""
    body: dict[str, Any] = {"wait": False, "collect": not options.no_collect}
    if options.portfolio is not None:
        body["portfolio_id"] = options.portfolio
    path = "/trading/run-all-portfolios" if options.portfolio is None else "/trading/run-portfolio-cycle"
    try:
        return str(orchestrator.post(path, body)["cycle_id"]), False
    except Refused as refusal:
        if refusal.error == "CycleRunning" and refusal.facts.get("cycle_id"):
            return str(refusal.facts["cycle_id"]), True
        raise


def _found(orchestrator: Asking, options: Namespace) -> tuple[str | None, bool]:
    if options.follow != "running":
        return options.follow, True
    running = orchestrator.get("/trading/status")["running"]
    return (None if running is None else str(running["cycle_id"])), True


def _missing(options: Namespace, cycle: Mapping[str, Any]) -> int | None:
    ran = {result["portfolio_id"] for result in cycle["results"]}
    return None if options.portfolio is None or options.portfolio in ran else int(options.portfolio)


def _followed(orchestrator: Asking, cycle_id: str) -> Iterator[Mapping[str, Any]]:
    """What the stream tells until the end. An orchestrator that is killed comes back, and its cycle with it."""
    deadline = None
    while True:
        try:
            with orchestrator.open(f"/trading/cycles/{cycle_id}/stream", SILENCE_SECONDS) as response:
                for each in told(response):
                    deadline = None
                    if each.data is not None:
                        yield each.data
                    if each.kind == "end":
                        return
        except (Lost, Unreachable, Refused) as trouble:
            passing = not isinstance(trouble, Refused) or trouble.status >= 500
            deadline = deadline or monotonic() + AWAY_SECONDS_MAX
            if not passing or (monotonic() > deadline and not isinstance(trouble, Lost)):
                raise
        sleep(AGAIN_SECONDS)


def _bar(progress: Mapping[str, Any]) -> tuple[str, Painted, str]:
    """Shared steps fill the first fifth, portfolios the rest."""
    step = progress["step"] or progress["status"]
    portfolios, done = progress["portfolios"] or 0, progress["portfolios_done"] or 0
    if step in STEPS:
        filled = BAR * STEPS.index(step) // (5 * len(STEPS))
    else:
        filled = BAR // 5 + (BAR - BAR // 5) * done // max(1, portfolios)
    counts = f"{many(progress['signals_generated'] or 0, 'signal')}, {many(progress['trades_executed'] or 0, 'trade')}"
    drawn = Painted("█" * filled + "·" * (BAR - filled), "good")
    return "[", drawn, f"] {words(step)}  {done} of {many(portfolios, 'portfolio')}, {counts}"


def _say_end(terminal: Terminal, cycle: Mapping[str, Any]) -> None:
    if cycle["results"]:
        say_table(terminal, COLUMNS, [_row(result) for result in cycle["results"]])
        for result in cycle["results"]:
            if result["error"]:
                terminal.say(
                    Painted(f"✗ {result['portfolio_id']} {result['portfolio_name']}: ", "bad"), result["error"]
                )
        terminal.say("")
    style, sign = {"success": ("good", "✓"), "partial": ("warn", "!")}.get(cycle["status"], ("bad", "✗"))
    failed = f", {cycle['portfolios_failed']} more failed" if cycle["portfolios_failed"] else ""
    counts = f"{many(cycle['signals_generated'] or 0, 'signal')}, {many(cycle['trades_executed'] or 0, 'trade')}"
    took = "" if cycle["seconds"] is None else f" in {cycle['seconds']:.1f} s"
    told = f": {many(cycle['portfolios_done'] or 0, 'portfolio')}{failed}, {counts}{took}"
    terminal.say(Painted(f"{sign} {cycle['status']}", style), told)
    if cycle["failed_step"]:
        terminal.say(
            Painted(f"  stopped at {words(cycle['failed_step'])}: ", "bad"), cycle["error"] or "no reason given"
        )
        terminal.say(f"  POST /trading/cycles/{cycle['cycle_id']}/resume goes on from there.")


def _row(result: Mapping[str, Any]) -> list[str | Painted]:
    return [
        str(result["portfolio_id"]),
        Painted(result["portfolio_name"], "bad" if result["error"] else ""),
        str(result["signals_generated"]),
        str(result["trades_executed"]),
        str(result["signals_skipped"]),
        dollars(result["new_balance"]),
        gain(result["total_pnl"]),
    ]
