"""Which world the services see: the sandbox stands in for each venue and provider of models that nobody has set."""

from collections.abc import Mapping

PATHS = {
    "POLYMARKET_GAMMA_URL": "/gamma",
    "POLYMARKET_CLOB_URL": "/clob",
    "POLYMARKET_DATA_URL": "/data",
    "KALSHI_BASE_API_URL": "/kalshi/trade-api/v2",
}
RATES = {
    "POLYMARKET_GAMMA_URL": "POLYMARKET_GAMMA_RATE",
    "POLYMARKET_CLOB_URL": "POLYMARKET_CLOB_RATE",
    "POLYMARKET_DATA_URL": "POLYMARKET_DATA_RATE",
    "KALSHI_BASE_API_URL": "KALSHI_RATE",
}
UNLIMITED = "0"  # nobody has to be spared in a sandbox

CATALOGUES = {"polymarket": "POLYMARKET_GAMMA_URL", "kalshi": "KALSHI_BASE_API_URL"}  # by venue

PROVIDERS = {
    ("OPENROUTER_BASE_URL", "OPENROUTER_API_KEY"): "/openrouter/api/v1",
    ("PERPLEXITY_BASE_URL", "PERPLEXITY_API_KEY"): "/perplexity",
}
KEY = "sandbox"  # opens nothing: a real key never goes to the sandbox, nor this one anywhere else


def sandbox_variables(environment: Mapping[str, str], sandbox_url: str) -> dict[str, str]:
    """What to add to the environment; nothing when every venue and provider has an address or a key of its own."""
    missing = [name for name in PATHS if not environment.get(name)]
    addresses = {name: sandbox_url + PATHS[name] for name in missing}
    rates = {RATES[name]: UNLIMITED for name in missing if not environment.get(RATES[name])}
    return addresses | rates | provider_variables(environment, sandbox_url)


def provider_variables(environment: Mapping[str, str], sandbox_url: str) -> dict[str, str]:
    """An address without a key is a server that needs none, a key without an address is one for the provider itself."""
    added: dict[str, str] = {}
    for (address, key), path in PROVIDERS.items():
        if not environment.get(address) and not environment.get(key):
            added |= {address: sandbox_url + path, key: KEY}
    return added


# In the sandbox events end within minutes, and the dollars of models are as simulated as the models.
SIMULATED_ARENA = {
    "ARENA_SELECT_SECONDS": "180",
    "ARENA_HORIZON_SECONDS": "240",
    "ARENA_CLOSE_MIN_SECONDS": "45",
    "ARENA_MODEL_DAY_BUDGET": "1000",
    "ARENA_DAY_BUDGET": "5000",
    "SIGNAL_ARCHIVE_DAYS": "2",  # what models say every few minutes is a gigabyte of feed a day
}


def arena_variables(added: Mapping[str, str]) -> dict[str, str]:
    """The rhythm and the budgets of an arena whose models are played by the sandbox; real ones keep the settings."""
    return dict(SIMULATED_ARENA) if "OPENROUTER_BASE_URL" in added else {}


def to_be_simulated(environment: Mapping[str, str], sandbox_url: str) -> dict[str, bool]:
    """By venue; nothing is said of an address that is neither the sandbox's nor the venue's own."""
    addresses = {venue: environment.get(name) for venue, name in CATALOGUES.items()}
    return {
        venue: bool(address)
        for venue, address in addresses.items()
        if not address or address.startswith(f"{sandbox_url}/")
    }
