"""The database's address, for psql and scripts: `python -m db.embedded url`."""

import os
import sys
from pathlib import Path

from db.embedded.cluster import Cluster

CHECKOUT = Path(__file__).resolve().parents[2]


def main(arguments: list[str]) -> int:
    if arguments != ["url"]:
        sys.stderr.write("usage: python -m db.embedded url\n")
        return 2
    state = Path(os.environ.get("DATA_DIR") or CHECKOUT / ".data")
    url = os.environ.get("DATABASE_URL") or Cluster(state / "postgres").running()
    if url is None:
        sys.stderr.write(f"No database runs in {state}: start it with `make run`.\n")
        return 1
    sys.stdout.write(f"{url}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
