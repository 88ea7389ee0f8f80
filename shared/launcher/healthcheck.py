"""Whether a service in this container can work: `python -m shared.launcher.healthcheck markets`."""

import sys

from shared import topology
from shared.launcher.health import health_of


def main(name: str) -> int:
    [service] = [service for service in topology.SERVICES if service.name == name]
    return 0 if health_of(f"http://127.0.0.1:{topology.port_of(service)}") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
