"""Polymarket's Data API, version 2."""
