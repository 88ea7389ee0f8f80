"""Student's t distribution: its tail and its quantile, through the incomplete beta function."""

from math import exp, inf, lgamma, log, log1p, pi, sqrt
from statistics import NormalDist

STEPS_MAX = 10_000
TINY = 1e-300
PRECISION = 1e-16


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b) for a, b > 0 and x from 0 to 1."""
    if not (a > 0 and b > 0 and 0 <= x <= 1):
        raise ValueError(f"I_x(a, b) has no value for a={a}, b={b}, x={x}")
    return _beta(a, b, x, 1 - x)


def two_sided(t: float, degrees: float) -> float:
    """The probability that |T| is at least |t|, from 0 to 1; `degrees` of freedom must be positive."""
    if degrees <= 0:
        raise ValueError(f"{degrees} degrees of freedom")
    if t == 0:
        return 1.0
    square = t * t
    if square == inf:
        return 0.0
    return _beta(degrees / 2, 0.5, degrees / (degrees + square), square / (degrees + square))


def quantile(probability: float, degrees: float) -> float:
    """The t below which T lies with this probability, which is between 0 and 1 and neither."""
    if not 0 < probability < 1:
        raise ValueError(f"no quantile at {probability}")
    if probability < 0.5:
        return -quantile(1 - probability, degrees)
    tail = 2 * (1 - probability)
    if tail == 1:
        return 0.0
    return _root(tail, degrees)


def _root(tail: float, degrees: float) -> float:
    """Newton's steps towards two_sided(t) = tail, each kept inside the bracket that the steps before have left."""
    low, high = 0.0, 1.0
    while two_sided(high, degrees) > tail:
        low, high = high, high * 2
    t = min(max(NormalDist().inv_cdf(1 - tail / 2), low), high)
    for _ in range(200):
        over = two_sided(t, degrees) - tail
        low, high = (t, high) if over > 0 else (low, t)
        step = t + over / (2 * density(t, degrees))
        following = step if low < step < high else (low + high) / 2
        if abs(following - t) <= 4e-16 * abs(t):
            return following
        t = following
    return t


def density(t: float, degrees: float) -> float:
    """The density of T at t."""
    constant = _log_half_step(degrees / 2)
    return exp(constant - (degrees + 1) / 2 * log1p(t * t / degrees)) / sqrt(degrees * pi)


def _beta(a: float, b: float, x: float, rest: float) -> float:
    """I_x(a, b) with 1 − x given beside x, since that is where digits would be lost."""
    if x == 0 or rest == 0:
        return 1.0 if rest == 0 else 0.0
    log_x = log(x) if x < 0.5 else log1p(-rest)
    log_rest = log(rest) if rest < 0.5 else log1p(-x)
    front = exp(_log_gamma_quotient(a, b) + a * log_x + b * log_rest)
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, rest) / b


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of I_x(a, b) by Lentz's method; it converges fast left of the mean."""
    c, d = 1.0, 1 / _apart(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, STEPS_MAX):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / _apart(1 + even * d), _apart(1 + even / c)
        value *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / _apart(1 + odd * d), _apart(1 + odd / c)
        value *= d * c
        if abs(d * c - 1) <= PRECISION:
            return value
    return value


def _log_gamma_quotient(a: float, b: float) -> float:
    """The logarithm of Γ(a + b) / (Γ(a) Γ(b)), without the cancellation of large arguments where one is a half."""
    if b == 0.5:
        return _log_half_step(a) - lgamma(0.5)
    if a == 0.5:
        return _log_half_step(b) - lgamma(0.5)
    return lgamma(a + b) - lgamma(a) - lgamma(b)


def _log_half_step(a: float) -> float:
    """The logarithm of Γ(a + ½) / Γ(a)."""
    if a < 50:
        return lgamma(a + 0.5) - lgamma(a)
    return log(a) / 2 - 1 / (8 * a) + 1 / (192 * a**3) - 1 / (640 * a**5)


def _apart(value: float) -> float:
    return value if abs(value) > TINY else TINY
