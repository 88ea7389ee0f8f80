"""Kalshi's Trade API v2: public market data."""
