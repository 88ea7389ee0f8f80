"""Where the services are: by --host, by the environment, or by the checkout's .env, as `make run` reads it."""

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from urllib.parse import urlsplit

from shared import topology
from shared.command_line.asking import Asking

CHECKOUT = Path(__file__).resolve().parents[2]


class WrongAddress(Exception):
    """What was given as an address or a port cannot be one."""


class System:
    """The services by their names in the topology."""

    def __init__(self, addresses: Mapping[str, str], token: str | None) -> None:
        self.addresses = dict(addresses)
        self.token = token

    def __getitem__(self, service: topology.Service) -> Asking:
        return Asking(service.name, self.addresses[service.name], self.token)


def system_of(
    host: str | None, environment: MutableMapping[str, str], settings_file: Path = CHECKOUT / ".env"
) -> System:
    read_settings_file(settings_file, environment)
    offset = environment.get("PORT_OFFSET") or "0"
    if not offset.isascii() or not offset.isdigit():
        raise WrongAddress(f"PORT_OFFSET is {offset!r}, which is no number.")
    if host is None:
        addresses = {service.name: topology.url_of(service) for service in topology.SERVICES}
    else:
        base = _base(host)
        addresses = {service.name: f"{base}:{topology.port_of(service)}" for service in topology.SERVICES}
    for name, address in addresses.items():
        if not address.startswith(("http://", "https://")):
            raise WrongAddress(f"{name.upper()}_URL is {address!r}; an address starts with http:// or https://.")
    return System(addresses, environment.get("COLISEUM_TOKEN") or None)


def _base(host: str) -> str:
    """`http://arena.example` of `arena.example`, with brackets around an IPv6 address."""
    bare = host if "://" in host else f"http://{f'[{host}]' if host.count(':') > 1 and host[0] != '[' else host}"
    try:
        parts = urlsplit(bare)
        name, port = parts.hostname, parts.port
    except ValueError as error:
        raise WrongAddress(f"--host {host!r} is no address: {error}.") from error
    if parts.scheme not in ("http", "https") or not name or parts.path.strip("/") or parts.query or "@" in parts.netloc:
        raise WrongAddress(f"--host {host!r} is no machine; it looks like http://arena.example or arena.example.")
    if port is not None:
        raise WrongAddress(
            f"--host {host!r} has a port, and every service has its own; PORT_OFFSET moves them all, "
            "and ORCHESTRATOR_URL, ARENA_URL … name single ones."
        )
    return f"{parts.scheme}://{f'[{name}]' if ':' in name else name}"


def read_settings_file(file: Path, environment: MutableMapping[str, str]) -> None:
    """Lines of NAME=value; the environment comes first. The launcher's own reader would bring pydantic with it."""
    try:
        lines = file.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return  # who starts the services is told; whoever asks them needs no file
    for line in lines:
        name, separator, value = line.strip().removeprefix("export ").partition("=")
        if separator and not name.startswith("#") and (said := _unquoted(value.strip())):
            environment.setdefault(name.strip(), said)


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value.split(" #")[0].rstrip()
