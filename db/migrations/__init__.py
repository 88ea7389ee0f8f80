"""Migrations, oldest first; the SQL is written out, so that a later change of the schema cannot change the past."""
