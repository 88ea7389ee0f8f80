"""`make run`: everything on this machine, until Ctrl-C."""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from db.embedded.errors import ClusterError
from shared import topology
from shared.launcher.errors import LaunchError
from shared.launcher.launch import launch
from shared.launcher.settings import CHECKOUT, LaunchSettings, read_settings_file
from shared.logs import configure_terminal_logs
from shared.settings import SettingsError, settings_of
from shared.topology import Service


def main(services: Sequence[Service] = topology.SERVICES, settings_file: Path = CHECKOUT / ".env") -> int:
    began = time.monotonic()
    configure_terminal_logs()
    try:
        read_settings_file(settings_file, os.environ)
        launch(settings_of(LaunchSettings), services, began)
    except KeyboardInterrupt:
        print("stopped")
        return 0
    except SettingsError as error:
        print(f"coliseum: {error}", file=sys.stderr)
        return 2
    except LaunchError as error:
        print(f"coliseum: {error}", file=sys.stderr)
        return error.exit_code
    except ClusterError as error:
        print(f"coliseum: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
