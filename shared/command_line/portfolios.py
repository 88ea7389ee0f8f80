"""`coliseum portfolios`: all of them, or one with what it holds and why it decided so; pause and resume."""

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from shared import topology
from shared.command_line.addresses import System
from shared.command_line.asking import side_by_side
from shared.command_line.figures import (
    MISSING,
    ago,
    amount,
    cents,
    count,
    dollars,
    gain,
    growth,
    many,
    moment_of,
    percent,
    words,
)  # fmt: skip
from shared.command_line.tables import Column, say_table
from shared.command_line.terminal import Painted, Part, Terminal

POSITIONS_MAX, DECISIONS_MAX = 200, 12
USAGE = 2

ALL = (
    Column("id", right=True),
    Column("name", name=True),
    Column("strategy", spare=5),
    Column("status", spare=1),
    Column("equity", right=True),
    Column("P&L", right=True),
    Column("growth", right=True, spare=3),
    Column("held", right=True, spare=4),
    Column("trades", right=True, spare=2),
)
HELD = (
    Column("holds", right=True),
    Column("", right=False),
    Column("market", name=True),
    Column("paid", right=True, spare=2),
    Column("bid", right=True, spare=3),
    Column("worth", right=True),
    Column("P&L", right=True),
    Column("since", right=True, spare=1),
)
DECIDED = (
    Column("when", right=True),
    Column("wanted", spare=1),
    Column("market", name=True),
    Column("became"),
    Column("because", name=True),
)


def run(options: Namespace, system: System, terminal: Terminal, clock: Callable[[], datetime]) -> int:
    if options.portfolio is None:
        if options.pause or options.resume or options.reason:
            terminal.complain("--pause, --resume and --reason are of one portfolio: coliseum portfolios 3 --pause")
            return USAGE
        return _all(options, system, terminal)
    if options.reason and not (options.pause or options.resume):
        terminal.complain("--reason is kept with a change: add --pause or --resume")
        return USAGE
    if options.pause or options.resume:
        return _turn(options, system, terminal)
    return _one(options, system, terminal, clock())


def _all(options: Namespace, system: System, terminal: Terminal) -> int:
    found = system[topology.ORCHESTRATOR].every("/trading/portfolio-summary", "portfolios")
    if options.json:
        terminal.data(found)
        return 0
    totals = found["totals"]
    if not found["portfolios"]:
        terminal.say("There are no portfolios yet; POST /paper-trading/portfolios makes one.")
        return 0
    say_table(terminal, ALL, [_row(each) for each in found["portfolios"]])
    terminal.say("")
    terminal.say(
        f"{many(totals['portfolios'], 'portfolio')}, {totals['active']} active: {dollars(totals['equity'])}  ",
        gain(totals["total_pnl"]),
        f"; {dollars(totals['fees_paid'])} of fees in {many(totals['trade_count'], 'trade')}",
    )
    return 0


def _row(each: Mapping[str, Any]) -> list[Part]:
    return [
        str(each["portfolio_id"]),
        each["name"],
        words(each["strategy_type"]),
        _status(each["status"]),
        dollars(each["equity"]),
        gain(each["total_pnl"]),
        growth(each["growth"]),
        count(each["open_positions"]),
        count(each["trade_count"]),
    ]


def _status(status: str) -> Painted:
    sign, style = {"active": ("●", "good"), "paused": ("‖", "warn")}.get(status, ("✗", "dim"))
    return Painted(f"{sign} {status}", style)


def _turn(options: Namespace, system: System, terminal: Terminal) -> int:
    verb = "pause" if options.pause else "resume"
    body = {"reason": options.reason} if options.reason else {}
    turned = system[topology.PAPER_TRADING].post(f"/paper-trading/portfolios/{options.portfolio}/{verb}", body)
    if options.json:
        terminal.data(turned)
    else:
        terminal.say(f"{turned['portfolio_id']} {turned['name']} is now ", _status(turned["status"]), ".")
    return 0


