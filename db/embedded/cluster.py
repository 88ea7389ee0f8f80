"""The life of one data folder: made, started, adopted when it already runs, stopped."""

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection as Session

from db.embedded.accounts import PLACE, Account, account_of
from db.embedded.binaries import copy_binaries, find_binaries, major_version
from db.embedded.errors import InitFailed, NotACluster, NotReady, OtherVersion, UnusableFolder

NAME = "coliseum"  # of the role and of the database
PORTS = range(29_000, 32_768)  # above those of the services, below those the kernel hands out for outgoing connections
READY_SECONDS = 60.0  # a crash recovery with much to replay
RESTART_SECONDS = 10.0  # after kill -9 the children of the old server take up to a second to go
PAUSE_SECONDS = 0.2  # between two tries to launch
LOG_BYTES_MAX = 10_000_000

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # their paths are limited to 107 bytes, and nobody needs them
    "max_connections": "200",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "wal_level": "minimal",  # nobody replicates from here
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",  # a laptop has an SSD
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}  # for data that nobody keeps


class Cluster:
    def __init__(self, folder: Path, *, durable: bool = True, account: Account | None = None) -> None:
        self.folder = folder.absolute()
        self._durable = durable
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def home(self) -> Path:
        """Where the data are: the folder, or what it points to when the server's account may not enter it."""
        away = self.folder / "away"
        return away.resolve() if away.exists() else self.folder

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    def start(self) -> str:
        """The server's address, once it answers; a server that already runs is adopted."""
        try:
            with self._alone():
                adopted = self._postmaster() is not None and self._becomes_ready(None)
                if not adopted:
                    self._prepare_and_launch()
                self._make_database()
                return self._url()
        except OSError as error:
            raise UnusableFolder(folder=error.filename or self.folder, reason=error.strerror) from error
        except psycopg2.OperationalError as error:  # it answered, and crashed again in the same moment
            raise NotReady(seconds=READY_SECONDS, reason=" ".join(str(error).split()), log=self.log) from error

    def running(self) -> str | None:
        return self._url() if self._postmaster() is not None else None

    def stop(self, seconds: float = 3.0) -> None:
        """A fast shutdown; when that takes too long an immediate one, after which the next start replays the log."""
        for how in (signal.SIGINT, signal.SIGQUIT):
            pid = self._postmaster() or self._child()
            if pid is None:
                return
            with suppress(ProcessLookupError):
                os.kill(pid, how)
            deadline = time.monotonic() + seconds
            while (self._postmaster() or self._child()) == pid and time.monotonic() < deadline:
                time.sleep(0.01)

    def _prepare_and_launch(self) -> None:
        away = self.folder / "away"
        if away.is_symlink() and not away.exists():
            raise UnusableFolder(folder=away.readlink(), reason="it is gone")
        binaries = find_binaries(os.environ)
        self._check_version(binaries)
        account = self._account or account_of(self.data)
        account.own(self.home)
        if not account.may("-w", self.home):
            self._move_away(account)
        if not account.may("-x", binaries / "postgres"):
            binaries = copy_binaries(binaries, self.home / "programs")
            account.own(self.home)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(account, binaries)
        self._forget_stranger()
        self._becomes_ready((account, binaries))

    def _check_version(self, binaries: Path) -> None:
        version = self.data / "PG_VERSION"
        if version.exists():
            found, wanted = version.read_text().strip(), str(major_version(binaries))
            if found != wanted:
                raise OtherVersion(folder=self.data, found=found, wanted=wanted)
        elif self.data.exists() and any(self.data.iterdir()):
            raise NotACluster(folder=self.data)

    def _move_away(self, account: Account) -> None:
        """A checkout below root's own home: the data go where the account may enter, and a link leads there."""
        place = Path(tempfile.mkdtemp(prefix=f"{NAME}-", dir=PLACE))
        account.own(place)
        (self.folder / "away").symlink_to(place)

    def _initialise(self, account: Account, binaries: Path) -> None:
        """Made under another name and renamed, so that a folder named data is always whole."""
        new = self.home / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        password = self.home / "password"
        password.unlink(missing_ok=True)
        password.touch(mode=0o600, exist_ok=False)
        password.write_text(secrets.token_urlsafe(24))
        account.own(self.home)
        unicode = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if major_version(binaries) >= 17 else []
        done = account.run([
            binaries / "initdb", "--pgdata", new, f"--username={NAME}", "--auth=scram-sha-256", "--pwfile", password,
            "--encoding=UTF8", "--locale=C", *unicode, "--no-instructions", *([] if self._durable else ["--no-sync"]),
        ])  # fmt: skip
        if done.returncode != 0:
            shutil.rmtree(new, ignore_errors=True)
            raise InitFailed(folder=self.home, reason=" ".join(done.stderr.split()))
        new.rename(self.data)

    def _becomes_ready(self, launch: tuple[Account, Path] | None) -> bool:
        """Ready is a connection that works. With `launch` the server is started, again while an old one is going."""
        began = time.monotonic()
        launched = 0.0
        while True:
            if self._postmaster() is None and self._child() is None and time.monotonic() - launched > PAUSE_SECONDS:
                if launch is None:
                    return False
                if launched and time.monotonic() - began > RESTART_SECONDS:
                    raise NotReady(seconds=RESTART_SECONDS, reason=self._last_words(), log=self.log)
                self._launch(*launch)
                launched = time.monotonic()
            try:
                self._connect("postgres").close()
                return True
            except psycopg2.OperationalError as error:
                reason = " ".join(str(error).split())
                refused = "authentication failed" in reason and self._postmaster() is not None
                if refused or time.monotonic() - began > READY_SECONDS:
                    raise NotReady(seconds=READY_SECONDS, reason=reason, log=self.log) from error
            time.sleep(0.02)

    def _launch(self, account: Account, binaries: Path) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_MAX:
            self.log.replace(self.log.with_suffix(".log.1"))
        settings = SETTINGS | ({} if self._durable else CARELESS) | {"port": str(self._choose_port())}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self._process = account.start([binaries / "postgres", "-D", self.data, *options], log)

    def _make_database(self) -> None:
        with closing(self._connect("postgres")) as session:
            session.autocommit = True
            with session.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (NAME,))
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {NAME}")

    def _connect(self, database: str) -> Session:
        return psycopg2.connect(
            host="127.0.0.1", port=self._port(), user=NAME, password=self._password(), dbname=database,
            connect_timeout=5, sslmode="disable", gssencmode="disable",
        )  # fmt: skip

    def _url(self) -> str:
        return f"postgresql://{NAME}:{self._password()}@127.0.0.1:{self._port()}/{NAME}"

    def _password(self) -> str:
        return (self.home / "password").read_text()

    def _port(self) -> int:
        return int((self.home / "port").read_text())

    def _choose_port(self) -> int:
        """The one written down, for bookmarks and psql; another one when somebody else took it."""
        with suppress(FileNotFoundError, ValueError):
            if _is_free(self._port()):
                return self._port()
        port = next(port for port in iter(lambda: secrets.choice(PORTS), None) if _is_free(port))
        (self.home / "port").write_text(str(port))
        return port

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _postmaster(self) -> int | None:
        """The process that serves these data, whoever started it."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
            return None
        return pid if _serves(pid, self.data) else None

    def _child(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def _forget_stranger(self) -> None:
        """After a reboot the process id in the file may belong to anything; PostgreSQL would then refuse to start."""
        file = self.data / "postmaster.pid"
        with suppress(FileNotFoundError, IndexError, ValueError, ProcessLookupError):
            pid = int(file.read_text().splitlines()[0])
            with suppress(PermissionError):
                os.kill(pid, 0)
            if not _serves(pid, self.data):
                file.unlink()

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return next((line for line in reversed(lines) if "FATAL" in line or "PANIC" in line), "it said nothing")


def _serves(pid: int, data: Path) -> bool:
    """A server works in its data folder; elsewhere than on Linux its command line has to do."""
    if Path("/proc/self").exists():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
            return command.endswith(b"postgres") and Path(f"/proc/{pid}/cwd").samefile(data)
        except OSError:
            return False
    command_line = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return f"postgres -D {data}" in command_line.stdout


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
