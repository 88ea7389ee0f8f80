"""`coliseum status`: services, truth, data, cycles, what comes next and what is broken, at a glance."""

from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from shared import topology
from shared.command_line.addresses import System
from shared.command_line.asking import Asked, Asking, Refused, Unreachable, side_by_side
from shared.command_line.figures import ago, clock_time, dollars, gain, many, moment_of, span, words
from shared.command_line.tables import Column, say_table
from shared.command_line.terminal import Painted, Part, Terminal

NEXT_MAX, BREAKERS_MAX = 4, 5
STALE_SECONDS = 3_600
NOT_FOUND = 404
MODELS_MAX = 100
LABEL = 11  # columns before what is said
COLUMNS = (Column("service"), Column("is"), Column("answers in", right=True), Column("address", name=True, spare=1))


def run(options: Namespace, system: System, terminal: Terminal, clock: Callable[[], datetime]) -> int:
    asked = _ask(system)
    facts = _facts(system, asked)
    if not any(each["ready"] for each in facts["services"]) and isinstance(
        (trouble := asked[topology.ORCHESTRATOR.name].trouble), Unreachable
    ):
        raise trouble
    if options.json:
        terminal.data(facts)
    else:
        _say(terminal, facts, clock())
    return 0 if facts["status"] == "healthy" else 1


def _ask(system: System) -> dict[str, Asked]:
    orchestrator, events, arena = (
        system[service] for service in (topology.ORCHESTRATOR, topology.EVENTS, topology.ARENA)
    )
    questions: dict[str, Callable[[], Any]] = {
        "/status": lambda: orchestrator.get("/trading/status"),  # first, because it takes longest
        **{service.name: partial(_readiness, system[service]) for service in topology.SERVICES},
        "/summary": lambda: orchestrator.get("/trading/portfolio-summary", limit=1),
        "/venues": lambda: events.get("/health"),
        "/models": lambda: arena.get("/models", limit=MODELS_MAX),
    }
    return side_by_side(questions)


def _readiness(asking: Asking) -> Any:
    try:
        return asking.get("/ready")
    except Refused as refusal:
        if refusal.status != NOT_FOUND:
            raise
        return asking.get("/health")  # a service that is older than this program


def _facts(system: System, asked: Mapping[str, Asked]) -> dict[str, Any]:
    whole, summary = asked["/status"].answer or {}, asked["/summary"].answer or {}
    venues = (asked["/venues"].answer or {}).get("venues")
    models = _models((asked["/models"].answer or {}).get("models", ()))
    schedule = whole.get("schedule") or {}
    coming = [{"job": job["job"], "next_at": job["next_at"]} for job in schedule.get("jobs", ()) if job["next_at"]]
    services = [
        _service(service, system, asked[service.name])
        for service in topology.SERVICES
        # Where every venue has an address of its own, nobody starts the sandbox.
        if service != topology.SANDBOX or asked[service.name].trouble is None or _simulated(venues)
    ]
    ready = all(each["ready"] for each in services)
    return {
        "status": "healthy" if ready and whole.get("status") == "healthy" and not whole["breakers"] else "degraded",
        "services": services,
        "venues": venues,
        "models": models,
        "data": whole.get("data"),
        "audit": whole.get("audit"),
        "breakers": whole.get("breakers"),
        "running": whole.get("running"),
        "last": next(iter(whole.get("last") or ()), None),
        "schedule_enabled": schedule.get("enabled"),
        "next": sorted(coming, key=lambda each: str(each["next_at"])),
        "portfolios": summary.get("totals"),
        "problem": None if asked["/status"].trouble is None else str(asked["/status"].trouble),
    }


