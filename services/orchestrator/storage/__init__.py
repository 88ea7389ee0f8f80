"""SQL of the tables that the orchestrator owns, and what it reads of others."""
