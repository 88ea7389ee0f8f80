"""The embedded Postgres, with real processes in folders of their own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg2
import pytest

from db.embedded.accounts import system_account
from db.embedded.binaries import find_binaries
from db.embedded.cluster import Cluster
from db.embedded.errors import NotACluster, OtherVersion, UnusableBinaries, UnusableFolder

AS_ROOT = os.geteuid() == 0
RAM_DISK = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # for speed; what is kept is kept as safely as ever
CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A cluster that has been made once and is not running; each test gets a copy."""
    with TemporaryDirectory(dir=RAM_DISK) as place:
        cluster = Cluster(Path(place) / "postgres")
        cluster.start()
        cluster.stop()
        yield cluster.folder


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(dir=RAM_DISK) as place:
        folder = Path(place) / "state" / "postgres"
        yield folder
        if (folder / "away").is_symlink():
            shutil.rmtree((folder / "away").resolve(), ignore_errors=True)


@pytest.fixture
def cluster(folder: Path, made: Path) -> Iterator[Cluster]:
    shutil.copytree(made, folder)
    cluster = Cluster(folder)
    yield cluster
    cluster.stop()


@pytest.fixture
def new_cluster(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder)
    yield cluster
    cluster.stop()


def ask(url: str, question: str) -> Any:
    with closing(psycopg2.connect(url)) as session:
        session.autocommit = True
        with session.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchone()[0] if cursor.description else None  # type: ignore[index]


def postmaster(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().splitlines()[0])


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        # A child of ours stays as a zombie until it is asked after; it holds nothing any more.
        if Path(f"/proc/{pid}/cmdline").exists() and not Path(f"/proc/{pid}/cmdline").read_bytes():
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} is still there")


def test_rows_survive_kill_9(cluster: Cluster) -> None:
    url = cluster.start()
    ask(url, "CREATE TABLE kept AS SELECT 7 AS number")

    os.kill(postmaster(cluster), signal.SIGKILL)
    again = cluster.start()

    assert ask(again, "SELECT number FROM kept") == 7
    assert again == url


def test_a_running_server_is_adopted_by_another_process(cluster: Cluster, folder: Path) -> None:
    url = cluster.start()
    first = postmaster(cluster)

    stranger = Cluster(folder)

    assert stranger.running() == url
    assert stranger.start() == url
    assert postmaster(stranger) == first


def test_a_stopped_server_does_not_run(cluster: Cluster) -> None:
    cluster.start()
    pid = postmaster(cluster)

    cluster.stop()

    assert cluster.running() is None
    wait_until_gone(pid)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks processes up under /proc")
def test_a_stale_process_id_that_now_belongs_to_another_program_is_not_believed(cluster: Cluster) -> None:
    url = cluster.start()
    ask(url, "CREATE TABLE kept AS SELECT 7 AS number")
    lines = (cluster.data / "postmaster.pid").read_text().splitlines()
    os.kill(int(lines[0]), signal.SIGKILL)
    wait_until_gone(int(lines[0]))
    time.sleep(1)  # the server's own children
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        (cluster.data / "postmaster.pid").write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")

        running = cluster.running()
        url = cluster.start()
        untouched = other.poll() is None
        other.kill()

    assert running is None
    assert untouched
    assert ask(url, "SELECT number FROM kept") == 7


def test_data_of_another_major_version_are_refused_and_left_alone(cluster: Cluster) -> None:
    (cluster.data / "PG_VERSION").write_text("14\n")
    before = {path: path.stat().st_mtime_ns for path in cluster.data.rglob("*")}

    with pytest.raises(OtherVersion, match=r"belong to PostgreSQL 14, the programs here are PostgreSQL \d+"):
        cluster.start()

    assert {path: path.stat().st_mtime_ns for path in cluster.data.rglob("*")} == before


def test_a_folder_with_something_else_in_it_is_left_alone(new_cluster: Cluster) -> None:
    new_cluster.data.mkdir(parents=True)
    (new_cluster.data / "thesis.txt").write_text("the only copy")

    with pytest.raises(NotACluster, match="not empty"):
        new_cluster.start()

    assert (new_cluster.data / "thesis.txt").read_text() == "the only copy"


