"""Somebody who follows a guide word for word, in a fresh copy of the checkout, with a terminal and a second one."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Timer
from typing import Any

import requests

from tests.architecture.rules.source import files
from tests.guides.reading import Step, missing_from, steps_of
from tests.launcher.arena import CHECKOUT, NOT_INHERITED

GUIDES = CHECKOUT / "docs" / "guides"
PATIENCE_SECONDS = 150.0  # for what is promised; a quiet machine shows all of it within seconds
COMMAND_SECONDS = 250.0  # longer than a guide has its reader wait
CLOSE_SECONDS = 15.0
LOOK_SECONDS = 1.0
END = "the-end-of-a-command"
# The addresses of a guide are those of a first copy on a machine; ours lie higher, and nothing else is replaced.
_PORTS = re.compile(r"""(127\.0\.0\.1(?::|", ))(\d{4})\b""")
_OWN = re.compile(r"strategies/\w+\.py")  # of whoever runs the tests


class NotSeen(AssertionError):
    """What the guide promises is not there."""


class Newcomer:
    def __init__(self, folder: Path, offset: int, **variables: str) -> None:
        self.folder = folder
        self.offset = offset
        inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        self.environment = inherited | {"PORT_OFFSET": str(offset)} | variables
        self.patience = PATIENCE_SECONDS
        self.terminals: list[Terminal] = []
        _copy_checkout(folder)
        self.shell = Shell(folder, self.environment)

    def follow(self, guide: Path) -> None:
        """Each step in its turn. What is seen late is looked for again, as a reader would."""
        steps = steps_of(guide)
        for step, after in zip(steps, [*steps[1:], None], strict=True):
            expected = after.text if after is not None and after.kind == "seen" else ""
            text, expected = self._shifted(step.text), self._shifted(expected)
            if step.kind == "file":
                self.write(step.path, text)
            elif step.kind == "terminal":
                self.terminals.append(Terminal(self.folder, text, self.environment))
                self._look(step, self.terminals[-1].said, expected)
            elif step.kind == "command":
                self._look(step, partial(self.shell.type, text), expected)

    def leave(self) -> None:
        self.shell.close()
        for terminal in reversed(self.terminals):
            terminal.close()

    def get(self, port: int, path: str) -> Any:
        return requests.get(self._address(port) + path, timeout=30).json()

    def page(self, port: int) -> str:
        return requests.get(f"{self._address(port)}/", timeout=30).text

    def _address(self, port: int) -> str:
        return f"http://127.0.0.1:{port + self.offset}"

    def _shifted(self, text: str) -> str:
        return _PORTS.sub(lambda match: f"{match[1]}{int(match[2]) + self.offset}", text)

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def _look(self, step: Step, look: Callable[[], str], expected: str) -> None:
        deadline = time.monotonic() + self.patience
        while (line := missing_from(seen := look(), expected)) is not None:
            if time.monotonic() > deadline:
                raise NotSeen(f"line {step.line} of the guide promises {line!r}; seen was:\n{seen[-4_000:]}")
            time.sleep(LOOK_SECONDS)


class Shell:
    """One terminal from the first command to the last, so that variables stay."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._typed = folder.with_name(f"{folder.name}.typed")
        self._process = subprocess.Popen(
            ["bash"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
            start_new_session=True,
        )

    def type(self, text: str) -> str:
        """What the terminal shows. A command that fails, or does not end, is an error whatever is expected of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._typed.write_text(text)
        self._process.stdin.write(f". '{self._typed}' </dev/null\nprintf '\\n%s %s\\n' {END} $?\n")
        patience = Timer(COMMAND_SECONDS, self.close)
        patience.start()
        seen = ""
        for line in self._process.stdout:
            if line.startswith(END):
                patience.cancel()
                if line.split()[1] != "0":
                    raise NotSeen(f"this ended with {line.split()[1]}:\n{text}\n{seen[-4_000:]}")
                return seen
            seen += line
        raise NotSeen(f"this did not end:\n{text}\n{seen[-4_000:]}")

    def close(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Terminal:
    """A second one, in which a program stays open until Ctrl-C."""

    def __init__(self, folder: Path, text: str, environment: dict[str, str]) -> None:
        self._output = folder.with_name(f"{folder.name}.{len(list(folder.parent.iterdir()))}.output")
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                ["bash", "-c", text],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def said(self) -> str:
        said = self._output.read_text(errors="replace")
        if self._process.poll() is not None:
            raise NotSeen(f"it ended and was to stay open:\n{said[-4_000:]}")
        return said

    def close(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGINT)
            try:
                self._process.wait(CLOSE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _copy_checkout(folder: Path) -> None:
    """What belongs to the project, and the virtual environment that runs these tests, as one that needs nothing."""
    for path in files(CHECKOUT):
        if not _OWN.fullmatch(path):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / path, folder / path)
    environment = folder / ".venv"
    environment.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (environment / name).symlink_to(Path(sys.prefix) / name)
    for stamp in ("runtime-installed", "development-installed"):
        (environment / stamp).touch()
