"""The simulated world: pure functions of (seed, now)."""
