"""`make bench`: measures, prints one table and writes it as JSON."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import perf_counter

from tests.bench import machine
from tests.bench.board import board_figures
from tests.bench.command_line import command_line_figures
from tests.bench.cycles import cycle_figures
from tests.bench.durable import durable_figures
from tests.bench.fanout import fanout_figures
from tests.bench.feed import feed_figures
from tests.bench.figures import Figure, aligned, markdown
from tests.bench.fills import fill_figures
from tests.bench.growth import growth_figures
from tests.bench.ledger import ledger_figures
from tests.bench.lists import list_figures
from tests.bench.pages import page_figures
from tests.bench.pools import pool_figures
from tests.bench.postgres import Postgres, running_postgres
from tests.bench.quotes import quote_figures
from tests.bench.sandbox import sandbox_figures
from tests.bench.scale import FULL, QUICK, Scale
from tests.bench.scoring import scoring_figures
from tests.bench.sessions import session_figures
from tests.bench.start import start_figures
from tests.bench.syncs import limiter_figures, sync_figures
from tests.bench.venues import CHECKOUT
from tests.bench.whole import whole_figures

Group = Callable[[Postgres, Scale], Iterator[Figure]]

GROUPS: tuple[tuple[tuple[str, ...], Group], ...] = (
    (("G1", "G2", "G3"), sync_figures),
    (("G4",), limiter_figures),
    (("G5",), quote_figures),
    (("G16", "G17"), list_figures),
    (("G18",), fanout_figures),
    (("G19",), feed_figures),
    (("sandbox",), sandbox_figures),
    (("growth", "memory"), growth_figures),
    (("G6", "G14", "G15", "audit"), ledger_figures),
    (("G12",), fill_figures),
    (("G7",), pool_figures),
    (("G8",), cycle_figures),
    (("G13",), durable_figures),
    (("G21", "portfolio"), whole_figures),
    (("scoring",), scoring_figures),
    (("board",), board_figures),
    (("sessions",), session_figures),
    (("G20",), command_line_figures),
    (("pages",), page_figures),
    (("start",), start_figures),
)


def main() -> int:
    arguments = _arguments()
    wanted = {code.strip().lower() for code in arguments.only.split(",") if code.strip()}
    scale = QUICK if arguments.quick else FULL
    known = machine.facts()
    began, started_at = perf_counter(), datetime.now(UTC)
    figures: list[Figure] = []
    with running_postgres() as postgres:
        for codes, group in GROUPS:
            if not wanted or wanted & {code.lower() for code in codes}:
                for figure in group(postgres, scale):
                    figures.append(figure)
                    _say(f"{perf_counter() - began:6.1f} s  {figure.code} {figure.name}: {figure.verdict}")
    print(f"\n{machine.sentence(known)}\n")
    print(markdown(figures) if arguments.markdown else aligned(figures))
    _write(figures, known, started_at, perf_counter() - began, arguments.quick)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small version, within a minute")
    parser.add_argument("--only", default="", metavar="G1,G16", help="these figures alone")
    parser.add_argument("--markdown", action="store_true", help="print the table for docs/benchmarks.md")
    return parser.parse_args()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _write(figures: list[Figure], known: dict[str, object], at: datetime, seconds: float, quick: bool) -> None:
    folder = CHECKOUT / "bench-results"
    folder.mkdir(exist_ok=True)
    file = folder / f"{at:%Y%m%dT%H%M%SZ}.json"
    answer = {
        "at": at.isoformat(),
        "seconds": round(seconds, 1),
        "quick": quick,
        "machine": known,
        "figures": [figure.as_json() for figure in figures],
    }
    file.write_text(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
    _say(f"\nwritten to {file.relative_to(CHECKOUT)} after {seconds:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
