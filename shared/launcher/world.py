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
