"""Ids that need no memory: each decodes to slot, generation and market, and is checked by encoding it again."""

import re
from dataclasses import dataclass

from services.sandbox.domain.chance import WORD, scalar_hash
from services.sandbox.domain.world import EPOCH, SLOTS_MAX, World

LEGS_BITS = 5
AGE_MAX = 2**32  # seconds since the epoch: no event of the next century is asked for by mistake
_TICKER = re.compile(r"^(KX[A-Z0-9]+)-\d\d[A-Z]{3}\d\d([0-9A-Z]{2,13})$")
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FACTORS = (0xD6E8FEB86659FD93, 0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3)
_INVERSE = pow(_FACTORS[0], -1, WORD)


@dataclass(frozen=True, slots=True)
class EventId:
    slot: int
    generation: int


@dataclass(frozen=True, slots=True)
class MarketId:
    slot: int
    generation: int
    index: int

    @property
    def event(self) -> EventId:
        return EventId(self.slot, self.generation)


class Identity:
    """Encodes and decodes the ids of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._key = scalar_hash(world.seed, 211)

    def event_number(self, slot: int, generation: int) -> int:
        """Numbers grow with the opening time, as the venue's do."""
        age = int(self.world.phase[slot]) + generation * int(self.world.life[slot])
        return age * SLOTS_MAX + slot

    def event(self, number: int) -> EventId | None:
        if not 0 <= number < AGE_MAX * SLOTS_MAX:
            return None
        age, slot = divmod(number, SLOTS_MAX)
        if slot >= self.world.slots:
            return None
        generation, rest = divmod(age - int(self.world.phase[slot]), int(self.world.life[slot]))
        return EventId(slot, generation) if rest == 0 and generation >= 0 else None

    def market_number(self, slot: int, generation: int, index: int) -> int:
        return (self.event_number(slot, generation) << LEGS_BITS) + index

    def market(self, number: int) -> MarketId | None:
        event = self.event(number >> LEGS_BITS)
        index = number & (2**LEGS_BITS - 1)
        if event is None or number < 0 or index >= int(self.world.size[event.slot]):
            return None
        return MarketId(event.slot, event.generation, index)

    def _word(self, number: int) -> int:
        return (number * _FACTORS[0] + self._key) % WORD

    def condition(self, number: int) -> str:
        word = self._word(number)
        rest = [(word * factor + self._key) % WORD for factor in _FACTORS[1:]]
        return f"0x{word:016x}{rest[0]:016x}{rest[1]:016x}{rest[2]:016x}"

    def condition_market(self, condition: str) -> MarketId | None:
        if not re.fullmatch(r"0x[0-9a-f]{64}", condition):
            return None
        number = ((int(condition[2:18], 16) - self._key) * _INVERSE) % WORD
        return self.market(number) if self.condition(number) == condition else None

    def token(self, number: int, side: int) -> str:
        word = self._word(number)
        high = (word * _FACTORS[1 + side] + self._key) % 2**60 + 2**60
        middle = (word * _FACTORS[3] + side) % WORD
        return str((high << 192) + (middle << 128) + (side << 64) + word)

    def token_market(self, token: str) -> tuple[MarketId, int] | None:
        """The market of a token and its side: 0 for the first outcome."""
        if not (token.isdecimal() and token.isascii() and 60 <= len(token) <= 78):
            return None
        value = int(token)
        number = ((value % WORD - self._key) * _INVERSE) % WORD
        side = (value >> 64) & 1
        market = self.market(number)
        return (market, side) if market is not None and self.token(number, side) == token else None

    def event_ticker(self, slot: int, generation: int, day: str) -> str:
        number, digits = self.event_number(slot, generation), ""
        while number:
            number, digit = divmod(number, 32)
            digits = _BASE32[digit] + digits
        return f"{self.world.series[int(self.world.series_of[slot])].ticker}-{day}{digits}"

    def ticker_event(self, ticker: str) -> EventId | None:
        """The event of a ticker; the caller compares the whole ticker, with its day."""
        match = _TICKER.match(ticker)
        if match is None:
            return None
        number = 0
        for letter in match[2]:
            digit = _BASE32.find(letter)
            if digit < 0:
                return None
            number = number * 32 + digit
        event = self.event(number)
        if event is None or self.world.series[int(self.world.series_of[event.slot])].ticker != match[1]:
            return None
        return event


def opened_at(world: World, event: EventId) -> int:
    return EPOCH + int(world.phase[event.slot]) + event.generation * int(world.life[event.slot])
