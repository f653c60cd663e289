"""Two models of the same data beside each other: the F test where one is part of the other, AIC and BIC.

Imports answer; flint on first use.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gradcalc.errors import ExitCode
from gradcalc.optimize.fit.answer import Fit
from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, number


@dataclass(frozen=True, slots=True)
class FTest:
    """Whether the larger of two models is better by more than chance.

    Attributes:
        statistic: the fall of the sum of squares for each further parameter, beside the variance of a row.
        degrees: how many parameters more there are, and the degrees of freedom of the larger model.
        p: the probability of as large a fall, were the smaller model true.
        better: the place of the larger model, 0 or 1.
    """

    statistic: float
    degrees: tuple[int, int]
    p: float
    larger: int

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"F": number(self.statistic), "degrees_of_freedom": list(self.degrees), "p": number(self.p)}


@dataclass(frozen=True, slots=True, repr=False)
class FitComparison(Answer):
    """Two fits to the same rows."""

    fits: tuple[Fit, Fit]

    @property
    def test(self) -> FTest | None:
        """The F test; None where neither model has all parameters of the other, or no rows are left to tell."""
        sets = [{each.name for each in fit.parameters if not each.fixed} for fit in self.fits]
        larger = 1 if sets[0] < sets[1] else 0 if sets[1] < sets[0] else None
        if larger is None:
            return None
        one, other = self.fits[1 - larger], self.fits[larger]
        more, freedom = one.degrees_of_freedom - other.degrees_of_freedom, other.degrees_of_freedom
        if one.rss is None or other.rss is None or more <= 0 or freedom <= 0 or other.rss <= 0:
            return None
        statistic = max(0.0, (one.rss - other.rss) / more / (other.rss / freedom))
        return FTest(statistic, (more, freedom), f_tail(statistic, more, freedom), larger)

    @property
    def exit_code(self) -> ExitCode:
        """The worse of both."""
        return max(fit.exit_code for fit in self.fits)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: that of each fit, and the test."""
        body = {"schema": SCHEMA, "command": "fit", "expression": self.fits[0].expression}
        test = self.test
        return body | {"compare": [fit.to_dict() for fit in self.fits], "f_test": test and test.to_dict()}

    def records(self) -> Iterator[Sequence[object]]:
        """A row for each model, the titles first."""
        yield "model", "parameters", "rss", "degrees_of_freedom", "aic", "bic", "F", "p"
        test = self.test
        for place, fit in enumerate(self.fits):
            told = (test.statistic, test.p) if test and test.larger == place else ("", "")
            rss = "" if fit.rss is None else fit.rss
            yield fit.expression, len(fit.parameters), rss, fit.degrees_of_freedom, fit.aic, fit.bic, *told

    def page(self) -> pages.Page:
        """Both fits, and a row for each."""
        titles = ("model", "sum of squares", "degrees of freedom", "AIC", "BIC", "F", "p")
        columns = tuple(pages.Column(title, "formula" if title == "model" else "number") for title in titles)
        test = self.test
        rows = []
        for place, fit in enumerate(self.fits):
            told = (f"{test.statistic:.6g}", f"{test.p:.3g}") if test and test.larger == place else ("", "")
            value = fit.value if fit.rss is None else fit.rss
            row = (f"{value:.8g}", f"{fit.degrees_of_freedom:,}", f"{fit.aic:.8g}", f"{fit.bic:.8g}", *told)
            rows.append((pages.Formula(fit.expression), *row))
        blocks = [block for fit in self.fits for block in fit.page().blocks]
        why = () if test else (pages.line("no F test: neither model has all the parameters of the other"),)
        best = min(range(2), key=lambda place: (math.isnan(self.fits[place].aic), self.fits[place].aic))
        return pages.Page("fit", (*blocks, pages.Table(columns, tuple(rows), strong=best), *why))


def f_tail(statistic: float, more: int, freedom: int) -> float:
    """The probability that F is above a number. DLMF 8.17; the incomplete beta function is flint's."""
    from flint import arb, ctx

    if math.isinf(statistic):
        return 0.0
    with ctx.workprec(128):
        share = arb(freedom) / (freedom + more * arb(statistic))
        return float(share.beta_lower(arb(freedom) / 2, arb(more) / 2, 1)) if statistic > 0 else 1.0
