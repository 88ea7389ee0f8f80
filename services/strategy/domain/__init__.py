"""Rules: pure functions of the pool, a portfolio, its configuration and the moment."""
