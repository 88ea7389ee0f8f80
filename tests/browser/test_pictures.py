"""The pictures of the README, taken of a running arena: `make pictures` puts them into docs/pictures."""

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.conftest import TOGETHER, said, until
from tests.browser.looking import Looking, Size, Theme
from tests.browser.places import PAGES
from tests.launcher.arena import Arena

pytestmark = TOGETHER

COLORS = 224  # of a picture; pages have few
RANKS_SECONDS = 300.0  # until the board of a README has something to rank
PICTURES: tuple[tuple[str, str, Size, Theme], ...] = (
    ("home", "home", (1280, 860), "light"),
    ("event", "event", (1280, 860), "dark"),
    ("portfolio", "portfolio of a rule", (1280, 860), "light"),
    ("operations", "operations", (1280, 860), "light"),
    ("compare", "compare", (1280, 760), "light"),
    ("market", "market", (1280, 860), "dark"),
    ("phone", "home", (360, 780), "dark"),
)


@pytest.mark.parametrize(("name", "page", "size", "theme"), PICTURES, ids=[each[0] for each in PICTURES])
def test_a_picture_shows_the_page(
    arena: Arena, looking: Looking, tmp_path: Path, name: str, page: str, size: Size, theme: Theme
) -> None:
    if os.environ.get("PICTURES"):
        until(lambda: any(row["rank"] for row in said(arena, "arena", "/leaderboard")["leaderboard"]), RANKS_SECONDS)
    look = looking.at(PAGES[page](arena), size, theme)
    look.page.wait_for_timeout(600)
    taken = Image.open(BytesIO(look.page.screenshot()))
    file = Path(os.environ.get("PICTURES") or tmp_path) / f"{name}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    taken.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(file, optimize=True)

    assert taken.size == size
    assert len(taken.convert("RGB").getcolors(1 << 24) or ()) > 20, "the picture is empty"
    assert file.stat().st_size < 250_000
    look.page.close()
