"""The 27 problems of nonlinear regression of NIST's Statistical Reference Datasets, each from both of its starts.

Source: https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml; the files in `nist/` are as published there. Each holds
the data, two starts, and the certified parameters and residual sum of squares to 11 digits.
"""

import math
import re
import shutil
import subprocess
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from benchmarks import tables
from benchmarks.tables import table
from gradcalc.errors import installed
from gradcalc.language.compile import compile
from gradcalc.optimize.descend import descend
from gradcalc.optimize.descent.answer import Descent
from gradcalc.optimize.fit.answer import Fit
from gradcalc.optimize.fit.fit import fit

FOLDER = Path(__file__).parent / "nist"


def _rational(high: int) -> str:
    above = "+".join(f"b{i + 1}*x^{i}" for i in range(high + 1))
    below = "+".join(f"b{i + high + 1}*x^{i}" for i in range(1, high + 1))
    return f"({above})/(1+{below})"


_PEAKS = "b1*exp(-b2*x) + b3*exp(-(x-b4)^2/b5^2) + b6*exp(-(x-b7)^2/b8^2)"
_DECAYS = "b1*exp(-b2*x) + b3*exp(-b4*x) + b5*exp(-b6*x)"
MODELS = {
    "Bennett5": "b1*(b2+x)^(-1/b3)",
    "BoxBOD": "b1*(1-exp(-b2*x))",
    "Chwirut1": "exp(-b1*x)/(b2+b3*x)",
    "Chwirut2": "exp(-b1*x)/(b2+b3*x)",
    "DanWood": "b1*x^b2",
    "ENSO": "b1 + b2*cos(2*pi*x/12) + b3*sin(2*pi*x/12) + b5*cos(2*pi*x/b4) + b6*sin(2*pi*x/b4)"
    " + b8*cos(2*pi*x/b7) + b9*sin(2*pi*x/b7)",
    "Eckerle4": "b1/b2*exp(-0.5*((x-b3)/b2)^2)",
    "Gauss1": _PEAKS,
    "Gauss2": _PEAKS,
    "Gauss3": _PEAKS,
    "Hahn1": _rational(3),
    "Kirby2": _rational(2),
    "Lanczos1": _DECAYS,
    "Lanczos2": _DECAYS,
    "Lanczos3": _DECAYS,
    "MGH09": "b1*(x^2+x*b2)/(x^2+x*b3+b4)",
    "MGH10": "b1*exp(b2/(x+b3))",
    "MGH17": "b1 + b2*exp(-x*b4) + b3*exp(-x*b5)",
    "Misra1a": "b1*(1-exp(-b2*x))",
    "Misra1b": "b1*(1-(1+b2*x/2)^(-2))",
    "Misra1c": "b1*(1-(1+2*b2*x)^(-0.5))",
    "Misra1d": "b1*b2*x*((1+b2*x)^(-1))",
    "Nelson": "b1 - b2*x1*exp(-b3*x2)",
    "Rat42": "b1/(1+exp(b2-b3*x))",
    "Rat43": "b1/((1+exp(b2-b3*x))^(1/b4))",
    "Roszman1": "b1 - b2*x - atan(b3/(x-b4))/pi",
    "Thurber": _rational(3),
}
"""By the name of the file: what y, or log(y) of Nelson, is without its error."""


