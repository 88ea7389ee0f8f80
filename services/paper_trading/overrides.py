"""Values that operators change at run time: checked, with a reason and an end."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import structlog
from sqlalchemy import Connection

from services.paper_trading.domain.overriding import KEYS
from services.paper_trading.storage import overrides as storage
from shared.database import Database
from shared.errors import Conflict, Invalid, NotFound

log = structlog.get_logger()


class UnknownKey(Invalid):
    """There is no config_key {config_key}; the keys are {known}."""


class WrongValue(Invalid):
    """{config_key} {wrong}."""


class NotOfPortfolio(Invalid):
    """{config_key} holds for all portfolios together; leave portfolio_id out."""


class ExpiryPassed(Invalid):
    """An override needs an end that is still to come: expires_at is {expires_at}."""


class OverrideNotFound(NotFound):
    """There is no override {override_id}; GET /paper-trading/overrides lists them."""


class OverrideOver(Conflict):
    """Override {override_id} does not stand any more: it was withdrawn or has expired."""


def effective(connection: Connection, portfolio_id: int | None, now: datetime) -> Mapping[str, Decimal]:
    """What holds instead of the settings and of the portfolio's own limits at this moment."""
    return storage.standing_overrides(connection, portfolio_id, now)


def apply(
    database: Database,
    portfolio_id: int | None,
    config_key: str,
    value: Any,
    reason: str,
    applied_by: str | None,
    expires_at: datetime,
    now: datetime,
) -> bytes:
    """The stored row. The portfolio is known to exist."""
    if config_key not in KEYS:
        raise UnknownKey(config_key=config_key, known=", ".join(sorted(KEYS)))
    key = KEYS[config_key]
    if wrong := key.wrong(value):
        raise WrongValue(config_key=config_key, wrong=wrong)
    if portfolio_id is not None and not key.of_portfolio:
        raise NotOfPortfolio(config_key=config_key)
    if expires_at <= now:
        raise ExpiryPassed(expires_at=expires_at)
    with database.transaction() as connection:
        number = storage.write_override(
            connection, portfolio_id, config_key, Decimal(value), reason, applied_by, expires_at, now
        )
        body = storage.override_json(connection, number, now)
    log.info("override_applied", override_id=number, config_key=config_key, portfolio_id=portfolio_id, reason=reason)
    assert body is not None
    return body


def withdraw(database: Database, override_id: int, now: datetime) -> bytes:
    with database.transaction() as connection:
        withdrawn = storage.withdraw_override(connection, override_id, now)
        body = storage.override_json(connection, override_id, now)
    if body is None:
        raise OverrideNotFound(override_id=override_id)
    if not withdrawn:
        raise OverrideOver(override_id=override_id)
    log.info("override_withdrawn", override_id=override_id)
    return body
