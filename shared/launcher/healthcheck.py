"""Whether a service in this container can be given work: `python -m shared.launcher.healthcheck markets`."""

import sys

from shared import topology
from shared.launcher.health import is_ready


def main(name: str) -> int:
    [service] = [service for service in topology.SERVICES if service.name == name]
    return 0 if is_ready(f"http://127.0.0.1:{topology.port_of(service)}") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
