"""`python -m db.embedded url`, as `make psql` asks it."""

from pathlib import Path

import pytest

from db.embedded.__main__ import main


def test_a_database_that_does_not_run_has_no_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    code = main(["url"])

    assert code == 1
    assert capsys.readouterr().err == f"No database runs in {tmp_path}: start it with `make run`.\n"


def test_an_address_that_is_set_is_the_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/else")

    code = main(["url"])

    assert code == 0
    assert capsys.readouterr().out == "postgresql://somewhere/else\n"
