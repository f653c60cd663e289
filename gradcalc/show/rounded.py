"""A number and its standard uncertainty as the GUM writes them: `127.732(71)`, rounded to two digits of the latter.

JCGM 100:2008, 7.2.2 and 7.2.6. Imports page.
"""

import math
from decimal import Context, Decimal

from gradcalc.show.page import number_text

_LEAST, _MOST = -5, 15
"""Powers of ten of the first digit between which a number is written without an exponent."""
_LONGEST = 20
"""Digits that a value is written with, at most."""
_EXACTLY = Context(prec=1_200)


def concise(value: float, uncertainty: float, digits: int = 2) -> str:
    """The number with its uncertainty in parentheses, in units of the last digit: `127.732(71)`, `6.62(11)e-34`.

    Where there is no uncertainty, or it is no number, the value alone.
    """
    if not (math.isfinite(value) and 0 < uncertainty < math.inf):
        return number_text(value)
    u = _rounded(uncertainty, digits)
    place = u.adjusted() - digits + 1
    if abs(value) > 10.0**_LONGEST * uncertainty:
        return f"{number_text(value)} ± {two_digits(uncertainty)}"
    rounded = _EXACTLY.quantize(Decimal(repr(value)), Decimal(1).scaleb(place))
    first = max(rounded.adjusted() if rounded else place, u.adjusted())
    figures = f"({int(u.scaleb(-place))})"
    if place > 0 or not _LEAST <= first <= _MOST:
        return f"{rounded.scaleb(-first, _EXACTLY):.{first - place}f}{figures}e{first:+03d}"
    return f"{rounded + 0:.{max(0, -place)}f}{figures}"


def two_digits(uncertainty: float) -> str:
    """An uncertainty alone, in two digits: `0.071`, `1.0`, `230`; what is none as it is."""
    if not 0 < uncertainty < math.inf:
        return number_text(uncertainty)
    u = _rounded(uncertainty, 2)
    return f"{u:f}" if _LEAST <= u.adjusted() <= 1 else number_text(float(u))


def tolerance(uncertainty: float, digits: int = 2) -> float:
    """Half a unit of the last of so many digits of an uncertainty: JCGM 101:2008, 7.9.2."""
    place = _rounded(uncertainty, digits).adjusted() - digits + 1
    return float(Decimal(5).scaleb(place - 1))


def _rounded(uncertainty: float, digits: int) -> Decimal:
    u = Context(prec=digits).create_decimal(repr(uncertainty))
    return _EXACTLY.quantize(u, Decimal(1).scaleb(u.adjusted() - digits + 1))
