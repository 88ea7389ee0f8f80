"""`python -m tests.launcher.tiny SETTINGS_FILE NAME …` is `make run` with small services; `all`: the real ones."""

import os
import sys
import time
from pathlib import Path

from fastapi import FastAPI

from shared import topology
from shared.launcher.__main__ import main
from shared.topology import Service

app = FastAPI()


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/pid")
def pid() -> int:
    return os.getpid()


@app.get("/hang")
def hang() -> None:
    time.sleep(60)


@app.get("/die")
def die() -> None:
    os._exit(7)


broken = FastAPI(on_startup=[lambda: 1 / 0])


class Tiny(Service):
    @property
    def application(self) -> str:
        return f"tests.launcher.tiny:{self.package}"


KNOWN = {
    "first": Tiny("first", "app", 8000),
    "second": Tiny("second", "app", 8001),
    "third": Tiny("third", "broken", 8002),
}

if __name__ == "__main__":
    chosen = topology.SERVICES if sys.argv[2:] == ["all"] else [KNOWN[name] for name in sys.argv[2:]]
    sys.exit(main(chosen, Path(sys.argv[1])))
