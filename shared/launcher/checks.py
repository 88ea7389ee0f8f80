"""What is looked at before anything starts."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psycopg2

from shared.launcher.errors import AlreadyRuns, DatabaseUnusable, FolderUnusable, HostUnusable, PortInUse

POSTGRES_MIN = 15
LOGS = "logs"


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


def check_database(url: str) -> None:
    try:
        session = psycopg2.connect(f"postgresql://{url.partition('://')[2]}", connect_timeout=5)
    except psycopg2.Error as error:
        raise DatabaseUnusable(reason=" ".join(str(error).split())) from error
    version = session.server_version // 10_000
    session.close()
    if version < POSTGRES_MIN:
        raise DatabaseUnusable(reason=f"it is PostgreSQL {version}, and {POSTGRES_MIN} is the oldest that will do")
