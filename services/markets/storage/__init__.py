"""SQL for the tables that the markets service owns, and what it reads of others."""
