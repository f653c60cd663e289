"""A proof file of a certified `Fit`: what a sceptic needs to believe its digits without gradcalc's balls.

    exact.py ──Newton's steps──▶ a small box about the minimum; its Hessian's approximate inverse, for Krawczyk
    answer ──▶ the box in which it is the only one, the digits that are claimed, and the rows as they are written

`truth/claims/verify.py` reads it, and shares nothing with this. Imports exact and model.
"""

import json
import math
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from flint import arb, ctx, fmpq

from gradcalc.arithmetic.digits import digits_text
from gradcalc.errors import UsageError
from gradcalc.files import complete_file
from gradcalc.optimize.fit.answer import Fit
from gradcalc.optimize.fit.exact import BITS, ExactSum, inverse, polished
from gradcalc.settings import FitSettings
from gradcalc.show.answer import SCHEMA
from gradcalc.truth.claims.proofs import FORMAT

_DIGITS = 17
"""Of the sum."""
_AID = 50
"""Digits of the approximate inverse."""
_SURE = 34
"""Digits that the small box leaves no doubt about."""
_STANDS = "without --proof the answer stands as it is"


def write_proof(made: Fit, settings: FitSettings, path: Path) -> None:
    """Write the file.

    Raises:
        UsageError: the fit is not proved, or rests on what files do not carry.
        FileError: the file cannot be written.
    """
    check_carried(settings)
    reason = ""
    if not made.proved:
        reason = "no minimum was proved"
    elif made.status == "at a bound":
        reason = "a minimum at a bound is not carried by proof files yet"
    elif any(variable.shape for variable in made.problem.model.parameters):
        reason = "arrays are not carried by proof files yet"
    if reason:
        raise UsageError(f"there is no proof file: {reason}", hint=_STANDS)
    with complete_file(path) as target:
        target.write_text(json.dumps(_file(made, settings)) + "\n", encoding="utf-8")


def check_carried(settings: FitSettings) -> None:
    """Refuse, before the work, what a file does not carry."""
    reason = ""
    if not settings.certify:
        reason = "a proof file is written of what is proved"
    elif settings.nll or settings.loss != "linear":
        reason = "sums other than of squares are not carried by proof files yet"
    elif settings.fix:
        reason = "fixed parameters are not carried by proof files yet"
    if reason:
        raise UsageError(reason, hint="--certify" if not settings.certify else _STANDS)


def _file(made: Fit, settings: FitSettings) -> Mapping[str, Any]:
    model, rows = made.problem.model, made.problem.rows.held()
    proofs = {each.name: (each.certified, each.certified_error) for each in made.parameters if each.certified}
    said = {
        name: {"value": value.value, "standard_error": error and error.value}
        for name, (value, error) in proofs.items() if value
    }  # fmt: skip
    exact = ExactSum(model, rows, written=True)
    end = polished(exact, [each.estimate for each in made.parameters])
    with ctx.workprec(BITS):
        small = [_around(ball) for ball in end[0]] if end else []
        sums = exact.at([_ball(low).union(_ball(high)) for low, high in small]) if end else None
        inverted = inverse(sums.hessian) if sums else None
        if sums is None or inverted is None:
            raise UsageError("there is no proof file: balls do not find the minimum again", hint=_STANDS)
        aid = [[entry.mid().str(_AID, radius=False) for entry in row] for row in inverted.tolist()]
        total = digits_text(sums.value, _DIGITS) or sums.value.mid().str(_DIGITS, radius=False)
    columns = {name: list(rows.exact.get(name, rows.values[name].tolist())) for name in model.columns}
    return {
        "schema": SCHEMA, "proof": "fit", "format": FORMAT, "expression": made.expression.strip(),
        "sigma": settings.sigma, "weights": settings.weights, "parameters": list(said),
        "claim": {"parameters": said, "value": total, "absolute_sigma": made.absolute,
                  "box": {name: list(ends) for name, ends in made.box.items()}},
        "point": {"box": [[_text(end) for end in ends] for ends in small], "inverse": aid, "wide_inverse": aid},
        "rows": {name: [each if isinstance(each, int | float) else str(each).strip() for each in column]
                 for name, column in columns.items()},
    }  # fmt: skip


def _around(ball: arb) -> tuple[Fraction, Fraction]:
    """A small box about a number, its ends decimals."""
    value = Fraction(ball.mid().str(_SURE + 8, radius=False))
    reach = Fraction(10) ** (math.floor(math.log10(abs(value))) - _SURE if value else -2 * _SURE)
    return value - reach, value + reach


def _ball(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


def _text(value: Fraction) -> str:
    """A number whose denominator is a product of tens as a decimal."""
    shift = next(k for k in range(10_000) if value * 10**k == int(value * 10**k))
    return f"{int(value * 10**shift)}e-{shift}"
