"""Problems of linear regression of NIST's Statistical Reference Datasets: the digits that a fit agrees in.

Source: https://www.itl.nist.gov/div898/strd/lls/lls.shtml. The data of Wampler's problems are made of his formulas.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.tables import table
from gradcalc.optimize.fit.answer import Fit
from gradcalc.optimize.fit.fit import fit

FOLDER = Path(__file__).parent / "nist" / "linear"

_WAMPLER = (759, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 1838, -2048, 2048)
"""The errors of Wampler's third problem, of which the last ten are the first ten backwards; of others multiples."""


def _wampler(times: int) -> Mapping[str, Sequence[int]]:
    errors = (*_WAMPLER, *_WAMPLER[-2::-1])
    x = range(21)
    return {"x": list(x), "y": [sum(i**k for k in range(6)) + times * e for i, e in zip(x, errors, strict=True)]}


def _second_wampler() -> Mapping[str, Sequence[Any]]:
    return {"x": list(range(21)), "y": [f"{sum(10 ** (5 - k) * x**k for k in range(6)) / 1e5:.5f}" for x in range(21)]}


def _polynomial(order: int) -> str:
    return "y ~ " + " + ".join(["b0", "b1*x", *(f"b{k}*x^{k}" for k in range(2, order + 1))])


@dataclass(frozen=True)
class Linear:
    """One problem: model and data; the certified parameters and their standard deviations."""

    name: str
    model: str
    data: Any
    certified: Sequence[float]
    errors: Sequence[float]

    @cached_property
    def found(self) -> Fit:
        """The fit, without a start."""
        return fit(self.model, self.data)

    def digits(self) -> tuple[float, float]:
        """The least agreement of parameters, and of standard errors."""
        pairs = sorted((each.name, each) for each in self.found.parameters)
        found = [each for _, each in sorted(pairs, key=lambda pair: int(pair[0][1:]))]
        values = min(digits(each.estimate, b) for each, b in zip(found, self.certified, strict=True))
        return values, min(digits(each.standard_error, b) for each, b in zip(found, self.errors, strict=True))


def digits(a: float, b: float) -> float:
    """In how many digits a number agrees with another, at most 15."""
    return 15.0 if a == b else min(15.0, -math.log10(abs(a - b) / abs(b or 1)))


_SPREAD = (2152.32624678170, 2363.55173469681, 779.343524331583, 101.475507550350, 5.64566512170752, 0.112324854679312)
PROBLEMS = (
    Linear(
        "Longley", "y ~ b0 + b1*x1 + b2*x2 + b3*x3 + b4*x4 + b5*x5 + b6*x6", str(FOLDER / "Longley.csv"),
        (-3482258.63459582, 15.0618722713733, -0.358191792925910e-01, -2.02022980381683, -1.03322686717359,
         -0.511041056535807e-01, 1829.15146461355),
        (890420.383607373, 84.9149257747669, 0.334910077722432e-01, 0.488399681651699, 0.214274163161675,
         0.226073200069370, 455.478499142212),
    ),
    Linear(
        "Filip", _polynomial(10), str(FOLDER / "Filip.csv"),
        (-1467.48961422980, -2772.17959193342, -2316.37108160893, -1127.97394098372, -354.478233703349,
         -75.1242017393757, -10.8753180355343, -1.06221498588947, -0.670191154593408e-01, -0.246781078275479e-02,
         -0.402962525080404e-04),
        (298.084530995537, 559.779865474950, 466.477572127796, 227.204274477751, 71.6478660875927, 15.2897178747400,
         2.23691159816033, 0.221624321934227, 0.142363763154724e-01, 0.535617408889821e-03, 0.896632837373868e-05),
    ),
    Linear("Wampler1", _polynomial(5), _wampler(0), (1.0,) * 6, (0.0,) * 6),
    Linear("Wampler2", _polynomial(5), _second_wampler(), (1, 0.1, 0.01, 0.001, 0.0001, 0.00001), (0.0,) * 6),
    Linear("Wampler3", _polynomial(5), _wampler(1), (1.0,) * 6, _SPREAD),
    Linear("Wampler4", _polynomial(5), _wampler(100), (1.0,) * 6, tuple(100 * each for each in _SPREAD)),
    Linear("Wampler5", _polynomial(5), _wampler(10_000), (1.0,) * 6, tuple(10_000 * each for each in _SPREAD)),
    Linear("NoInt1", "y ~ b1*x", str(FOLDER / "NoInt1.csv"), (2.07438016528926,), (0.165289256198347e-01,)),
)  # fmt: skip


def run() -> None:
    """Print the right digits of all problems."""
    rows = []
    for problem in PROBLEMS:
        values, errors = problem.digits()
        rows.append((problem.name, problem.found.status, f"{values:.1f}", f"{errors:.1f}"))
    table("NIST StRD, linear regression: digits that agree with the certified ones, at most 15",
          ("problem", "end", "parameters", "standard errors"), rows)  # fmt: skip
