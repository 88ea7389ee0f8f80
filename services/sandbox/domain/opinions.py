"""What a played model thinks of a market: the crowd's price moved by a private signal, and the stance that follows."""

from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np
import numpy.typing as npt

from services.sandbox.domain.chance import Floats, Hashes, hashes, normals
from services.sandbox.domain.characters import NUMBERS, Character

Position = Literal["YES", "NO", "ABSTAIN"]

SIGNAL_COMMON, SIGNAL_OWN, BLUR, OWN_NOISE = range(401, 405)
BLIND_NOISE = 0.6  # of the logit: so far is what a blind model takes for the crowd's price from that price
CROWD_MIN = 0.01  # prices nearer to 0 or 1 are read as this
STATED_MIN = 0.01
EDGE_LARGE = 0.25
CAP_SHARE = 0.4  # of its edge, a model that caps its price leaves so much on the table
STEPS = np.linspace(-6.0, 6.0, 1201)
PRICES = tuple(round(0.05 * step, 2) for step in range(1, 20))


@dataclass(frozen=True, slots=True)
class Stance:
    """A decision as the model states it; `probability` is that of yes."""

    position: Position
    probability: float
    confidence: float
    max_price: float | None  # of the side that it buys


def logit(p: npt.ArrayLike) -> Floats:
    clipped = np.clip(np.asarray(p, dtype=np.float64), CROWD_MIN, 1 - CROWD_MIN)
    result: Floats = np.log(clipped / (1 - clipped))
    return result


def market_keys(event_hash: Hashes, index: npt.ArrayLike) -> Hashes:
    """Shared by twins on both venues, so that a model thinks the same of one question everywhere."""
    return hashes(event_hash, 400, index)


def probabilities(
    character: Character,
    keys: Hashes,
    crowd: npt.ArrayLike,
    payout: npt.ArrayLike,
    *,
    blind: bool = False,
    twin: int = 0,
) -> Floats:
    """The probability of yes that it states for each market. `twin` tells two entrants with the same model apart."""
    number = NUMBERS[character.model]
    common = normals(keys, SIGNAL_COMMON)
    own = normals(keys, SIGNAL_OWN, number, twin)
    drawn = np.sqrt(character.herd) * common + np.sqrt(1 - character.herd) * own
    signal = character.skill * (2 * np.asarray(payout, dtype=np.float64) - 1) + drawn
    prior = logit(crowd)
    if blind:
        prior = prior + BLIND_NOISE * normals(keys, BLUR, number, twin)
    noise = character.noise * normals(keys, OWN_NOISE, number, twin)
    return _stated(character, prior + 2 * character.skill * signal + noise)


def _stated(character: Character, thought: Floats) -> Floats:
    """Stretched, shifted and rounded to whole hundredths."""
    p = 1 / (1 + np.exp(-(character.stretch * thought + character.lean)))
    result: Floats = np.clip(np.round(p, 2), STATED_MIN, 1 - STATED_MIN)
    return result


def brier_expected(character: Character, price: float, *, blind: bool = False) -> float:
    """Of its statements on a market that ends yes with the probability that the crowd's price says."""
    spread = np.sqrt(4 * character.skill**2 + character.noise**2 + (BLIND_NOISE**2 if blind else 0.0))
    weights = np.exp(-(STEPS**2) / 2)
    weights /= weights.sum()
    total = 0.0
    for outcome, chance in ((1.0, price), (0.0, 1 - price)):
        thought = logit(price) + 2 * character.skill**2 * (2 * outcome - 1) + spread * STEPS
        total += chance * float((weights * (_stated(character, thought) - outcome) ** 2).sum())
    return total


def skill_expected(character: Character, price: float, *, blind: bool = False) -> float:
    """Brier score of the crowd minus its own: above zero it beats the crowd."""
    return price * (1 - price) - brier_expected(character, price, blind=blind)


def skill_mean(character: Character, *, blind: bool = False) -> float:
    """Over crowd prices of 0.05, 0.10, … 0.95, each as often."""
    return float(np.mean([skill_expected(character, price, blind=blind) for price in PRICES]))


def stance(character: Character, probability: float, bid: float, ask: float, *, blind: bool = False) -> Stance:
    """What it does with its opinion. A blind model sees no price and goes by the likelier side."""
    if character.value and not blind:
        yes, no = probability - ask, bid - probability
        edge, side, price = (yes, "YES", ask) if yes >= no else (no, "NO", 1 - bid)
    else:
        edge, side = abs(probability - 0.5), "YES" if probability >= 0.5 else "NO"
        price = ask if side == "YES" else 1 - bid
    low, high = character.confidence
    confidence = round(low + (high - low) * min(1.0, max(0.0, edge) / EDGE_LARGE), 2)
    if edge <= 0 or edge < character.edge_min:
        return Stance("ABSTAIN", probability, round(low / 2, 2), None)
    worth = probability if side == "YES" else 1 - probability
    cap = None
    if character.caps_price and not blind and worth > price:
        cap = ceil(100 * (worth - CAP_SHARE * (worth - price)) - 1e-9) / 100
    return Stance("YES" if side == "YES" else "NO", probability, confidence, cap)
