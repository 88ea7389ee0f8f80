"""Student's t distribution against its closed forms, sums and integrals."""

from math import acos, comb, cos, pi, sqrt, tan
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.scoring.student import density, incomplete_beta, quantile, two_sided

PROBABILITIES = (1e-6, 0.001, 0.025, 0.05, 0.3, 0.49, 0.5, 0.6, 0.9, 0.95, 0.975, 0.995, 0.9999)


def exact(p: float, degrees: int) -> float:
    """The closed forms that exist for one, two and four degrees of freedom."""
    if degrees == 1:
        return tan(pi * (p - 0.5))
    a = 4 * p * (1 - p)
    if degrees == 2:
        return 2 * (p - 0.5) * sqrt(2 / a)
    sign = 1 if p > 0.5 else -1
    return sign * 2 * sqrt(max(0.0, cos(acos(sqrt(a)) / 3) / sqrt(a) - 1))


@pytest.mark.parametrize("degrees", [1, 2, 4])
@pytest.mark.parametrize("p", PROBABILITIES)
def test_the_quantile_has_its_closed_form(p: float, degrees: int) -> None:
    assert quantile(p, degrees) == pytest.approx(exact(p, degrees), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("degrees", "told"),
    [(3, 3.182446305), (5, 2.570581836), (10, 2.228138852), (11, 2.200985160), (30, 2.042272456), (100, 1.983971519)],
)
def test_the_quantile_of_an_interval_of_95_percent_is_that_of_the_tables(degrees: int, told: float) -> None:
    assert quantile(0.975, degrees) == pytest.approx(told, abs=1e-9)


@pytest.mark.parametrize("p", PROBABILITIES)
@pytest.mark.parametrize("degrees", [20_000, 1_000_000])
def test_with_many_degrees_it_nears_the_normal_one_as_fisher_says(p: float, degrees: int) -> None:
    z = NormalDist().inv_cdf(p)
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96

    assert quantile(p, degrees) == pytest.approx(z + first / degrees + second / degrees**2, abs=1e-9)


@settings(deadline=None)
@given(st.floats(1e-9, 1 - 1e-9), st.floats(1, 5_000))
def test_the_quantile_undoes_the_tail(p: float, degrees: float) -> None:
    t = quantile(p, degrees)

    below = 1 - two_sided(t, degrees) / 2 if t > 0 else two_sided(t, degrees) / 2

    assert below == pytest.approx(p, abs=1e-12)


@pytest.mark.parametrize("degrees", [3, 7.5, 30])
@pytest.mark.parametrize("t", [0.1, 1.0, 2.5])
def test_the_tail_is_the_integral_of_the_density(t: float, degrees: float) -> None:
    nodes, weights = np.polynomial.legendre.leggauss(60)
    inside = t * sum(w * density(t * (node + 1) / 2, degrees) for node, w in zip(nodes, weights, strict=True))

    assert two_sided(t, degrees) == pytest.approx(1 - inside, abs=1e-13)


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.floats(0, 1))
def test_the_incomplete_beta_function_of_whole_numbers_is_a_sum_of_binomials(a: int, b: int, x: float) -> None:
    n = a + b - 1
    binomials = sum(comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1))

    assert incomplete_beta(a, b, x) == pytest.approx(binomials, abs=1e-12)


def test_what_has_no_value_is_refused() -> None:
    for probability in (0, 1):
        with pytest.raises(ValueError):
            quantile(probability, 5)
    with pytest.raises(ValueError):
        two_sided(1, 0)
    with pytest.raises(ValueError):
        incomplete_beta(1, 1, 1.5)
