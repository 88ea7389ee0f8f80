"""The pages there are, and where each is found in an arena that has something to show."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from tests.browser.conftest import said
from tests.launcher.arena import Arena

Found = Callable[[Arena], str]


def _at(service: str, path: str = "/") -> Found:
    return lambda arena: arena.address(service) + path


def _portfolio(kind: str) -> Found:
    def find(arena: Arena) -> str:
        portfolios = said(arena, "paper_trading", "/paper-trading/all-portfolios?limit=1000")["portfolios"]
        of_kind = [each for each in portfolios if each["strategy_type"] == kind]
        busiest = max(of_kind, key=lambda each: (each["trade_count"], -each["portfolio_id"]))
        return f"{arena.address('paper_trading')}/portfolio/{busiest['portfolio_id']}"

    return find


def _market(arena: Arena) -> str:
    """One that somebody has traded, so that everything of the page has something to say."""
    trades = said(arena, "paper_trading", "/paper-trading/trades?limit=1")["trades"]
    return f"{arena.address('markets')}/market/{quote(trades[0]['market_id'], safe='')}"


def settled_event(arena: Arena) -> Any:
    return said(arena, "arena", "/events?status=settled&limit=1")["events"][0]


def _event(arena: Arena) -> str:
    return f"{arena.address('arena')}/event/{settled_event(arena)['event_id']}"


def _session(arena: Arena) -> str:
    sessions = said(arena, "arena", f"/events/{settled_event(arena)['event_id']}/sessions")["sessions"]
    return f"{arena.address('arena')}/session/{sessions[0]['session_id']}"


def _compare(arena: Arena) -> str:
    board = said(arena, "arena", "/leaderboard")["leaderboard"]
    models = [row["portfolio_id"] for row in board if row["strategy_type"] == "ai_model"]
    return f"{arena.address('arena')}/compare?one={models[0]}&other={models[1]}"


PAGES: dict[str, Found] = {
    "home": _at("orchestrator"),
    "home by skill": _at("orchestrator", "/?by=skill&range=1h"),
    "operations": _at("orchestrator", "/operations"),
    "portfolios": _at("paper_trading"),
    "portfolio of a model": _portfolio("ai_model"),
    "portfolio of a rule": _portfolio("hybrid"),
    "markets": _at("markets"),
    "search": _at("markets", "/?text=will"),
    "market": _market,
    "models": _at("arena"),
    "model": _at("arena", "/model/gpt-4o"),
    "event": _event,
    "session": _session,
    "compare": _compare,
    "events": _at("events"),
    "momentum": _at("strategy_momentum"),
    "arbitrage": _at("strategy_arbitrage"),
    "baseline": _at("strategy_baseline"),
    "sandbox": _at("sandbox"),
    "sign in": _at("orchestrator", "/sign-in"),
}
EVERYWHERE = ("home", "operations", "portfolios", "markets", "models", "events", "momentum", "arbitrage", "baseline")
