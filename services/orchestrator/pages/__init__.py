"""The pages of the orchestrator: the arena's home, and operations."""
