"""`coliseum follow`: reasoning, bets and settlements as they happen, a line each; it goes on where it broke off."""

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from time import sleep

from shared import topology
from shared.command_line.addresses import System
from shared.command_line.asking import Asking, Refused, Unreachable
from shared.command_line.figures import clock_time
from shared.command_line.lines import Teller
from shared.command_line.names import Names
from shared.command_line.streams import Lost, Told, told
from shared.command_line.terminal import Painted, Terminal

SILENCE_SECONDS = 40.0  # a heartbeat comes every fifteen
WAITS = (0.5, 1.0, 2.0, 5.0)  # seconds before the next attempt; then always the last
GONE = 410
UNSAID = frozenset({"welcome", "viewers", "heartbeat"})


def run(options: Namespace, system: System, terminal: Terminal, clock: Callable[[], datetime]) -> int:
    feed = Feed(system[topology.ARENA], options.event, options.since, terminal, clock)
    teller = None if options.json else Teller(terminal, Names(system), options.kinds)
    try:
        for each in feed.entries():
            if each.kind not in options.kinds:
                continue
            if teller is None:
                terminal.data(each.data)
            else:
                teller.tell(each.kind, each.data)
    except KeyboardInterrupt:
        if teller is not None:
            teller.finish()
            terminal.say(Painted(f"stopped; 'coliseum follow --since {feed.cursor}' goes on from here.", "dim"))
    return 0


class Feed:
    """The feed from its cursor, over losses of the connection."""

    def __init__(
        self,
        arena: Asking,
        events: list[str] | None,
        cursor: str | None,
        terminal: Terminal,
        clock: Callable[[], datetime],
    ) -> None:
        self.arena, self.events, self.cursor = arena, events, cursor
        self.terminal, self.clock = terminal, clock
        self.lost_at: datetime | None = None
        self.attempts = 0

    def entries(self) -> Iterator[Told]:
        """Ends only with an error: a feed has no end."""
        first = True
        while True:
            try:
                with self.arena.open("/feed", SILENCE_SECONDS, event_id=self.events, since=self.cursor) as response:
                    self._found(first=first)
                    first = False
                    yield from self._told(told(response))
                self._lose("the arena ended it")
            except Refused as refusal:
                self._refused(refusal, first=first)
            except (Lost, Unreachable) as loss:
                if first and isinstance(loss, Unreachable):
                    raise
                self._lose(getattr(loss, "why", None) or str(loss))
            sleep(WAITS[min(self.attempts, len(WAITS) - 1)])
            self.attempts += 1

    def _told(self, stream: Iterator[Told]) -> Iterator[Told]:
        for each in stream:
            self.cursor = each.cursor or self.cursor
            self.attempts = 0
            if isinstance(each.data, Mapping) and each.kind not in UNSAID:
                yield each

    def _refused(self, refusal: Refused, *, first: bool) -> None:
        if refusal.status == GONE:
            self.terminal.complain(f"{refusal.detail} Starting anew from now; what came between stands in the lists.")
            self.cursor, self.lost_at = None, None
        elif first or refusal.status < 500:
            raise refusal
        else:
            self._lose(refusal.detail)

    def _lose(self, why: str) -> None:
        if self.lost_at is None:
            self.lost_at = self.clock()
            self.terminal.complain(f"the feed was lost at {clock_time(self.lost_at)} UTC ({why}); trying again.")

    def _found(self, *, first: bool) -> None:
        if self.lost_at is not None and not first:
            went = "going on right behind the last entry" if self.cursor else "going on from now"
            self.terminal.complain(f"the feed is back; it was away since {clock_time(self.lost_at)} UTC. Now {went}.")
        self.lost_at = None
