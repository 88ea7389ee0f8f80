"""Making and changing portfolios: the controller's schema says what a configuration may hold."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.exc import IntegrityError

from services.paper_trading.domain.configuration import Config, Schema, merged, problems_of, with_defaults
from services.paper_trading.execution import PortfolioNotFound
from services.paper_trading.storage import orders, portfolios
from shared.calls import Calls
from shared.database import Database
from shared.errors import Conflict, Invalid
from shared.json_bytes import encoded
from shared.trading.config_schema import config_schema
from shared.trading.limits import PortfolioConfig


class ConfigInvalid(Invalid):
    """{sentence}"""


class NameTaken(Conflict):
    """There is a portfolio with this name already; choose another one."""


class PortfolioClosed(Conflict):
    """This portfolio is closed; its history stays, and it does not open again."""


def schema_of(strategies: Mapping[str, Calls], strategy_type: str) -> Schema:
    """From the controller that decides for such portfolios. Models decide for themselves: for them the limits hold."""
    controller = strategies.get(strategy_type)
    if controller is None:
        return config_schema(PortfolioConfig)
    schema: Schema = controller.get("/strategy/config-schema")
    return schema


def usable_config(schema: Schema, config: Config, strategy_type: str) -> Config:
    if problems := problems_of(schema, config, strategy_type):
        raise ConfigInvalid(sentence="; ".join(problems) + ".", wrong=problems)
    full = with_defaults(schema, config)
    try:
        encoded(full)
    except TypeError as error:  # text with half a character, numbers beyond 64 bits
        sentence = "strategy_config holds text or numbers that cannot be stored."
        raise ConfigInvalid(sentence=sentence, wrong=[sentence]) from error
    return full


def create_portfolio(
    database: Database,
    strategies: Mapping[str, Calls],
    *,
    name: str,
    strategy_type: str,
    strategy_config: Config,
    frequency: str,
    initial_balance: Decimal,
    now: datetime,
) -> int:
    config = usable_config(schema_of(strategies, strategy_type), strategy_config, strategy_type)
    try:
        with database.transaction() as connection:
            return portfolios.create_portfolio(connection, name, strategy_type, config, frequency, initial_balance, now)
    except IntegrityError as error:
        raise NameTaken(name=name) from error


def change_portfolio(
    database: Database,
    strategies: Mapping[str, Calls],
    portfolio_id: int,
    changes: Mapping[str, Any],
    reason: str | None,
    now: datetime,
) -> None:
    """`changes` may name name, frequency, status and strategy_config, whose keys replace those there are."""
    schema = _schema_for_change(database, strategies, portfolio_id, changes)
    try:
        with database.transaction() as connection:
            before = _open_facts(portfolios.locked_facts(connection, portfolio_id), portfolio_id)
            after = dict(changes)
            if schema is not None:
                config = merged(before["strategy_config"], changes["strategy_config"])
                after["strategy_config"] = usable_config(schema, config, before["strategy_type"])
            after = {what: value for what, value in after.items() if before[what] != value}
            if not after:
                return
            portfolios.change_portfolio(connection, portfolio_id, after, now)
            for what, value in after.items():
                portfolios.record_change(connection, portfolio_id, what, before[what], value, reason, now)
            if after.get("status") in ("paused", "closed"):
                orders.cancel_orders(connection, f"portfolio_{after['status']}", now, portfolio_ids=[portfolio_id])
    except IntegrityError as error:
        raise NameTaken(name=changes.get("name")) from error


def _schema_for_change(
    database: Database, strategies: Mapping[str, Calls], portfolio_id: int, changes: Mapping[str, Any]
) -> Schema | None:
    """Asked for before anything is locked."""
    if "strategy_config" not in changes:
        return None
    with database.transaction() as connection:
        facts = _open_facts(portfolios.locked_facts(connection, portfolio_id), portfolio_id)
    return schema_of(strategies, facts["strategy_type"])


def _open_facts(facts: dict[str, Any] | None, portfolio_id: int) -> dict[str, Any]:
    if facts is None:
        raise PortfolioNotFound(portfolio_id=portfolio_id)
    if facts["status"] == "closed":
        raise PortfolioClosed(portfolio_id=portfolio_id)
    return facts