@dataclass(frozen=True)
class Regression:
    """One problem: its columns, the two starts, and what NIST certifies."""

    name: str
    columns: Mapping[str, np.ndarray]
    starts: tuple[Mapping[str, float], Mapping[str, float]]
    certified: Mapping[str, float]
    errors: Mapping[str, float]
    squares: float

    @property
    def formula(self) -> str:
        """The square of a row's residual."""
        y = "log(y)" if self.name == "Nelson" else "y"
        return f"({y} - ({MODELS[self.name]}))^2"

    def descent(self, start: int, optimizer: str = "auto") -> Descent:
        """The descent from a start, 0 or 1, to the least sum of squares."""
        return descend(self.formula, self.starts[start], data=self.columns, optimizer=optimizer, reduce="sum")

    def digits(self, found: Descent) -> tuple[float, float]:
        """How many digits agree with those certified: the least of the parameters', and that of the sum of squares."""
        parameters = min(_digits(a, b) for a, b in zip(found.end.at, self.certified.values(), strict=True))
        return parameters, _digits(found.end.value, self.squares)

    @property
    def model(self) -> str:
        """What `fit` takes."""
        return f"{'log(y)' if self.name == 'Nelson' else 'y'} ~ {MODELS[self.name]}"

    def fitted(self, start: int, certify: bool = False) -> Fit:
        """The fit from a start, 0 or 1; with `certify` to the data as the decimals that NIST wrote."""
        data = {
            name: [repr(x) for x in column.tolist()] if certify else column for name, column in self.columns.items()
        }
        return fit(self.model, data, self.starts[start], certify=certify)

    def agreement(self, found: Fit) -> tuple[float, float]:
        """How many digits agree with those certified: the least of the parameters', of the standard errors'."""
        values = (_digits(each.estimate, self.certified[each.name]) for each in found.parameters)
        errors = (_digits(each.standard_error, self.errors[each.name]) for each in found.parameters)
        return min(values), min(errors)

    def by_curve_fit(self, start: int) -> float | None:
        """The digits of the parameters by SciPy's `curve_fit`, as it comes; None where it gives up."""
        from scipy.optimize import curve_fit

        foretold, y, names = self._foretold(), self._measured, list(self.certified)

        def model(_: Any, *parameters: float) -> Any:
            return foretold(**dict(zip(names, parameters, strict=True)))

        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                found, _ = curve_fit(model, y, y, p0=[self.starts[start][name] for name in names])
            except (RuntimeError, ValueError):
                return None
        return min(_digits(a, b) for a, b in zip(found, self.certified.values(), strict=True))

    def by_lmfit(self, start: int) -> float | None:
        """The same by lmfit's `minimize`, as it comes."""
        lmfit = tables.peer("lmfit")
        foretold, y, parameters = self._foretold(), self._measured, lmfit.Parameters()
        for name in self.certified:
            parameters.add(name, value=self.starts[start][name])
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                found = lmfit.minimize(lambda p: y - foretold(**p.valuesdict()), parameters)
            except (RuntimeError, ValueError):
                return None
        return min(_digits(found.params[name].value, b) for name, b in self.certified.items())

    @property
    def _measured(self) -> Any:
        return np.log(self.columns["y"]) if self.name == "Nelson" else self.columns["y"]

    def _foretold(self) -> Callable[..., Any]:
        """What the model says of the rows, by its parameters."""
        kernel = compile(MODELS[self.name])
        columns = {name: column for name, column in self.columns.items() if name != "y"}
        return lambda **parameters: kernel(**columns, **parameters).value

    def r_lines(self) -> str:
        """Lines of R that print the parameters of `nls`, as it comes, from both starts; NA where it gives up."""
        columns = ", ".join(f"{name}=c({','.join(map(repr, map(float, x)))})" for name, x in self.columns.items())
        lines = [f"d <- data.frame({columns})"]
        for start in self.starts:
            begin = ", ".join(f"{name}={x!r}" for name, x in start.items())
            call = f"coef(nls({self.model}, data=d, start=list({begin})))"
            lines.append(f"cat(tryCatch(sprintf('%.17g', {call}), error=function(e) NA), '\\n')")
        return "\n".join(lines)


def by_r() -> dict[str, tuple[float | None, float | None]] | None:
    """The digits of the parameters by R's `nls` from both starts, by problem; None where there is no R."""
    if (program := shutil.which("Rscript")) is None:
        return None
    problems = [regression(name) for name in MODELS]
    text = "\n".join(problem.r_lines() for problem in problems)
    run = subprocess.run([program, "--vanilla", "-"], input=text, capture_output=True, text=True, check=True)
    lines = iter(run.stdout.splitlines())
    return {problem.name: (_told(problem, next(lines)), _told(problem, next(lines))) for problem in problems}


