"""How the tests read a guide: which blocks are steps, and when what should be seen is seen."""

from pathlib import Path

import pytest

from tests.guides.newcomer import GUIDES
from tests.guides.reading import NotForReaders, Step, missing_from, steps_of

GUIDE = """# How

```python strategies/own.py
PORT = 1
```

    shown and not typed

```sh
make test
```

```text
1 passed in …
```

```sh terminal
make run
```
"""


def test_a_guide_is_files_commands_terminals_and_what_is_seen(tmp_path: Path) -> None:
    guide = tmp_path / "guide.md"
    guide.write_text(GUIDE)

    assert steps_of(guide) == [
        Step("file", "PORT = 1\n", 3, "strategies/own.py"),
        Step("command", "make test\n", 9),
        Step("seen", "1 passed in …\n", 13),
        Step("terminal", "make run\n", 17),
    ]


def test_a_block_that_nobody_would_follow_is_refused(tmp_path: Path) -> None:
    guide = tmp_path / "guide.md"
    guide.write_text("```python\nPORT = 1\n```\n")

    with pytest.raises(NotForReaders, match="line 1: a block marked 'python' is no file"):
        steps_of(guide)


@pytest.mark.parametrize(
    ("expected", "missing"),
    [
        ("", None),
        ("cycle: success; …", None),
        ("ready in … s", None),
        ("ready\ncycle", None),
        ('{"id":…,"fee":0.5', None),
        ('{"id":…\n  "fee":…', None),
        ("cycle\nready", "ready"),  # not in this order
        ("ready … success", "ready … success"),  # not on one line
        ("cycle: failed", "cycle: failed"),
        ("re.dy", "re.dy"),  # a dot is a dot
    ],
)
def test_what_should_be_seen_is_looked_for_line_by_line(expected: str, missing: str | None) -> None:
    seen = 'ready in 3.1 s\ncycle: success; 11 portfolios\n{"id":7,"name":"x","fee":0.5}\n'

    assert missing_from(seen, expected) == missing


@pytest.mark.parametrize("name", ["writing-a-strategy.md", "adding-a-model.md"])
def test_each_command_of_the_guides_promises_something(name: str) -> None:
    """But those that only prepare the next one."""
    steps = steps_of(GUIDES / name)

    silent = [
        step.line
        for step, after in zip(steps, [*steps[1:], None], strict=True)
        if step.kind in ("command", "terminal") and (after is None or after.kind != "seen")
    ]

    assert len(silent) <= 1  # models.yaml is written by a command
    assert {step.kind for step in steps} == {"file", "command", "terminal", "seen"}
