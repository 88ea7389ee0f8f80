"""Collects over and over, as a container does it: `python -m shared.launcher.collector`."""

import sys

from pydantic import Field

from shared import topology
from shared.launcher.collection import COMMANDS, collect_forever
from shared.settings import ServiceSettings, SettingsError, settings_of


class CollectorSettings(ServiceSettings):
    collect_every_seconds: float = Field(default=300, gt=0)


def main() -> int:
    try:
        settings = settings_of(CollectorSettings)
    except SettingsError as error:
        print(f"coliseum: {error}", file=sys.stderr)
        return 2
    addresses = {service.name: topology.url_of(service) for service in topology.SERVICES if service.name in COMMANDS}
    token = settings.coliseum_token.get_secret_value() if settings.coliseum_token else None
    collect_forever(addresses, token, settings.collect_every_seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
