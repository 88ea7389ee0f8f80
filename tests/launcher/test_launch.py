"""`make run` with small services: real processes, real ports, a real Postgres."""

import os
import signal
import socket
import time
from contextlib import closing
from pathlib import Path
from threading import Thread

import psycopg2
import pytest
import requests

from db.embedded.cluster import Cluster
from tests.launcher.arena import Arena, free_offset, is_alive, wait_for
from tests.launcher.conftest import Launch


def test_it_says_where_everything_is(launch: Launch, fresh_database_url: str) -> None:
    arena = launch("first", "second", DATABASE_URL=fresh_database_url).wait_until_ready()

    health = requests.get(f"{arena.address('second')}/health", timeout=5)

    assert health.json() == {"status": "ok"}
    for service in ("first", "second"):
        [line] = [line for line in arena.said().splitlines() if line.strip().startswith(service)]
        assert line.split() == [service, arena.address(service), "ok"]


def test_a_second_start_says_that_it_runs_and_where(launch: Launch, fresh_database_url: str) -> None:
    first = launch("first", DATABASE_URL=fresh_database_url).wait_until_ready()

    second = launch("first", DATABASE_URL=fresh_database_url)

    assert second.wait_for_end() == 1
    assert f"already runs with the data in {first.folder} (process {first.process.pid})" in second.said()  # type: ignore[union-attr]
    assert f"first at {first.address()}" in second.said()
    assert first.pid_of() > 0


def test_a_port_in_use_is_named_before_anything_starts(launch: Launch) -> None:
    offset = free_offset()

    with socket.create_server(("127.0.0.1", 8001 + offset)):
        arena = launch("first", "second", PORT_OFFSET=str(offset))
        code = arena.wait_for_end()

    assert code == 1
    assert arena.said().splitlines() == [
        f"coliseum: Port {8001 + offset} (second) is in use by another program: set PORT_OFFSET, or stop that program."
    ]
    assert not (arena.folder / "postgres").exists()


def test_a_database_that_cannot_be_reached_is_one_sentence_without_its_password(launch: Launch) -> None:
    arena = launch("first", DATABASE_URL="postgresql://nobody:secret@127.0.0.1:1/nothing")

    code = arena.wait_for_end()

    assert code == 2
    [sentence] = arena.said().splitlines()
    assert sentence.startswith("coliseum: DATABASE_URL leads to no database that can be used: ")
    assert "secret" not in sentence


def test_a_line_of_the_settings_file_counts_as_a_variable(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "settings").write_text("DATABASE_URL=postgresql://nobody@127.0.0.1:1/nothing\n")

    arena = launch("first")

    assert arena.wait_for_end() == 2
    assert "DATABASE_URL leads to no database" in arena.said()


def test_a_data_folder_that_cannot_be_used_is_one_sentence(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")

    arena = launch("first")

    assert arena.wait_for_end() == 1
    assert arena.said().splitlines() == [
        f"coliseum: The data folder {arena.folder} cannot be used: Not a directory; set DATA_DIR to another one."
    ]


def test_data_of_another_major_version_are_one_sentence(launch: Launch, tmp_path: Path) -> None:
    data = tmp_path / "data" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")

    arena = launch("first")

    assert arena.wait_for_end() == 1
    [sentence] = arena.said().splitlines()
    assert "belong to PostgreSQL 9" in sentence
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_a_service_that_cannot_start_ends_everything_with_its_reason(launch: Launch) -> None:
    arena = launch("first", "third")

    code = arena.wait_for_end()

    assert code == 1
    assert "Coliseum could not start, because third ended with exit code 1" in arena.said()
    assert "ZeroDivisionError" in arena.said()
    assert Cluster(arena.folder / "postgres").running() is None
    with pytest.raises(requests.ConnectionError):
        requests.get(arena.address(), timeout=5)


def test_a_killed_service_comes_back(launch: Launch, fresh_database_url: str) -> None:
    arena = launch("first", "second", DATABASE_URL=fresh_database_url).wait_until_ready()
    killed, neighbour = arena.pid_of("first"), arena.pid_of("second")

    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: "runs again" in arena.said())
    wait_for(lambda: answers(arena))

    assert arena.pid_of("first") != killed
    assert arena.pid_of("second") == neighbour
    assert "first was killed by SIGKILL; it starts again in 0.5 s" in arena.said()


def test_a_service_that_keeps_dying_is_given_more_and_more_time(launch: Launch, fresh_database_url: str) -> None:
    arena = launch("first", DATABASE_URL=fresh_database_url).wait_until_ready()

    for number in (1, 2):
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{arena.address()}/die", timeout=5)
        wait_for(lambda number=number: arena.said().count("runs again") == number and answers(arena))  # type: ignore[misc]

    assert "first ended with exit code 7; it starts again in 0.5 s" in arena.said()
    assert "first ended with exit code 7; it starts again in 1 s" in arena.said()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_a_signal_within_five_seconds_and_leaves_nothing(launch: Launch, number: signal.Signals) -> None:
    arena = launch("first", "second").wait_until_ready()
    processes = [arena.pid_of("first"), arena.pid_of("second"), arena.postmaster()]
    hanging = Thread(target=hang, args=(arena,))
    hanging.start()
    time.sleep(0.3)

    told = time.monotonic()
    arena.tell(number)
    code = arena.wait_for_end()
    seconds = time.monotonic() - told
    hanging.join()

    assert code == 0
    assert seconds < 5
    assert not any(is_alive(pid) for pid in processes)


def test_after_kill_9_of_everything_the_next_start_has_all_rows(launch: Launch) -> None:
    arena = launch("first").wait_until_ready()
    service, postgres = arena.pid_of(), arena.postmaster()
    with closing(psycopg2.connect(str(Cluster(arena.folder / "postgres").running()))) as session:
        session.autocommit = True
        session.cursor().execute("CREATE TABLE kept AS SELECT 7 AS number")

    arena.tell(signal.SIGKILL)
    arena.wait_for_end()
    wait_for(lambda: not is_alive(service))
    os.kill(postgres, signal.SIGKILL)
    again = launch("first").wait_until_ready()

    address = str(Cluster(again.folder / "postgres").running())
    with closing(psycopg2.connect(address)) as session, session.cursor() as cursor:
        cursor.execute("SELECT number FROM kept")
        assert cursor.fetchone() == (7,)


def test_a_postgres_left_alone_is_adopted(launch: Launch) -> None:
    arena = launch("first").wait_until_ready()
    postgres = arena.postmaster()

    arena.tell(signal.SIGKILL)
    arena.wait_for_end()
    again = launch("first").wait_until_ready()

    assert is_alive(postgres)
    assert again.postmaster() == postgres


def test_a_killed_postgres_comes_back_at_the_same_address(launch: Launch) -> None:
    arena = launch("first").wait_until_ready()
    cluster = Cluster(arena.folder / "postgres")
    address, killed = cluster.running(), arena.postmaster()

    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: "postgres runs again" in arena.said())

    assert cluster.running() == address
    assert arena.postmaster() != killed


def answers(arena: Arena) -> bool:
    try:
        return requests.get(f"{arena.address()}/health", timeout=5).ok
    except requests.ConnectionError:
        return False


def hang(arena: Arena) -> None:
    with pytest.raises(requests.RequestException):
        requests.get(f"{arena.address()}/hang", timeout=30).raise_for_status()
