"""G20: how long `coliseum --help` and `coliseum status` take, beside the leanest tool that Python allows."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from time import perf_counter

from shared.topology import ORCHESTRATOR, SERVICES
from tests.bench.figures import Figure, Floor, Goal
from tests.bench.postgres import Postgres
from tests.bench.scale import Scale
from tests.bench.start import NOT_INHERITED
from tests.bench.venues import CHECKOUT
from tests.bench.whole import running_whole

MARKETS = 1_000
HELP_RATIO, STATUS_RATIO = 1.3, 4.0
# Asks one service one thing, formats nothing. Nobody who speaks HTTP from Python needs less.
BARE = """
import argparse, http.client, json
parser = argparse.ArgumentParser()
parser.add_argument("port", type=int)
arguments = parser.parse_args()
connection = http.client.HTTPConnection("127.0.0.1", arguments.port)
connection.request("GET", "/trading/status")
print(json.loads(connection.getresponse().read())["status"])
"""
OURS = str(CHECKOUT / "coliseum")
BARE_TOOL = (sys.executable, "-c", BARE)


def command_line_figures(_: Postgres, scale: Scale) -> Iterator[Figure]:
    with running_whole(MARKETS) as running:
        running.post(ORCHESTRATOR.port, "/trading/run-all-portfolios")
        port = str(ORCHESTRATOR.port + running.offset)
        variables = {"PORT_OFFSET": str(running.offset)}
        rounds = [_round(port, variables) for _ in range(scale.repeats + 1)][1:]  # the first one warms the files
    bare_help, our_help, bare_status, our_status = (min(column) for column in zip(*rounds, strict=True))
    floor = Floor("bare Python tool's --help (argparse, http.client, json)", bare_help)
    yield Figure("G20", "coliseum --help", our_help, floor=floor, goal=Goal(HELP_RATIO))
    floor = Floor("bare Python tool, GET /trading/status alone", bare_status)
    note = f"asks {len(SERVICES)} services whether they are ready, and four further questions, side by side"
    yield Figure("G20", "coliseum status", our_status, floor=floor, goal=Goal(STATUS_RATIO), note=note)


def _round(port: str, variables: dict[str, str]) -> tuple[float, float, float, float]:
    return (
        _seconds((*BARE_TOOL, "--help"), variables),
        _seconds((OURS, "--help"), variables),
        _seconds((*BARE_TOOL, port), variables),
        _seconds((OURS, "status"), variables),
    )


def _seconds(command: Sequence[str], variables: dict[str, str]) -> float:
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    began = perf_counter()
    subprocess.run(command, env=inherited | variables, check=True, stdout=subprocess.DEVNULL, timeout=60)
    return perf_counter() - began
