"""As whom the server runs: PostgreSQL refuses to be root."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from db.embedded.errors import NoAccount

# A user namespace in which root has another number: no account is needed, and the files stay root's.
NAMESPACE = ("unshare", "--user", "--map-user=65534")
NAMES = ("postgres", "nobody")
PLACE = Path("/var/lib")  # every account may enter it


@dataclass(frozen=True, slots=True)
class Account:
    """Ourselves, ourselves in a user namespace (`prefix`), or another user (`user`, `group`)."""

    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None

    def run(self, command: Sequence[str | Path]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*self.prefix, *command], user=self.user, group=self.group, extra_groups=self._groups, cwd="/",
            env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def start(self, command: Sequence[str | Path], log: IO[bytes]) -> "subprocess.Popen[bytes]":
        """In a session of its own, so that a Ctrl-C in the terminal reaches the parent alone."""
        return subprocess.Popen(
            [*self.prefix, *command], user=self.user, group=self.group, extra_groups=self._groups, cwd="/",
            env=_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip

    def may(self, permission: str, path: Path) -> bool:
        return self.run(["test", permission, path]).returncode == 0

    def own(self, folder: Path) -> None:
        if self.user is not None and self.group is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.user, self.group, follow_symlinks=False)

    @property
    def _groups(self) -> list[int] | None:
        return None if self.user is None else []


def account_of(data: Path) -> Account:
    """The owner of existing data; else a user namespace, where the kernel allows it; else a system account."""
    if os.geteuid() != 0:
        return Account()
    owner = data.stat().st_uid if data.exists() else 0
    if owner != 0:
        return Account(user=owner, group=data.stat().st_gid)
    namespace = Account(prefix=NAMESPACE)
    if shutil.which(NAMESPACE[0]) and namespace.run(["true"]).returncode == 0:
        return namespace
    return system_account()


def system_account() -> Account:
    for entry in pwd.getpwall():
        if entry.pw_name in NAMES and entry.pw_uid != 0:
            return Account(user=entry.pw_uid, group=entry.pw_gid)
    raise NoAccount


def _environment() -> dict[str, str]:
    """Ours without PGPORT, PGDATA and their like, which are meant for other servers."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
