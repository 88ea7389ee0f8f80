"""The models of the arena: from their entries to rows, checked against the provider's list, each with its portfolio."""

from collections.abc import Mapping
from typing import Any

import structlog

from services.arena.domain.completions import CallFailure, Endpoint, ListedModel
from services.arena.models_file import read_entries
from services.arena.placing import AI_MODEL
from services.arena.resources import Resources
from services.arena.storage import registry
from services.arena.storage.registry import Registered
from shared.calls import ServiceRefused
from shared.errors import Conflict

log = structlog.get_logger()

INITIAL_BALANCE = 100_000
HOMELESS = "it has no portfolio"
LIST_SECONDS = 15.0
CREATE_SECONDS = 30


class SessionUnderWay(Conflict):
    """{external_id} is in the middle of a session; reset it when that has ended."""


class ResetUnderWay(Conflict):
    """{external_id} is being reset by somebody else; look at GET /models/{external_id}."""


def register(here: Resources) -> int:
    """How many models may play. Can be repeated: what is there is brought up to date, portfolios are made once."""
    entries = read_entries(here.settings.ai_models_file)
    with here.database.transaction() as connection:
        registry.write_models(connection, [entry.model_dump() for entry in entries], here.clock())
    check_models(here)
    give_missing_portfolios(here, {entry.external_id: entry.config for entry in entries})
    with here.database.connection() as connection:
        return registry.enabled_count(connection)


def give_missing_portfolios(here: Resources, configs: Mapping[str, Mapping[str, Any]] | None = None) -> None:
    with here.database.connection() as connection:
        homeless = registry.without_portfolio(connection)
    if homeless and configs is None:
        configs = {entry.external_id: entry.config for entry in read_entries(here.settings.ai_models_file)}
    for model in homeless:
        try:
            give_portfolio(here, model, (configs or {}).get(model.external_id, {}))
        except ServiceRefused as refusal:  # a name that is taken, a configuration that is wrong: the others play
            why = f"{HOMELESS}: {refusal.detail}"
            if why != model.disabled_reason:
                log.warning("model_without_portfolio", model=model.external_id, why=refusal.detail)
                with here.database.transaction() as connection:
                    registry.disable(connection, model.external_id, why, here.clock())


def check_models(here: Resources) -> None:
    """Whether the providers know the models. A list that cannot be had disables nobody: a session will tell."""
    with here.database.connection() as connection:
        registered = registry.registered(connection)
    lists: dict[str, Mapping[str, ListedModel] | None] = {}
    for model in registered:
        endpoint = endpoint_of_model(here, model)
        if model.kind == "model" and endpoint.base_url not in lists:
            lists[endpoint.base_url] = _listed(here, endpoint)
    checked = [_checked(model, endpoint_of_model(here, model), lists) for model in registered]
    with here.database.transaction() as connection:
        registry.write_checks(connection, checked, here.clock())
    for check in checked:
        if not check.enabled:
            log.warning("model_disabled", model=check.external_id, why=check.disabled_reason)


def endpoint_of_model(here: Resources, model: Registered) -> Endpoint:
    return here.openrouter if model.base_url is None else here.endpoint_at(model.base_url, model.api_key_variable)


def _listed(here: Resources, endpoint: Endpoint) -> dict[str, ListedModel] | None:
    listed = here.providers.listed_models(endpoint, LIST_SECONDS)
    if isinstance(listed, CallFailure):
        log.warning("models_not_listed", address=endpoint.base_url, why=listed.detail)
        return None
    return {each.model: each for each in listed}


def _checked(
    model: Registered, endpoint: Endpoint, lists: Mapping[str, Mapping[str, ListedModel] | None]
) -> registry.Check:
    listed = lists.get(endpoint.base_url)
    if model.portfolio_id is None and (model.disabled_reason or "").startswith(HOMELESS):
        return registry.Check(model.external_id, False, model.disabled_reason, None, None, False)
    if model.removed:
        return registry.Check(model.external_id, False, "it stands in the file of models no longer", None, None, False)
    if model.kind == "model" and model.base_url and model.api_key_variable and not endpoint.api_key:
        why = f"{model.api_key_variable}, which should hold its key, is not set"
        return registry.Check(model.external_id, False, why, None, None, False)
    if model.kind == "ensemble" or listed is None:
        return registry.Check(model.external_id, True, None, None, None, False)
    found = listed.get(model.openrouter_model)
    if found is None:
        why = f"the provider does not list {model.openrouter_model}; correct the id in the file of models"
        return registry.Check(model.external_id, False, why, None, None, True)
    return registry.Check(model.external_id, True, None, found.prompt_price, found.completion_price, True)


def give_portfolio(here: Resources, model: Registered, config: Mapping[str, Any]) -> int:
    """Made through the public endpoint, like everybody's. One that was made before a crash is found by its name."""
    body = {
        "name": model.name,
        "strategy_type": AI_MODEL,
        "strategy_config": {**config, "model": model.external_id},
        "frequency": "every_cycle",
        "initial_balance": INITIAL_BALANCE,
    }
    try:
        portfolio_id = int(here.paper.post("/paper-trading/portfolios", body, seconds=CREATE_SECONDS)["portfolio_id"])
    except ServiceRefused as refusal:
        with here.database.connection() as connection:
            found = registry.portfolio_of(connection, model.external_id)
        if refusal.facts.get("error") != "NameTaken" or found is None:
            raise
        portfolio_id = found
    with here.database.transaction() as connection:
        registry.write_portfolio(connection, model.external_id, portfolio_id, here.clock())
        if (model.disabled_reason or "").startswith(HOMELESS):
            registry.enable(connection, model.external_id, here.clock())
    log.info("model_entered", model=model.external_id, portfolio_id=portfolio_id)
    return portfolio_id


def reset(here: Resources, model: Registered, why: str) -> int:
    """A new portfolio with a full purse. The old one is closed under a name that says so; its history stays. Sessions
    that have not begun go over to the new one; while one is under way nothing is reset."""
    now = here.clock()
    config: Mapping[str, Any] = {}
    if model.portfolio_id is not None:
        with here.database.connection() as connection:
            if registry.has_running_session(connection, model.model_id):
                raise SessionUnderWay(external_id=model.external_id)
            config = registry.config_of(connection, model.portfolio_id)
        changes = {"name": f"{model.name} until {now:%Y-%m-%d %H:%M:%S.%f}", "status": "closed", "reason": why}
        try:
            here.paper.patch(f"/paper-trading/portfolios/{model.portfolio_id}", changes, seconds=CREATE_SECONDS)
        except ServiceRefused as refusal:
            if refusal.facts.get("error") == "PortfolioClosed":
                raise ResetUnderWay(external_id=model.external_id) from refusal
            raise
        with here.database.transaction() as connection:
            registry.write_portfolio(connection, model.external_id, None, now)
    return give_portfolio(here, model, {name: value for name, value in config.items() if name != "model"})
