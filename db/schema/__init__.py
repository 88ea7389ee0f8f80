"""Every table, declared once, in the module of the service that writes it."""

from db.schema import arena, events, feed, markets, orchestrator, paper_trading, strategy
from db.schema.metadata import catalogue

__all__ = ["arena", "catalogue", "events", "feed", "markets", "orchestrator", "paper_trading", "strategy"]
