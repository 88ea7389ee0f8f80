"""The pages of the markets service: the search over all markets, and one market."""

from services.markets.pages.market import busiest_market, fetched_book, market_page, prices_csv, quote_key, quote_parts
from services.markets.pages.search import search_page

__all__ = ["busiest_market", "fetched_book", "market_page", "prices_csv", "quote_key", "quote_parts", "search_page"]
