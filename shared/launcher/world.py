"""Which world the services see: the sandbox stands in for each venue address that nobody has set."""

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


def sandbox_variables(environment: Mapping[str, str], sandbox_url: str) -> dict[str, str]:
    """What to add to the environment; nothing when every venue has an address of its own."""
    missing = [name for name in PATHS if not environment.get(name)]
    addresses = {name: sandbox_url + PATHS[name] for name in missing}
    rates = {RATES[name]: UNLIMITED for name in missing if not environment.get(RATES[name])}
    return addresses | rates
