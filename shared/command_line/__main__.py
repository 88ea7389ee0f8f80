"""`coliseum`: what is asked, who answers, and with which code it ends."""

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module

from shared.command_line.arguments import arguments_of

FINE, WRONG, USAGE, UNREACHABLE = 0, 1, 2, 3
READER_GONE = 141  # what a shell says of a program whose reader closed the pipe


def main(arguments: Sequence[str]) -> int:
    options = arguments_of(arguments)  # ends the program itself for --help and for wrong usage
    from shared.command_line.addresses import WrongAddress, system_of
    from shared.command_line.asking import Refused, Unreachable
    from shared.command_line.terminal import Terminal

    terminal = Terminal(sys.stdout, sys.stderr, os.environ)
    try:
        command = import_module(f"shared.command_line.{options.command}")
        ended = command.run(options, system_of(options.host, os.environ), terminal, _now)
        sys.stdout.flush()
        return int(ended)
    except WrongAddress as error:
        terminal.complain(str(error))
        return USAGE
    except Unreachable as error:
        terminal.complain(str(error))
        return UNREACHABLE
    except Refused as error:
        terminal.complain(str(error))
        return USAGE if error.status == 422 else WRONG
    except KeyboardInterrupt:
        return FINE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered goes nowhere
        return READER_GONE


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
