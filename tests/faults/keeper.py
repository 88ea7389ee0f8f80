"""`python -m tests.faults.keeper FOLDER NAME …` keeps services running: each a process of its own, forked from here."""

# Who dies is forked again at once. Lines on the standard input are orders: `hold NAME` leaves one dead, `free NAME`
# lets it live again. The end of the input is the end of whoever ordered all this: then everything ends, Postgres too.

import json
import os
import select
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from db.embedded.cluster import Cluster
from shared import topology
from shared.launcher.programs import Lifeline, Program, fork, prepare_to_serve, serve

LOOK_SECONDS = 0.02
PIDS = "pids.json"


class Keeper:
    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.folder = folder
        self.programs = [_program(service) for service in topology.SERVICES if service.name in names]
        self.lifeline = Lifeline()
        self.pids: dict[str, int] = {}
        self.held: set[str] = set()
        self.line = b""

    def keep(self) -> None:
        while self._listen():
            changed = self._reap()
            for program in self.programs:
                if program.name not in self.pids and program.name not in self.held:
                    self.pids[program.name] = fork(program, self.folder / f"{program.name}.log", self.lifeline)
                    changed = True
            if changed:
                new = self.folder / f"{PIDS}.new"
                new.write_text(json.dumps(self.pids))
                new.replace(self.folder / PIDS)

    def end(self) -> None:
        for pid in self.pids.values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        Cluster(self.folder / "postgres").stop()

    def _listen(self) -> bool:
        """Whether somebody is still there."""
        ready, _, _ = select.select([0], [], [], LOOK_SECONDS)
        if ready:
            said = os.read(0, 4_096)
            if not said:
                return False
            *orders, self.line = (self.line + said).split(b"\n")
            for order in orders:
                verb, name = order.decode().split()
                (self.held.add if verb == "hold" else self.held.discard)(name)
        return True

    def _reap(self) -> bool:
        ended = {name for name, pid in self.pids.items() if os.waitpid(pid, os.WNOHANG)[0]}
        for name in ended:
            del self.pids[name]
        return bool(ended)


def _program(service: topology.Service) -> Program:
    module, _, name = service.application.partition(":")
    app = getattr(import_module(module), name)
    return Program(service.name, lambda: serve(app, "127.0.0.1", topology.port_of(service)))


def main(folder: Path, names: Sequence[str]) -> None:
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a Ctrl-C is for the tests; they end, and then we do
    prepare_to_serve()
    keeper = Keeper(folder, names)
    try:
        keeper.keep()
    finally:
        keeper.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
