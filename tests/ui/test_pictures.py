"""Pictures to share: drawn without a browser."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image, ImageFont

from shared.ui import pictures
from shared.ui.boards import board_of
from shared.ui.drawings import Series
from shared.ui.truth import Truth
from tests.ui.test_boards import ranked, row

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SIMULATED, LIVE = Truth("SIMULATED VENUES", simulated=True), Truth("LIVE DATA · PAPER MONEY", simulated=False)
ADDRESS = "http://127.0.0.1:8004/"
HOSTILE = "\u202eevil 中文 😀 <script> " + "W" * 400


def money(given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "account_value": given["initial_balance"] + given["total_pnl"], "standing": "it waits"}


def picture(body: bytes) -> Image.Image:
    assert body.startswith(b"\x89PNG")
    return Image.open(io.BytesIO(body)).convert("RGB")


def drawn(rows: list[dict[str, Any]], truth: Truth = SIMULATED, sentence: str = "Nobody leads.") -> Image.Image:
    board = board_of([money(each) for each in rows], "return", pictures.PICTURE_ROWS)
    return picture(pictures.board_drawn(board, sentence, truth, NOON, ADDRESS))


def colors(image: Image.Image, top: int, bottom: int) -> set[tuple[int, ...]]:
    """Of the rows of pixels between, at the size at which it is shown."""
    part = image.crop((0, top * 2, image.width, bottom * 2))
    return {color for _, color in part.getcolors(1 << 24)}  # type: ignore[misc,union-attr]


def rgb(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color[1:]))


def test_a_board_is_drawn_at_twice_its_size_on_light_paper() -> None:
    image = drawn([ranked("A", 1, 1, 700), row("B", -5)])

    assert image.size == (2400, 1260)
    assert image.getpixel((5, 5)) == rgb(pictures.PAPER)
    assert {rgb(pictures.GAIN), rgb(pictures.LOSS)} <= colors(image, 90, 580)


def test_the_ribbon_of_truth_is_always_at_the_foot() -> None:
    rows = [row(f"P{number}") for number in range(60)]

    foot = colors(drawn(rows, SIMULATED), 590, 630)
    other = colors(drawn(rows, LIVE), 590, 630)

    assert rgb(pictures.WARN) in foot
    assert rgb(pictures.WARN) not in other and rgb(pictures.INK) in other


def test_rows_never_run_into_the_foot_whatever_the_sentence() -> None:
    few, many = drawn([], sentence="x"), drawn([row(f"P{n}") for n in range(60)], sentence="word " * 300)

    line = (few.height // 2 - 44) * 2 + 8  # just under the line at the foot
    assert few.crop((0, line, 2400, line + 10)).tobytes() == many.crop((0, line, 2400, line + 10)).tobytes()


def test_an_empty_board_is_a_picture_that_says_so() -> None:
    empty, full = drawn([]), drawn([row("A")])

    assert empty.tobytes() != full.tobytes()
    assert rgb(pictures.QUIET) in colors(empty, 100, 180)


def test_hostile_names_are_cut_and_hold_no_marks_of_direction() -> None:
    image = drawn([ranked(HOSTILE, 1, 1, 700)], sentence=HOSTILE)

    assert image.size == (2400, 1260)
    shown = pictures.readable(HOSTILE, 14, False)
    assert "\u202e" not in shown and "<script>" in shown
    sheet = pictures.Sheet("x", "y", SIMULATED, NOON, ADDRESS)
    assert sheet.cut(HOSTILE, 14, 310).endswith("W...")
    assert sheet.cut("short", 14, 310) == "short"


def test_without_fonts_on_the_machine_no_sign_becomes_an_empty_box(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: Any, **__: Any) -> ImageFont.FreeTypeFont:
        raise OSError("no such font")

    pictures._font.cache_clear()
    pictures._sign.cache_clear()
    default = ImageFont.load_default(28)
    monkeypatch.setattr(ImageFont, "load_default", lambda size: default)
    monkeypatch.setattr(ImageFont, "truetype", nowhere)
    try:
        assert pictures.readable("−$1 — é 中", 14, True) == "-$1 - e ?"
    finally:
        pictures._font.cache_clear()
        pictures._sign.cache_clear()


def test_a_curve_with_a_gap_is_drawn_and_an_empty_one_says_so() -> None:
    times = [1_000, 2_000, 3_000, 4_000]
    line = Series("Equity", "#0072b2", [10.0, None, 12.0, 11.0])

    whole = picture(pictures.curves_drawn("Harbour", "It is up.", times, [line], "$", 10.0, SIMULATED, NOON, ADDRESS))
    empty = picture(pictures.curves_drawn("Harbour", "It is up.", [], [line], "$", None, SIMULATED, NOON, ADDRESS))

    assert rgb("#0072b2") in colors(whole, 100, 580)
    assert rgb("#0072b2") not in colors(empty, 100, 580)
