"""Polymarket's Gamma: the catalogue of events and markets."""
