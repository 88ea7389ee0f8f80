"""Polymarket's CLOB: books, prices and price histories."""
