"""Every table, declared once, in the module of the service that writes it."""

from db.schema import events, feed, markets, orchestrator, paper_trading, strategy
from db.schema.metadata import catalogue

__all__ = ["catalogue", "events", "feed", "markets", "orchestrator", "paper_trading", "strategy"]
