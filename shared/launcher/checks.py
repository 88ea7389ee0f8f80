"""What is looked at before anything starts."""

import fcntl
import json
import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import psycopg2

from shared.launcher.errors import (
    AlreadyRuns,
    DatabaseUnusable,
    FolderUnusable,
    HostUnusable,
    PortInUse,
    StrategyUnusable,
    WorldsWouldMix,
)
from shared.topology import Service

POSTGRES_MIN = 15
LOGS = "logs"
MEANT = re.compile(r"^(PORT|RULE)\b[^=\n]*=", re.MULTILINE)  # to be a strategy
STRATEGY_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@contextmanager
def only_one(folder: Path, addresses: Mapping[str, str]) -> Iterator[IO[str]]:
    """The lock of a data folder, which says where its holder can be found. The kernel frees it with its holder."""
    try:
        (folder / LOGS).mkdir(parents=True, exist_ok=True)
        lock = (folder / "run.lock").open("a+")
    except OSError as error:
        raise FolderUnusable(folder=folder, reason=error.strerror) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRuns(folder=folder, **_holder(lock)) from error
        lock.truncate(0)
        lock.write(json.dumps({"pid": os.getpid(), "addresses": addresses}))
        lock.flush()
        yield lock


def _holder(lock: IO[str]) -> dict[str, str]:
    lock.seek(0)
    text = lock.read()
    if not text:
        return {"pid": "unknown", "addresses": "it is just starting"}
    holder = json.loads(text)
    addresses = ", ".join(f"{name} at {address}" for name, address in holder["addresses"].items())
    return {"pid": holder["pid"], "addresses": addresses}


def check_world(url: str, to_be_simulated: Mapping[str, bool]) -> None:
    """Of a migrated database: a simulated and a real venue must not share one history."""
    words = {True: "simulated", False: "real"}
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as session:
        cursor = session.cursor()
        cursor.execute("SELECT platform, simulated FROM platforms WHERE simulated IS NOT NULL")
        for venue, simulated in cursor.fetchall():
            if to_be_simulated.get(venue, simulated) != simulated:
                raise WorldsWouldMix(venue=venue, was=words[simulated], would_be=words[not simulated])


def check_ports(host: str, ports: Mapping[str, int]) -> None:
    for service, port in ports.items():
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except socket.gaierror as error:
                raise HostUnusable(host=host, reason=error.strerror) from error
            except OSError as error:
                if error.errno == 98 or "in use" in str(error):
                    raise PortInUse(port=port, service=service) from error
                raise HostUnusable(host=host, reason=error.strerror) from error


def check_strategies(own: Mapping[str, Service], services: Sequence[Service], folder: Path) -> None:
    """Those in the folder strategies: each has a name and a port that nobody else has."""
    for path in sorted(folder.glob("*.py")):
        if path.stem not in own and MEANT.search(path.read_text(errors="replace")):
            raise StrategyUnusable(
                file=f"strategies/{path.name}", reason="it has no line PORT = 8011 (or another number), written out"
            )
    for name, service in own.items():
        file = f"strategies/{name}.py"
        if not STRATEGY_NAME.fullmatch(name):
            raise StrategyUnusable(file=file, reason="its name must be small letters, digits and underscores")
        others = [each for each in services if each is not service]
        if any(each.name == service.name for each in others):
            raise StrategyUnusable(file=file, reason=f"there is a strategy {name} already, so it needs another name")
        if same := [each.name for each in others if each.port == service.port]:
            raise StrategyUnusable(
                file=file, reason=f"its port {service.port} is also that of {same[0]}; one of them needs another"
            )


def check_database(url: str) -> None:
    try:
        session = psycopg2.connect(f"postgresql://{url.partition('://')[2]}", connect_timeout=5)
    except psycopg2.Error as error:
        raise DatabaseUnusable(reason=" ".join(str(error).split())) from error
    version = session.server_version // 10_000
    session.close()
    if version < POSTGRES_MIN:
        raise DatabaseUnusable(reason=f"it is PostgreSQL {version}, and {POSTGRES_MIN} is the oldest that will do")
