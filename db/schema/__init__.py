"""Every table, declared once, in the module of the service that writes it."""

from db.schema import events, markets
from db.schema.metadata import catalogue

__all__ = ["catalogue", "events", "markets"]
