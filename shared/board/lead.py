"""Who leads, and what that is worth, in one sentence made from the rows of the board."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from shared.board.rows import By, in_line

NULL_ENTRANTS = "baseline"  # the type of the portfolios that stand for chance, habit and doing nothing

CENT = Decimal("0.01")

Row = Mapping[str, Any]


def lead_said(rows: Sequence[Row], by: By, closed: int = 0) -> str:
    """`rows` in the order of the board; `closed`: how many portfolios take part no more."""
    if not rows and closed:
        return "Every portfolio is closed, so nobody is ahead any more."
    if not rows:
        return "There are no portfolios yet, so nobody is ahead."
    if not any(row["bets"] or row["settled_events"] or row["total_pnl"] for row in rows):
        return "Nobody has traded yet, so nobody is ahead. The first fill changes that."
    rows = [{**row, "name": in_line(row["name"])} for row in rows]
    return _by_return(rows) + _unranked_but_richer(rows) if by == "return" else _by_skill(rows)


def _by_return(rows: Sequence[Row]) -> str:
    if len(rows) == 1:
        return _alone(rows[0])
    ranked = [row for row in rows if row["rank"] is not None]
    ordered = ranked or sorted(rows, key=lambda row: (-row["return"], row["portfolio_id"]))
    first, others = ordered[0], ordered[1:]
    gained = _gained(first, settled=bool(ranked))
    if len(ranked) == 1:
        share = f"{gained / first['initial_balance'] * 100:+.2f} % on its deposit from settled bets".replace("-", "−")
        return (
            f"Only {first['name']} has enough settled events for a rank ({share}), so nobody can be called ahead yet."
        )
    if gained <= 0 and ranked:
        return f"No ranked portfolio has gained from settled bets, so nobody is ahead; {first['name']} comes closest."
    if gained <= 0:
        closest = f"; {first['name']} comes closest" if gained else ""
        return f"Nobody is above the deposit, so nobody is ahead{closest}."
    lead = _lead(first, gained, others[0] if others else None, settled=bool(ranked))
    if first["strategy_type"] == NULL_ENTRANTS:
        return f"{lead}. It is a null entrant, so nobody has beaten chance and habit yet."
    events = _events(first["settled_events"])
    if not ranked and not first["settled_events"]:
        return f"{lead}; nothing of it is settled yet, so that is not yet distinguishable from luck."
    if not ranked:
        return f"{lead}; with {events} that is not yet distinguishable from luck."
    peers = sum(1 for row in ranked[1:] if row["tier"] == first["tier"])
    if peers:
        return f"{lead}; with {events} that is not distinguishable from luck: {_sharing(peers)} its tier."
    if first["better_than_null"] is None:
        return f"{lead}, alone in the top tier after {events}, with no null entrant to hold it against."
    if first["better_than_null"] is False:
        best = first["best_null"]["name"]
        return f"{lead}, alone in the top tier; it is not yet distinguishable from {best}, the best null entrant."
    return f"{lead}, alone in the top tier: after {events}, luck alone would hardly do that."


def _alone(row: Row) -> str:
    """Without anybody to hold it against, what it has gained is no lead."""
    gained = row["total_pnl"]
    so_far = f"{gained / row['initial_balance'] * 100:+.2f} % on its deposit".replace("-", "\N{MINUS SIGN}")
    return f"{row['name']} is the only portfolio, with {so_far} so far, so there is nobody to be ahead of."


def _unranked_but_richer(rows: Sequence[Row]) -> str:
    """Whoever looks at the board sees that somebody has more than its leader."""
    ranked = [row for row in rows if row["rank"] is not None]
    others = [row for row in rows if row["rank"] is None]
    if len(ranked) < 2 or not others:
        return ""
    best = max(others, key=lambda row: (row["return"], -row["portfolio_id"]))
    if best["return"] <= max(ranked[0]["return"], 0):
        return ""
    return f" {best['name']} has gained more, with too few settled events for a rank."


def _by_skill(rows: Sequence[Row]) -> str:
    ranked = [row for row in rows if row["rank"] is not None]
    if not ranked:
        most = max((row["settled_events"] or 0 for row in rows), default=0)
        return f"No model has enough settled forecasts for a rank by skill; the most that one has is {_events(most)}."
    first = ranked[0]
    mean, events = first["skill"]["mean"], _events(first["settled_events"])
    if mean <= 0:
        return f"Nobody forecasts better than the crowd; {first['name']} comes closest, over {events}."
    lead = f"{first['name']} forecasts best, ahead of the crowd by {mean:.4f} of Brier score over {events}"
    if not first["better_than_null"]:
        return f"{lead}; that is not yet distinguishable from luck."
    peers = sum(1 for row in ranked[1:] if row["tier"] == first["tier"])
    return f"{lead}: more than luck, though {_sharing(peers)} its tier." if peers else f"{lead}: more than luck."


def _gained(row: Row, *, settled: bool) -> Decimal:
    """Ranks rest on what is settled; before there are any, marks count as well."""
    if not settled:
        return Decimal(row["total_pnl"])
    return (Decimal(str(row["settled_return"])) * Decimal(row["initial_balance"])).quantize(CENT)


def _lead(first: Row, gained: Decimal, second: Row | None, *, settled: bool) -> str:
    """In dollars where the deposits are the same, else as percent of them."""
    what = "settled bets" if settled else "its deposit"
    if second is not None and second["initial_balance"] == first["initial_balance"]:
        ahead = gained - _gained(second, settled=settled)
        written = f"{ahead:,.0f}" if ahead >= 10 else f"{ahead:,.2f}"
        return f"{first['name']} leads by {written} dollars" + (" from settled bets" if settled else "")
    percent = gained / first["initial_balance"] * 100
    return f"{first['name']} leads with {percent:+.2f} % on {what if not settled else 'its deposit from ' + what}"


def _events(count: int | None) -> str:
    return "no settled event" if not count else "1 settled event" if count == 1 else f"{count:,} settled events"


def _sharing(peers: int) -> str:
    return "another one shares" if peers == 1 else f"{peers} others share"
