"""What is sent of a page that moved: a cell where a cell changed, a part where more did, a line that is new."""

from shared.ui.changes import Parts, changes_of


def cell(key: str, html: str) -> str:
    return f'<span data-cell="{key}">{html}</span><!---->'


def line(key: str, html: str) -> str:
    return f'<li data-line="{key}" class="bet">{html}</li><!---->'


def board(**figures: str) -> Parts:
    return Parts({"board": "<table>" + "".join(f"<td>{cell(key, html)}</td>" for key, html in figures.items())})


def test_a_changed_figure_is_sent_alone() -> None:
    changes = changes_of(board(a="$1", b="$2"), board(a="$1", b="$3"))

    assert changes.cells == {"b": "$3"}
    assert not changes.parts
    assert not changes.lines


def test_a_cell_may_hold_elements_of_its_own() -> None:
    changes = changes_of(board(a='<span class="good">+$1</span>'), board(a='<span class="bad">−$1</span>'))

    assert changes.cells == {"a": '<span class="bad">−$1</span>'}


def test_another_order_of_rows_is_sent_as_the_whole_part() -> None:
    new = board(b="$2", a="$1")

    assert changes_of(board(a="$1", b="$2"), new).parts == new.figures


def test_nothing_changed_is_nothing() -> None:
    assert not changes_of(board(a="$1"), board(a="$1"))


def test_time_that_passes_is_no_change() -> None:
    earlier = '<time datetime="2026-11-21T12:00:00Z" title="…">3 s ago</time>'
    later = earlier.replace("3 s", "4 s")

    assert not changes_of(board(a=earlier), board(a=later))
    assert not changes_of(Parts({"head": earlier}), Parts({"head": later}))
    assert board(a=earlier).digest == board(a=later).digest


def test_another_moment_is_a_change() -> None:
    earlier = '<time datetime="2026-11-21T12:00:00Z" title="…">3 s ago</time>'

    assert changes_of(board(a=earlier), board(a=earlier.replace("12:00", "12:01"))).cells


def test_new_and_grown_lines_are_sent_newest_first_and_old_ones_are_not() -> None:
    old = Parts({}, {"feed": line("2", "thinks: it may") + line("1", "bets")})
    new = Parts({}, {"feed": line("4", "wins") + line("3", "bets") + line("2", "thinks: it may rain")})

    changes = changes_of(old, new)

    assert [key for key, _ in changes.lines["feed"]] == ["4", "3", "2"]
    assert changes.lines["feed"][0][1] == line("4", "wins")


def test_lines_that_leave_are_the_readers_to_keep() -> None:
    old = Parts({}, {"feed": line("2", "b") + line("1", "a")})

    assert not changes_of(old, Parts({}, {"feed": line("2", "b")}))


def test_with_nothing_to_compare_everything_is_sent() -> None:
    new = Parts({"board": "<p>…</p>"}, {"feed": line("1", "a")})

    changes = changes_of(None, new)

    assert changes.parts == {"board": "<p>…</p>"}
    assert changes.lines == {"feed": [("1", line("1", "a"))]}


def test_states_that_differ_have_different_names() -> None:
    assert board(a="$1").digest != board(a="$2").digest
    assert Parts({"a": "x"}).digest != Parts({}, {"a": "y"}).digest
