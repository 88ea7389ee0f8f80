"""The strategy controllers: rules by table, on columns, on rows of Postgres and on the simulated world."""
