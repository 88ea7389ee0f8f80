"""What can be typed after `coliseum`. Nothing heavy is imported here, so that help comes at once."""

import argparse
from collections.abc import Sequence

KINDS = ("message", "decision", "bet", "order", "settlement", "event", "alarm", "breaker", "cycle", "price_update")
TOLD = KINDS[:-1]  # prices move all the time

EPILOG = """\
Ends with 0 when all is fine, 1 when something is wrong, 2 for wrong usage, 3 when the system cannot be reached.
COLISEUM_TOKEN, PORT_OFFSET and addresses (ORCHESTRATOR_URL …) come from the environment or the checkout's .env.
"""


def arguments_of(arguments: Sequence[str]) -> argparse.Namespace:
    return _parser().parse_args(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coliseum",
        description="Looks after a running Coliseum: portfolios competing with virtual money on prediction markets.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_shared(parser, host=None, as_json=False)
    shared = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    _add_shared(shared, host=argparse.SUPPRESS, as_json=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, says: str) -> argparse.ArgumentParser:
        described = f"{says[0].upper()}{says[1:]}."
        return commands.add_parser(name, help=says, description=described, parents=[shared], allow_abbrev=False)

    command("status", "services, data, cycles and breakers at a glance")
    _add_run(command("run", "run a trading cycle now and show its progress"))
    _add_portfolios(command("portfolios", "all portfolios, or one in detail"))
    board = command("leaderboard", "who is ahead, and whether that means anything")
    board.add_argument("--by", choices=("return", "skill"), default="return", help="default: return")
    command("verify", "recompute chain, balances and board from the rows, and name what disagrees")
    _add_follow(command("follow", "reasoning, bets and settlements as they happen"))
    return parser


def _add_shared(parser: argparse.ArgumentParser, host: str | None, as_json: bool | str) -> None:
    parser.add_argument(
        "--host",
        default=host,
        help="another machine, as http://arena.example or a name; its services have their usual ports + PORT_OFFSET",
    )
    parser.add_argument(
        "--json", action="store_true", default=as_json, help="JSON for programs, lines of it for streams"
    )


def _add_run(run: argparse.ArgumentParser) -> None:
    which = run.add_mutually_exclusive_group()
    which.add_argument("--portfolio", type=_number, metavar="ID", help="run this portfolio alone")
    which.add_argument(
        "--follow",
        nargs="?",
        const="running",
        metavar="CYCLE",
        help="start nothing; follow the cycle that runs, or this one",
    )
    run.add_argument(
        "--no-collect", action="store_true", help="trade on what is stored, without asking the venues first"
    )


def _add_portfolios(portfolios: argparse.ArgumentParser) -> None:
    portfolios.add_argument("portfolio", nargs="?", type=_number, metavar="ID", help="this portfolio in detail")
    turn = portfolios.add_mutually_exclusive_group()
    turn.add_argument(
        "--pause", action="store_true", help="it decides nothing until it is resumed; what waits is cancelled"
    )
    turn.add_argument("--resume", action="store_true", help="it decides again")
    portfolios.add_argument("--reason", help="kept with the change")


def _add_follow(follow: argparse.ArgumentParser) -> None:
    follow.add_argument("--event", action="append", metavar="ID", help="this event of the arena alone; may be repeated")
    follow.add_argument(
        "--kinds", type=_kinds, default=TOLD, metavar="KIND,…", help=f"of {', '.join(KINDS)}; default: all but the last"
    )
    follow.add_argument(
        "--since", metavar="CURSOR", help="go on behind this cursor, which --json shows with each entry"
    )


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**31:
        raise argparse.ArgumentTypeError(f"{text!r} is no portfolio's number; 'coliseum portfolios' lists them")
    return int(text)


def _kinds(text: str) -> tuple[str, ...]:
    kinds = tuple(kind.strip() for kind in text.split(",") if kind.strip())
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or not kinds:
        raise argparse.ArgumentTypeError(f"there are {', '.join(KINDS)}, and no {', '.join(unknown) or 'empty list'}")
    return kinds
