"""The one catalogue of tables, and the column types that money and prices always have."""

from sqlalchemy import DateTime, MetaData, Numeric

catalogue = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    }
)

Money = Numeric(24, 8)
Price = Numeric(10, 6)
Quantity = Numeric(24, 8)
Moment = DateTime(timezone=True)