def _models(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Those that somebody answers for; which it is stands when they have answered once."""
    simulated = [row["simulated"] for row in rows if row["enabled"] and row["kind"] == "model"]
    return {"simulated": simulated.count(True), "real": simulated.count(False)}


def _simulated(venues: Mapping[str, Any] | None) -> bool:
    return any(venue.get("simulated") for venue in (venues or {}).values())


def _service(service: topology.Service, system: System, asked: Asked) -> dict[str, Any]:
    return {
        "service": service.name,
        "address": system.addresses[service.name],
        "ready": asked.trouble is None,
        "answered": not isinstance(asked.trouble, Unreachable),
        "latency_ms": asked.took_ms if not isinstance(asked.trouble, Unreachable) else None,
        "error": None if asked.trouble is None else getattr(asked.trouble, "detail", None) or str(asked.trouble),
    }


def _say(terminal: Terminal, facts: Mapping[str, Any], now: datetime) -> None:
    mark = Painted("✓ healthy", "good") if facts["status"] == "healthy" else Painted("✗ something is wrong", "bad")
    terminal.say(Painted("Coliseum ", "strong"), mark, "  ", *_truth(facts))
    terminal.say("")
    say_table(terminal, COLUMNS, [_service_row(each) for each in facts["services"]])
    for each in facts["services"]:
        if not each["ready"] and each["answered"]:
            terminal.say(Painted(f"✗ {each['service']}: ", "bad"), each["error"])
    terminal.say("")
    if facts["problem"]:
        _line(terminal, "cycles", Painted(f"✗ {facts['problem']}", "bad"))
        return
    _line(terminal, "data", *_ages(facts["data"]))
    _line(terminal, "cycle", *_cycle(facts, now))
    _line(terminal, "next", _next(facts, now))
    _say_breakers(terminal, facts["breakers"], now)
    _line(terminal, "audit", *_audit(facts["audit"], now))
    if totals := facts["portfolios"]:
        active = f"{many(totals['portfolios'], 'portfolio')}, {totals['active']} active; together "
        _line(terminal, "portfolios", active, dollars(totals["equity"]), "  ", gain(totals["total_pnl"]))


def _line(terminal: Terminal, label: str, *parts: Part) -> None:
    terminal.say(Painted(f"{label:<{LABEL}}", "dim"), *parts)


def _truth(facts: Mapping[str, Any]) -> Iterable[Part]:
    """The ribbon that no page hides either."""
    venues = facts["venues"]
    if not venues:
        return [Painted("it is not known whether the venues are simulated", "warn")]
    of_venues = {bool(venue.get("simulated")) for venue in venues.values()}
    words_of = {frozenset({True}): "SIMULATED VENUES", frozenset({False}): "LIVE DATA"}
    said = words_of.get(frozenset(of_venues), "LIVE AND SIMULATED VENUES")
    models = facts["models"]
    if models["simulated"]:
        said += " · REAL AND SIMULATED MODELS" if models["real"] else " · SIMULATED MODELS"
    if of_venues == {False}:
        said += " · PAPER MONEY"
    broken = [f"{name} is away" for name, venue in sorted(venues.items()) if venue.get("circuit") == "open"]
    return [
        Painted(said, "warn" if True in of_venues else "good"),
        *(Painted(f" · ✗ {each}", "bad") for each in broken),
    ]


def _service_row(each: Mapping[str, Any]) -> list[Part]:
    if each["ready"]:
        state = Painted("✓ ready", "good")
    else:
        state = Painted("✗ not ready", "bad") if each["answered"] else Painted("✗ away", "bad")
    took = "—" if each["latency_ms"] is None else f"{each['latency_ms']:.1f} ms"
    return [each["service"], state, took, each["address"]]


def _ages(data: Mapping[str, Any]) -> Iterable[Part]:
    for number, (what, state) in enumerate(data.items()):
        age = state["age_seconds"]
        if age is None:
            said = Painted(f"{what}: never yet" if what != "prices" else "prices: nothing is held", "dim")
        elif age > STALE_SECONDS:
            said = Painted(f"! {what} {span(age)} old", "warn")
        else:
            said = Painted(f"{what} {span(age)} old", "")
        yield " · " if number else ""
        yield said


def _cycle(facts: Mapping[str, Any], now: datetime) -> Iterable[Part]:
    running, last = facts["running"], facts["last"]
    if running:
        yield Painted("● one is running", "strong")
        yield f" since {span(int((now - datetime.fromisoformat(running['started_at'])).total_seconds()))}: "
        yield f"{running['portfolios_done'] or 0} of {many(running['portfolios'], 'portfolio')}; before it "
    if last is None:
        yield "none has run yet" if not running else "none"
        return
    style, sign = {"success": ("good", "✓"), "partial": ("warn", "!")}.get(last["status"], ("bad", "✗"))
    yield Painted(f"{sign} {last['status']}", style)
    ended = moment_of(last["finished_at"])
    yield f" {ago(ended, now)}: {many(last['portfolios'], 'portfolio')}, " if ended else ": "
    yield f"{many(last['signals_generated'] or 0, 'signal')}, {many(last['trades_executed'] or 0, 'trade')}"
    yield "" if last["seconds"] is None else f" in {last['seconds']:.1f} s"
    if last["failed_step"]:
        yield Painted(f"; stopped at {words(last['failed_step'])}: {last['error']}", "bad")


def _next(facts: Mapping[str, Any], now: datetime) -> str:
    if not facts["schedule_enabled"]:
        return "the schedule is off; cron or somebody else calls"
    soon = facts["next"][:NEXT_MAX]
    if not soon:
        return "nothing is planned"
    return " · ".join(
        f"{words(each['job'])} {ago(max(now, datetime.fromisoformat(each['next_at'])), now)}" for each in soon
    )


def _say_breakers(terminal: Terminal, breakers: list[Mapping[str, Any]], now: datetime) -> None:
    if not breakers:
        _line(terminal, "breakers", "none is open")
    for each in breakers[:BREAKERS_MAX]:
        whose = "all portfolios" if each["portfolio_id"] is None else f"portfolio {each['portfolio_id']}"
        since = ago(moment_of(each["triggered_at"]), now)
        _line(
            terminal,
            "breakers",
            Painted(f"✗ {words(each['breaker_type'])}", "bad"),
            f" of {whose}, {since}: {each['reason']}",
        )
    if len(breakers) > BREAKERS_MAX:
        _line(terminal, "", f"and {len(breakers) - BREAKERS_MAX} more")


def _audit(audit: Mapping[str, Any] | None, now: datetime) -> Iterable[Part]:
    if audit is None:
        return ["has not run yet"]
    checked = moment_of(audit.get("last_check"))
    when = f" ({clock_time(checked)} UTC, {ago(checked, now)})" if checked else ""
    if audit["status"] == "healthy":
        return [Painted("✓ every sum agrees with history", "good"), when]
    found = len((audit.get("details") or {}).get("disagreements") or ())
    return [Painted(f"✗ {many(found, 'sum')} disagree with history", "bad"), f"{when}; coliseum verify names them"]
