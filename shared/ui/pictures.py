"""Pictures to share, drawn without a browser: the board and curves as PNG, with the ribbon of truth and the time."""

# Light paper whatever the reader prefers, at twice the size, so that a picture is sharp where it is shown.

import io
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from math import ceil, floor

from PIL import Image, ImageDraw, ImageFont

from shared.ui.boards import Board, Row, is_null, middle_of
from shared.ui.drawings import Series, color_of, round_step, written
from shared.ui.truth import Truth

WIDTH, HEIGHT, TWICE = 1200, 630, 2
EDGE = 40
INK, QUIET, PAPER, LINE = "#1b1f24", "#57606c", "#fbfbfa", "#d9dce1"
GAIN, LOSS, WARN = "#14652f", "#a81f15", "#7d5200"
BANDS = ("#eaf3ec", "#eef1f8", "#f6efe6")
PICTURE_ROWS = 12
ROW = 31
FONTS = (("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"), ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"))
PLAIN = {"−": "-", "—": "-", "–": "-", "…": "...", "¢": "c", "·": "|", "“": '"', "”": '"', "’": "'", "▲": "", "▼": ""}


class Sheet:
    """Paper with a heading, a sentence under it, and the ribbon of truth at its foot."""

    def __init__(self, heading: str, sentence: str, truth: Truth, now: datetime, address: str) -> None:
        self.image = Image.new("RGB", (WIDTH * TWICE, HEIGHT * TWICE), PAPER)
        self.draw = ImageDraw.Draw(self.image)
        self.text(EDGE, 30, heading, 28, strong=True)
        self.top = 74  # what is under the heading begins here
        for part in self._wrapped(sentence, 16, WIDTH - 2 * EDGE)[:2]:
            self.text(EDGE, self.top, part, 16)
            self.top += 23
        self.top += 10
        self.bottom = HEIGHT - 44
        self.line(0, self.bottom, WIDTH, self.bottom)
        self.text(EDGE, self.bottom + 14, truth.words, 13, WARN if truth.simulated else INK, strong=True)
        moment = now.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        self.text(WIDTH - EDGE, self.bottom + 14, f"{moment} · {address}", 13, QUIET, end=True)

    def text(
        self, x: float, y: float, said: str, size: int, color: str = INK, *, strong: bool = False, end: bool = False
    ) -> None:
        """From its left upper corner, or with `end` to its right one."""
        font = _font(size, strong)
        self.draw.text(
            (x * TWICE, y * TWICE), readable(said, size, strong), color, font=font, anchor="ra" if end else "la"
        )

    def line(self, x: float, y: float, to_x: float, to_y: float, color: str = LINE, width: float = 1) -> None:
        ends = (x * TWICE, y * TWICE, to_x * TWICE, to_y * TWICE)
        self.draw.line(ends, color, round(width * TWICE))

    def dot(self, x: float, y: float, color: str, reach: float = 5, *, hollow: bool = False) -> None:
        corners = tuple(round(each * TWICE) for each in (x - reach, y - reach, x + reach, y + reach))
        if hollow:
            self.draw.ellipse(corners, PAPER, color, round(2 * TWICE))
        else:
            self.draw.ellipse(corners, color)

    def band(self, x: float, y: float, to_x: float, to_y: float, color: str) -> None:
        self.draw.rectangle((x * TWICE, y * TWICE, to_x * TWICE, to_y * TWICE), color)

    def cut(self, said: str, size: int, width: float, *, strong: bool = False) -> str:
        """So much of it as has room."""
        font, shown = _font(size, strong), readable(said, size, strong)
        if font.getlength(shown) <= width * TWICE:
            return shown
        while shown and font.getlength(f"{shown}...") > width * TWICE:
            shown = shown[:-1]
        return f"{shown.rstrip()}..."

    def png(self) -> bytes:
        written_to = io.BytesIO()
        self.image.save(written_to, "PNG", compress_level=6)
        return written_to.getvalue()

    def _wrapped(self, said: str, size: int, width: float) -> list[str]:
        lines, font = [""], _font(size, False)
        for word in said.split():
            longer = f"{lines[-1]} {word}".strip()
            if font.getlength(readable(longer, size, False)) <= width * TWICE:
                lines[-1] = longer
            else:
                lines.append(word)
        return [self.cut(each, size, width) for each in lines]


def board_drawn(board: Board, sentence: str, truth: Truth, now: datetime, address: str) -> bytes:
    """The first rows of the board with their intervals on one axis."""
    sheet = Sheet("Who is ahead, and is it real?", sentence, truth, now, address)
    y = sheet.top
    measure = "settled return, 95 % interval" if board.by == "return" else "skill against the crowd, 95 % interval"
    sheet.text(430, y, measure, 12, QUIET)
    for x, title in ((815, "settled events"), (955, "equity"), (1060, "P&L"), (WIDTH - EDGE, "growth")):
        sheet.text(x, y, title, 12, QUIET, end=True)
    y += 20
    for band in board.bands:
        for number, row in enumerate(band.rows):
            if y + ROW > sheet.bottom - 4:
                break
            if band.tier is not None:
                sheet.band(EDGE - 8, y, WIDTH - EDGE + 8, y + ROW, BANDS[(band.tier - 1) % len(BANDS)])
            if number == 0:
                sheet.line(EDGE - 8, y, WIDTH - EDGE + 8, y)
            _board_line(sheet, board, row, y)
            y += ROW
    if board.hidden and y + 20 < sheet.bottom:
        sheet.text(EDGE, y + 4, f"and {board.hidden:,} more", 12, QUIET)
    if not board.rows:
        sheet.text(EDGE, y + 8, "Portfolios appear here once there are any.", 16, QUIET)
    return sheet.png()


def curves_drawn(
    heading: str, sentence: str, times: Sequence[int], series: Sequence[Series], unit: str, start: float | None,
    truth: Truth, now: datetime, address: str,
) -> bytes:  # fmt: skip
    """Lines over time with their names at their ends, such as the equity of a portfolio."""
    sheet = Sheet(heading, sentence, truth, now, address)
    values = [value for each in series for value in each.values if value is not None]
    values += [] if start is None else [start]
    if len(times) < 2 or not values:
        sheet.text(EDGE, sheet.top + 8, "There is nothing to draw yet.", 16, QUIET)
        return sheet.png()
    room = (max(values) - min(values)) * 0.06 or abs(max(values)) * 0.01 or 1.0
    frame = _Frame(times[0], times[-1], min(values) - room, max(values) + room, sheet.top, sheet.bottom - 34)
    step = round_step((frame.high - frame.low) / 4)
    for number in range(ceil(frame.low / step), floor(frame.high / step) + 1):
        at = number * step
        sheet.line(EDGE, frame.y(at), frame.right, frame.y(at))
        sheet.text(EDGE, frame.y(at) - 18, written(at, unit, step), 12, QUIET)
    if start is not None:
        sheet.line(EDGE, frame.y(start), frame.right, frame.y(start), QUIET)
    for each in sorted(series, key=lambda one: not one.faint):
        _curve(sheet, frame, times, each)
    for moment, x, end in ((times[0], EDGE, False), (times[-1], frame.right, True)):
        shown = datetime.fromtimestamp(moment, UTC).strftime("%d %b %H:%M UTC")
        sheet.text(x, sheet.bottom - 28, shown, 12, QUIET, end=end)
    _names(sheet, frame, [each for each in series if not each.faint])
    return sheet.png()


class _Frame:
    """Where a moment and a value are on the sheet."""

    right = WIDTH - EDGE - 170

    def __init__(self, first: int, last: int, low: float, high: float, top: float, bottom: float) -> None:
        self.first, self.last, self.low, self.high, self.top, self.bottom = first, last, low, high, top, bottom

    def x(self, at: int) -> float:
        return EDGE + (at - self.first) / ((self.last - self.first) or 1) * (self.right - EDGE)

    def y(self, value: float) -> float:
        return self.top + (self.high - value) / (self.high - self.low) * (self.bottom - self.top)


def _curve(sheet: Sheet, frame: _Frame, times: Sequence[int], each: Series) -> None:
    """A gap is a gap; every other piece of a dashed line is left out."""
    color, width = ("#c9ced6", 1.0) if each.faint else (each.color, 2.4)
    points = [
        None if value is None else (frame.x(at), frame.y(value)) for at, value in zip(times, each.values, strict=True)
    ]
    for number, (one, other) in enumerate(pairwise(points)):
        if one is not None and other is not None and not (each.dashed and number % 2):
            sheet.line(*one, *other, color, width)


def _names(sheet: Sheet, frame: _Frame, series: Sequence[Series]) -> None:
    ends = []
    for each in series:
        known = [value for value in each.values if value is not None]
        if known:
            ends.append((frame.y(known[-1]), each))
    free = frame.top
    for y, each in sorted(ends, key=lambda end: end[0])[:18]:
        at = max(free, y - 8)
        free = at + 20
        sheet.dot(frame.right + 14, at + 8, each.color, 4, hollow=each.dashed)
        sheet.text(frame.right + 24, at, sheet.cut(each.name, 13, 150), 13)


def _board_line(sheet: Sheet, board: Board, row: Row, y: float) -> None:
    color, middle = color_of(row["portfolio_id"], row["strategy_type"], row["color"]), y + ROW / 2
    top = y + 7
    if row["rank"] is not None:
        sheet.text(EDGE + 22, top, str(row["rank"]), 14, strong=True, end=True)
    sheet.dot(EDGE + 38, middle, color, hollow=is_null(row))
    sheet.text(EDGE + 54, top, sheet.cut(row["name"], 14, 310), 14)
    ends = row["interval"]
    if ends is not None:
        _reach(sheet, board, row, middle, color)
    elif row["still_needed"] and (board.by == "return" or row["model"]):
        more = "event" if row["still_needed"] == 1 else "events"
        sheet.text(430, top, f"needs {row['still_needed']:,} more settled {more}", 13, QUIET)
    else:
        sheet.text(430, top, sheet.cut(row["standing"], 13, 280), 13, QUIET)
    if row["settled_events"] is not None:
        sheet.text(815, top, f"{row['settled_events']:,}", 14, end=True)
    sheet.text(955, top, f"${row['account_value']:,.0f}", 14, end=True)
    gained = row["total_pnl"]
    tone = GAIN if gained > 0 else LOSS if gained < 0 else INK
    sign = "+" if gained > 0 else "−" if gained < 0 else ""
    sheet.text(1060, top, f"{sign}${abs(gained):,.0f}", 14, tone, end=True)
    sheet.text(WIDTH - EDGE, top, f"{sign}{abs(row['return']) * 100:.2f} %", 14, tone, end=True)


def _reach(sheet: Sheet, board: Board, row: Row, middle: float, color: str) -> None:
    left, right = 430, 690

    def x(value: float) -> float:
        whole = (board.most - board.least) or 1.0
        return left + (value - board.least) / whole * (right - left)

    low, high = row["interval"]["low"], row["interval"]["high"]
    sheet.line(x(0.0), middle - 11, x(0.0), middle + 11, QUIET)
    sheet.line(x(low), middle, x(high), middle, INK, 1.6)
    for end in (low, high):
        sheet.line(x(end), middle - 4, x(end), middle + 4, INK, 1.6)
    centre = middle_of(row, board.by)
    if centre is not None:
        sheet.dot(x(centre), middle, color)


def readable(said: str, size: int, strong: bool) -> str:
    """What the font has no sign for is written plainly or as a question mark: a picture must not hold empty boxes."""
    return "".join(_sign(each, size, strong) for each in said)


@lru_cache(maxsize=4_096)
def _sign(sign: str, size: int, strong: bool) -> str:
    if sign.isspace():
        return " "
    if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return ""  # marks of direction among them, which would turn the rest of the line round
    if sign.isascii() or _has(sign, size, strong):
        return sign
    plain = PLAIN.get(sign) or unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return PLAIN.get(sign, plain or "?")


def _has(sign: str, size: int, strong: bool) -> bool:
    font = _font(size, strong)
    return bytes(font.getmask(sign)) != bytes(font.getmask("\ufffe"))


@lru_cache(maxsize=32)
def _font(size: int, strong: bool) -> ImageFont.FreeTypeFont:
    """Of the machine where it has one that we know, else the one that comes with Pillow, which has no bold."""
    for family in FONTS:
        try:
            return ImageFont.truetype(family[strong], size * TWICE)
        except OSError:
            continue
    font = ImageFont.load_default(size * TWICE)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font