def test_a_port_that_somebody_took_is_chosen_again(cluster: Cluster) -> None:
    url = cluster.start()
    port = int((cluster.home / "port").read_text())
    cluster.stop()
    with socket.create_server(("127.0.0.1", port)):
        again = cluster.start()

    assert again != url
    assert ask(again, "SHOW port") != str(port)


def test_the_port_stays_the_same_where_it_can(cluster: Cluster) -> None:
    url = cluster.start()

    cluster.stop()

    assert cluster.start() == url


def test_nobody_enters_without_the_password(cluster: Cluster) -> None:
    url = cluster.start()
    password = (cluster.home / "password").read_text()

    with pytest.raises(psycopg2.OperationalError, match="authentication failed"):
        ask(url.replace(password, "guessed"), "SELECT 1")

    assert (cluster.home / "password").stat().st_mode & 0o777 == 0o600
    assert ask(url, "SHOW listen_addresses") == "127.0.0.1"
    assert len(password) >= 24


def test_an_interrupted_creation_is_begun_again(new_cluster: Cluster) -> None:
    unfinished = new_cluster.home / "data.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    url = new_cluster.start()

    assert ask(url, "SELECT 1") == 1
    assert not unfinished.exists()


def test_what_is_kept_is_kept_safely(cluster: Cluster) -> None:
    url = cluster.start()

    settings = [ask(url, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")]

    assert settings == ["on", "on", "on"]


def test_a_state_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")

    with pytest.raises(UnusableFolder, match="cannot be used: Not a directory"):
        Cluster(tmp_path / "state" / "postgres").start()


def test_a_wrong_folder_of_programs_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableBinaries, match=str(tmp_path)):
        find_binaries({"PG_BIN": str(tmp_path)})


@pytest.mark.skipif(not AS_ROOT, reason="only root can become somebody else")
def test_without_user_namespaces_root_hands_the_server_to_a_system_account(folder: Path) -> None:
    account = system_account()
    cluster = Cluster(folder, account=account)  # a folder that only root may enter

    try:
        url = cluster.start()
        ask(url, "CREATE TABLE kept AS SELECT 7 AS number")
        os.kill(postmaster(cluster), signal.SIGKILL)
        number = ask(cluster.start(), "SELECT number FROM kept")
        owner = Path(f"/proc/{postmaster(cluster)}").stat().st_uid
        adopted = Cluster(folder).start()  # the owner of the data decides, whatever this machine would allow
    finally:
        cluster.stop()

    assert number == 7
    assert owner == account.user
    assert adopted == url


def test_data_that_were_moved_away_and_are_gone_are_not_silently_begun_anew(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "away").symlink_to(folder / "unplugged")

    with pytest.raises(UnusableFolder, match="unplugged cannot be used: it is gone"):
        Cluster(folder).start()

    assert not (folder / "data").exists()


@pytest.mark.skipif(not AS_ROOT, reason="only root can become somebody else")
def test_where_the_account_may_enter_the_data_stay_in_their_folder(made: Path) -> None:
    with TemporaryDirectory(dir="/var/tmp") as public:
        Path(public).chmod(0o755)
        folder = Path(public) / "postgres"
        shutil.copytree(made, folder)
        cluster = Cluster(folder, account=system_account())

        try:
            url = cluster.start()
            owner = (folder / "data").stat().st_uid
            answer = ask(url, "SELECT 1")
        finally:
            cluster.stop()

        assert (answer, owner) == (1, system_account().user)
        assert not (folder / "away").exists()


@pytest.mark.skipif(not AS_ROOT, reason="only root can become somebody else")
def test_another_user_is_told_in_a_sentence_that_the_data_are_not_his(cluster: Cluster) -> None:
    program = f"""
import os
from pathlib import Path
from db.embedded.cluster import Cluster
os.setgroups([]); os.setgid(65534); os.setuid(65534)  # after the imports, which may lie where nobody else may enter
Cluster(Path({str(cluster.folder)!r})).start()
"""

    said = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=False)

    assert said.returncode == 1
    assert said.stderr.strip().endswith("cannot be used: Permission denied.")