def _told(problem: Regression, line: str) -> float | None:
    """The digits of the parameters that R has printed."""
    if "NA" in line:
        return None
    return min(_digits(float(a), b) for a, b in zip(line.split(), problem.certified.values(), strict=True))


def _digits(a: float, b: float) -> float:
    return min(11.0, -math.log10(max(abs(a - b) / abs(b), 1e-300)))


@cache
def regression(name: str) -> Regression:
    """The problem of one file."""
    text = (FOLDER / f"{name}.dat").read_text("ascii")
    lines = re.findall(r"^ *(b\d+) = +(\S+) +(\S+) +(\S+) +(\S+) *$", text, re.MULTILINE)
    squares = re.search(r"Residual Sum of Squares: +(\S+)", text)
    assert squares is not None
    header, _, body = text.rpartition("Data:")[2].partition("\n")
    numbers = np.array([line.split() for line in body.splitlines() if line.strip()], dtype=float)
    return Regression(
        name,
        dict(zip(header.split(), np.ascontiguousarray(numbers.T), strict=True)),
        ({b: float(first) for b, first, *_ in lines}, {b: float(second) for b, _, second, *_ in lines}),
        {b: float(certified) for b, *_, certified, _ in lines},
        {b: float(error) for b, *_, error in lines},
        float(squares[1]),
    )


def run() -> None:
    """Print steps and right digits of all 54 descents."""
    rows = []
    for name in MODELS:
        problem = regression(name)
        cells = [f"{problem.squares:.10e}"]
        for start in (0, 1):
            found = problem.descent(start)
            parameters, squares = problem.digits(found)
            cells += [f"{found.steps}", f"{found.status}, {found.kind}", f"{parameters:.1f}", f"{squares:.1f}"]
        rows.append((name, *cells))
    columns = ("steps", "end", "parameters", "squares") * 2
    title = "NIST StRD, nonlinear regression: digits that agree with the certified ones, at most 11"
    table(title, ("problem", "certified", *columns), rows)
    _run_fits()


def _run_fits() -> None:
    """Print what `fit` finds and proves, beside `curve_fit`, lmfit and R's nls, each as it comes."""
    rows, right, r = [], dict.fromkeys(("fit", "curve_fit", "lmfit", "nls", "proved"), 0), by_r()
    has_lmfit = installed("lmfit")
    for name in MODELS:
        problem = regression(name)
        cells: list[str] = []
        for start in (0, 1):
            values, errors = problem.agreement(problem.fitted(start))
            others = {"curve_fit": problem.by_curve_fit(start)}
            others |= {"lmfit": problem.by_lmfit(start)} if has_lmfit else {}
            others |= {"nls": r[name][start]} if r else {}
            right["fit"] += values > 6
            for peer, digits in others.items():
                right[peer] += digits is not None and digits > 6
            cells += [f"{values:.1f}", f"{errors:.1f}"]
            cells += ["gives up" if digits is None else f"{max(digits, 0):.1f}" for digits in others.values()]
        begin = process_time()
        proof = problem.fitted(1, certify=True)
        right["proved"] += proof.proved
        rows.append((name, *cells, "proved" if proof.proved else "not proved", f"{process_time() - begin:.2f}"))
    columns = ("parameters", "errors", *others) * 2
    table("The same by fit, beside its peers as they come", ("problem", *columns, "--certify", "seconds"), rows)
    told = ", ".join(f"{peer} {right[peer]}" for peer in ("fit", *others))
    print(f"of 54 runs right to 6 digits: {told}; proved {right['proved']} of {len(MODELS)}")
    for peer, is_there in (("lmfit", has_lmfit), ("R", r is not None)):
        if not is_there:
            print(f"{peer} is not installed: left out")