def _one(options: Namespace, system: System, terminal: Terminal, now: datetime) -> int:
    paper, orchestrator, number = system[topology.PAPER_TRADING], system[topology.ORCHESTRATOR], options.portfolio
    asked = side_by_side(
        {
            "portfolio": lambda: paper.get("/paper-trading/portfolio", portfolio_id=number),
            "positions": lambda: paper.get(
                "/paper-trading/positions", portfolio_id=number, status="open", limit=POSITIONS_MAX
            ),
            "decisions": lambda: paper.get("/paper-trading/decisions", portfolio_id=number, limit=DECISIONS_MAX),
            "performance": lambda: orchestrator.get("/trading/performance", portfolio_id=number),
        }
    )
    portfolio = asked["portfolio"].sure()
    positions, decisions = asked["positions"].sure()["positions"], asked["decisions"].sure()["decisions"]
    performance = asked["performance"].answer  # the rest is worth seeing without it
    if options.json:
        terminal.data({**portfolio, "positions": positions, "decisions": decisions, "performance": performance})
        return 0
    _say_head(terminal, portfolio, performance, now)
    _say_positions(terminal, portfolio, positions, now)
    _say_decisions(terminal, decisions, now)
    return 0


def _say_head(terminal: Terminal, each: Mapping[str, Any], done: Mapping[str, Any] | None, now: datetime) -> None:
    name = Painted(f"{each['portfolio_id']} {each['name']}", "strong")
    terminal.say(name, f"  {words(each['strategy_type'])}, {words(each['frequency'])}  ", _status(each["status"]))
    terminal.say("")
    terminal.say(
        f"equity   {dollars(each['equity'])}  ", gain(each["total_pnl"]), f" since {dollars(each['initial_balance'])}"
    )
    terminal.say(
        f"cash     {dollars(each['current_balance'])}",
        f", held {dollars(each['liquidation_value'])} at what it could be sold for",
    )
    terminal.say(
        "P&L      realized ", gain(each["realized_pnl"]), ", unrealized ", gain(each["unrealized_pnl"]),
        f"; fees {dollars(each['fees_paid'])}, cost of execution {dollars(each['execution_cost'])}",
    )  # fmt: skip
    if done is None:
        terminal.say("record   the orchestrator does not answer")
    else:
        terminal.say(f"record   {_record(done)}")
    marked = moment_of(each["last_price_update"])
    terminal.say(f"marked   {'never yet' if marked is None else ago(marked, now)}")


def _record(done: Mapping[str, Any]) -> str:
    missing = done["missing"]
    said = [f"{done['positions_won']} won, {done['positions_lost']} lost, {done['positions_pushed']} pushed"]
    for name, text in (("win_rate", "win rate"), ("max_drawdown", "drawdown"), ("signal_execution_rate", "acted on")):
        why = f"{MISSING} ({missing.get(name, 'not known')})"
        said.append(f"{text} {why if done[name] is None else percent(done[name])}")
    return "; ".join(said)


def _say_positions(
    terminal: Terminal, portfolio: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    terminal.say("")
    if not rows:
        terminal.say("It holds nothing.")
        return
    more = portfolio["open_positions"] - len(rows)
    say_table(terminal, HELD, [_position(each, now) for each in rows])
    if more > 0:
        terminal.say(Painted(f"and {more:,} more", "dim"))


def _position(each: Mapping[str, Any], now: datetime) -> list[Part]:
    stale = " stale" if each["mark_stale"] else ""
    return [
        amount(each["quantity"]),
        each["outcome"].upper(),
        each["question"] or each["market_id"],
        cents(each["entry_price"]),
        f"{cents(each['mark_bid'])}{stale}",
        dollars(each["liquidation_value"]),
        gain(each["current_pnl"]),
        ago(moment_of(each["opened_at"]), now),
    ]


def _say_decisions(terminal: Terminal, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    terminal.say("")
    if not rows:
        terminal.say("It has not decided on any signal yet.")
        return
    say_table(terminal, DECIDED, [_decision(each, now) for each in rows])


def _decision(each: Mapping[str, Any], now: datetime) -> list[Part]:
    traded = each["outcome"] in ("filled", "partial", "resting")
    because = "; ".join(part for part in (each["detail"], each["reason"]) if part)
    return [
        ago(moment_of(each["decided_at"]), now),
        words(each["action"]),
        each["question"] or each["market_id"],
        Painted(f"{'✓' if traded else '–'} {words(each['outcome'])}", "good" if traded else ""),
        because or MISSING,
    ]
