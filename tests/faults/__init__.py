"""Faults that the whole must survive, over real processes, a real Postgres and the sandbox."""
