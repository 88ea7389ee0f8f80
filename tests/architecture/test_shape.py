"""Sizes, names and opening lines of modules."""

from pathlib import Path

from tests.architecture.conftest import Plant
from tests.architecture.rules.module_names import vague_names
from tests.architecture.rules.opening_lines import missing_lines
from tests.architecture.rules.sizes import oversized


def test_every_file_fits_in_400_lines_and_every_function_in_50(checkout: Path) -> None:
    assert oversized(checkout) == []


def test_a_file_of_401_lines_is_found(plant: Plant) -> None:
    tree = plant({"shared/long.py": "x = 1\n" * 401, "shared/fits.py": "x = 1\n" * 400})

    assert oversized(tree) == ["shared/long.py: 401 lines, 400 is the most"]


def test_a_method_of_51_lines_is_found(plant: Plant) -> None:
    body = "        x = 1\n"
    tree = plant({"shared/desk.py": f"class Desk:\n    def fits(self):\n{body * 49}\n    def long(self):\n{body * 50}"})

    assert oversized(tree) == ["shared/desk.py:53: Desk.long has 51 lines, 50 is the most"]


def test_no_module_has_a_name_that_fits_everything(checkout: Path) -> None:
    assert vague_names(checkout) == []


def test_a_vague_module_or_package_is_found(plant: Plant) -> None:
    tree = plant({"shared/helpers.py": "", "services/common/quotes.py": "", "shared/quotes.py": ""})

    assert vague_names(tree) == [
        "services/common/quotes.py: the name common fits everything",
        "shared/helpers.py: the name helpers fits everything",
    ]


def test_every_module_opens_with_a_line_saying_what_it_holds(checkout: Path) -> None:
    assert missing_lines(checkout) == []


def test_a_module_without_its_line_or_with_a_paragraph_is_found(plant: Plant) -> None:
    tree = plant(
        {
            "shared/__init__.py": "",
            "shared/bare.py": "x = 1\n",
            "shared/essay.py": '"""Much.\n\nTo say.\n"""\n',
            "shared/good.py": '"""Quotes and their times."""\n',
            "shared/mutter.py": '"""quotes"""\n',
        }
    )

    assert missing_lines(tree) == [
        "shared/bare.py: opens without a line saying what it holds",
        "shared/essay.py: opens with more than one line, or with none",
        "shared/mutter.py: its opening line is not a sentence",
    ]
