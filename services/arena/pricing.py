"""What a token of a model costs, as far as somebody has said."""

from decimal import Decimal

from sqlalchemy import Connection, text

from services.arena.domain.budgets import TokenPrice

_KNOWN = text("""
SELECT prompt_price, completion_price FROM ai_models
WHERE openrouter_model = :model AND prompt_price IS NOT NULL AND completion_price IS NOT NULL
ORDER BY checked_at DESC NULLS LAST LIMIT 1
""")


def price_of(connection: Connection, provider_model: str, assumed: Decimal) -> TokenPrice:
    """Of a model that nobody has priced the assumed one, which is dear on purpose."""
    row = connection.execute(_KNOWN, {"model": provider_model}).first()
    return TokenPrice(assumed, assumed) if row is None else TokenPrice(row.prompt_price, row.completion_price)
