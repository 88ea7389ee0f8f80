"""How much of a bankroll a forecast is worth: Kelly, other tastes for risk, and outcomes that exclude each other."""

from math import exp, log, log1p

from shared.scoring.columns import Numbers, column


def cost_per_share(price: float, fee: float = 0.0) -> float:
    """What a share that pays 1 costs, fee included, in dollars."""
    return price + fee


def kelly_fraction(probability: float, cost: float) -> float:
    """(p − c) / (1 − c) of the bankroll; 0, which is no bet, where the share costs what it is worth or 1 and more."""
    if cost >= 1 or probability <= cost:
        return 0.0
    return (probability - cost) / (1 - cost)


def growth(probability: float, cost: float, fraction: float) -> float | None:
    """Expected growth of the bankroll's logarithm a bet; None for a stake that can lose all, or a share for free."""
    if not 0 <= fraction < 1 or not 0 < cost <= 1:
        return None
    return probability * log1p(fraction * (1 / cost - 1)) + (1 - probability) * log1p(-fraction)


def crra_fraction(probability: float, cost: float, gamma: float) -> float:
    """The stake that maximises utility of constant relative risk aversion `gamma` > 0, cash being kept; 1 is Kelly.

    0 where the share is worth no more than its cost; 1 for a certainty.
    """
    if gamma <= 0:
        raise ValueError(f"a risk aversion of {gamma}")
    if cost >= 1 or probability <= cost:
        return 0.0
    if probability >= 1:
        return 1.0
    odds = 1 / cost - 1
    exponent = (log(probability) - log(1 - probability) + log(odds)) / gamma
    if exponent > 500:
        return 1.0
    k = exp(exponent)
    return (k - 1) / (k + odds)


def exclusive_fractions(probabilities: Numbers, asks: Numbers) -> list[float]:
    """The stake on each outcome of an event of which one comes true, bought with YES; 0 for those left alone.

    Sorted by p / ask, an outcome is added while that is more than what a reserved dollar brings,
    R = (1 − Σp) / (1 − Σask) of those added. None are added once they cost a dollar together.
    """
    p, a = column(probabilities), column(asks)
    order = sorted((i for i in range(p.size) if 0 < a[i] < 1), key=lambda i: -p[i] / a[i])
    added: list[int] = []
    stated, paid, reserve = 0.0, 0.0, 1.0
    for i in order:
        if p[i] / a[i] <= reserve or paid + a[i] >= 1:
            break
        added.append(i)
        stated, paid = stated + float(p[i]), paid + float(a[i])
        reserve = max(0.0, 1 - stated) / (1 - paid)
    stakes = [0.0] * int(p.size)
    for i in added:
        stakes[i] = max(0.0, float(p[i] - a[i] * reserve))
    return stakes
