"""SQL of the arena: the tables that it owns, and what it reads of others."""
