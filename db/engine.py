"""An SQLAlchemy engine for an address as people write it: postgres://, postgresql:// or with the driver named."""

from typing import Any

from sqlalchemy import Engine, create_engine, make_url


def engine_of(url: str, **options: Any) -> Engine:
    _, _, rest = url.partition("://")
    return create_engine(make_url(f"postgresql+psycopg2://{rest}"), **options)
