"""Addresses of the page of one portfolio, with everything that its reader chose."""

from collections.abc import Mapping
from urllib.parse import urlencode

CHOICES = ("range", "outcome", "trades_after", "settlements_after", "decisions_after")


def address_of(portfolio_id: int, chosen: Mapping[str, str], **changed: str | None) -> str:
    """The page as it is, but for what is changed; None takes a choice back."""
    asked = {**chosen, **changed}
    query = urlencode({name: value for name in CHOICES if (value := asked.get(name))})
    return f"/portfolio/{portfolio_id}{'?' if query else ''}{query}"
