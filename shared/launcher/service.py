"""One service in a process of its own, as a container runs it: `python -m shared.launcher.service markets`."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from shared import topology
from shared.launcher.programs import serve
from shared.launcher.world import arena_variables, provider_variables
from shared.settings import ServiceSettings, SettingsError, settings_of


def main(arguments: Sequence[str]) -> int:
    known = {service.name: service for service in topology.SERVICES}
    if len(arguments) != 1 or arguments[0] not in known:
        print(f"coliseum: name one service: {', '.join(known)}.", file=sys.stderr)
        return 2
    service = known[arguments[0]]
    module, _, name = service.application.partition(":")
    if sandbox_url := os.environ.get("SANDBOX_URL"):
        added = provider_variables(os.environ, sandbox_url)
        simulated = {name: value for name, value in arena_variables(added).items() if not os.environ.get(name)}
        os.environ.update(added | simulated)
    try:
        host = settings_of(ServiceSettings).bind_host
        app = getattr(import_module(module), name)
    except SettingsError as error:
        print(f"coliseum: {error}", file=sys.stderr)
        return 2
    serve(app, host, topology.port_of(service))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
