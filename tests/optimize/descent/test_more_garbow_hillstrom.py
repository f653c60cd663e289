"""The Moré-Garbow-Hillstrom problems: formulas as published, and auto gets to their minima."""

import math

import pytest

from benchmarks import more_garbow_hillstrom as mgh
from gradcalc import differentiate
from gradcalc.optimize.descend import descend
from gradcalc.optimize.descent.methods import METHODS

NAMES = [problem.name for problem in mgh.PROBLEMS]
BY_NAME = dict(zip(NAMES, mgh.PROBLEMS, strict=True))

START_NORMS = {
    "Rosenbrock": 4.91935, "Freudenstein and Roth": 20.0125, "Jennrich and Sampson": 64.5856, "helical valley": 50.0,
    "Bard": 6.45614, "Meyer": 41153.5, "Box, three-dimensional": 32.1116, "Powell singular": 14.6629,
    "Kowalik and Osborne": 0.0728915, "Brown and Dennis": 2815.44, "Osborne 1": 0.937564, "Osborne 2": 1.44687,
    "Watson, 6": 5.47723, "Watson, 9": 5.47723, "Watson, 12": 5.47723, "Brown almost linear, 10": 16.5302,
}  # fmt: skip
"""Norms of the residuals at the standard starts as MINPACK's own tests print them, to six digits."""

SMALL = {
    "Powell badly scaled": lambda: 1 + (1 + math.exp(-1) - 1.0001) ** 2,
    "Brown badly scaled": lambda: 999_999**2 + (1 - 2e-6) ** 2 + 1,
    "Beale": lambda: 1.5**2 + 2.25**2 + 2.625**2,
    "Gulf research": lambda: sum(
        (math.exp(-(abs(25 + (-50 * math.log(i / 100)) ** (2 / 3) - 2.5) ** 0.15) / 5) - i / 100) ** 2
        for i in range(1, 100)
    ),
    "Wood": lambda: 100 * 100 + 16 + 90 * 100 + 16 + 10 * 16 + 0,
    "Biggs EXP6": lambda: sum(
        (math.exp(-t) - math.exp(-2 * t) + math.exp(-t) - math.exp(-t) + 5 * math.exp(-10 * t) - 3 * math.exp(-4 * t))
        ** 2
        for t in [i / 10 for i in range(1, 14)]
    ),
    "penalty I, 4": lambda: 1e-5 * 14 + 29.75**2,
    "penalty II, 4": lambda: (
        0.3**2
        + 1e-5 * sum((2 * math.exp(0.05) - math.exp(i / 10) - math.exp((i - 1) / 10)) ** 2 for i in (2, 3, 4))
        + 3e-5 * (math.exp(0.05) - math.exp(-0.1)) ** 2
        + (0.25 * 10 - 1) ** 2
    ),
    "variably dimensioned, 10": lambda: 3.85 + 38.5**2 + 38.5**4,
    "trigonometric, 10": lambda: sum(
        (10 - 10 * math.cos(0.1) + i * (1 - math.cos(0.1)) - math.sin(0.1)) ** 2 for i in range(1, 11)
    ),
    "Broyden tridiagonal, 10": lambda: 4.0 + 8 * 1 + 9.0,
    "Broyden banded, 10": lambda: 10 * 36.0,
    "linear, full rank": lambda: 10 * 4.0 + 10.0,
    "linear, rank 1": lambda: sum((i * 55 - 1.0) ** 2 for i in range(1, 21)),
    "Chebyquad, 9": lambda: chebyquad(9),
    "Chebyquad, 10": lambda: chebyquad(10),
}


def chebyquad(n: int) -> float:
    nodes = [math.acos(2 * j / (n + 1) - 1) for j in range(1, n + 1)]
    means = [sum(math.cos(i * angle) for angle in nodes) / n for i in range(1, n + 1)]
    return sum((mean + (0 if i % 2 else 1 / (i * i - 1))) ** 2 for i, mean in enumerate(means, start=1))


def start_value(problem: mgh.TestProblem) -> float:
    return differentiate(problem.text, problem.at, let=problem.let, symbolic=False, certify=False).value


def test_all_problems_of_the_paper_are_there() -> None:
    assert {problem.number for problem in mgh.PROBLEMS} == set(range(1, 36))
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", START_NORMS)
def test_the_norm_at_the_start_is_that_of_minpack(name: str) -> None:
    assert math.sqrt(start_value(BY_NAME[name])) == pytest.approx(START_NORMS[name], rel=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_the_value_at_the_start_is_that_of_the_papers_formula(name: str) -> None:
    assert start_value(BY_NAME[name]) == pytest.approx(SMALL[name](), rel=1e-11)


@pytest.mark.parametrize("name", NAMES)
def test_auto_reaches_a_minimum_of_the_paper(name: str) -> None:
    problem = BY_NAME[name]
    found = descend(problem.text, problem.at, let=problem.let)
    assert found.status == "converged"
    assert problem.reached(found.value), found.value


def test_reached_is_strict() -> None:
    problem = BY_NAME["Osborne 1"]
    assert problem.reached(problem.minimum * (1 + 9e-9))
    assert not problem.reached(problem.minimum * (1 + 2e-8))
    assert not BY_NAME["Rosenbrock"].reached(1e-15)


def test_the_table_counts_steps_and_shows_what_was_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[tuple[str, ...], list[tuple[str, ...]]]] = []
    monkeypatch.setattr(mgh, "table", lambda title, columns, rows, note: shown.append((columns, rows)))
    monkeypatch.setattr(mgh, "PROBLEMS", (BY_NAME["Rosenbrock"], BY_NAME["Powell badly scaled"]))
    monkeypatch.setattr(mgh, "STEPS", 60)
    mgh.run()
    columns, rows = shown[0]
    assert columns == ("problem", "n", "m", "minimum", "auto", *METHODS)
    assert rows[1][columns.index("bfgs")].startswith("(")
    assert rows[-1][columns.index("auto")] == "2"
