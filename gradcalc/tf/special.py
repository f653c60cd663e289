"""`tf.math.special`: Bessel's functions and their kin. Imports ops of the table, and the defaults.

A row is a name, what it is, and an op. The operands are floating, as TensorFlow's.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcalc.graph import ops
from gradcalc.tape.rules.shapes import plain_of
from gradcalc.tape.tensor import Tensor, cast
from gradcalc.tf.defaults import Function, Result, floating, row, telling


def special(name: str, doc: str, compute: Callable[..., Any], *operands: str) -> Function:
    """A function of floating tensors that are called so, `x` by default, from an op of the table."""

    def applied(*values: Any) -> Result:
        tensors = [floating(x, name) for x in values if isinstance(x, Tensor)]
        return cast(compute(*values), np.result_type(*(x.dtype for x in tensors)))

    return row(applied, f"{', '.join(operands or ('x',))} | name=None", doc)


def within(op: Callable[..., Any], there: Callable[..., Any], inside: Sequence[float], limit: Any = None) -> Any:
    """An op where its operands are in a domain, of which `inside` is a point; elsewhere nan, or a `limit` of them."""

    def compute(*operands: Any) -> Any:
        plain = [plain_of(x) for x in operands]
        known = there(*plain)
        y = op(*(np.where(known, x, point) for x, point in zip(operands, inside, strict=True)))
        return np.where(known, y, np.nan if limit is None else limit(*plain))

    return compute


def _bessel(name: str, doc: str, op: ops.Op, order: int) -> Function:
    return special(name, doc, lambda x: op(order, x))


_J, _Y = (f"The Bessel function of the {kind} kind, of order" for kind in ("first", "second"))
_I, _K = (f"The modified Bessel function of the {kind} kind, of order" for kind in ("first", "second"))

bessel_i0 = _bessel("bessel_i0", f"{_I} 0.", ops.besseli, 0)
bessel_i1 = _bessel("bessel_i1", f"{_I} 1.", ops.besseli, 1)
bessel_i0e = _bessel("bessel_i0e", "`exp(-abs(x)) * bessel_i0(x)`.", ops.ive, 0)
bessel_i1e = _bessel("bessel_i1e", "`exp(-abs(x)) * bessel_i1(x)`.", ops.ive, 1)
bessel_j0 = _bessel("bessel_j0", f"{_J} 0.", ops.besselj, 0)
bessel_j1 = _bessel("bessel_j1", f"{_J} 1.", ops.besselj, 1)
bessel_k0 = _bessel("bessel_k0", f"{_K} 0.", ops.besselk, 0)
bessel_k1 = _bessel("bessel_k1", f"{_K} 1.", ops.besselk, 1)
bessel_k0e = _bessel("bessel_k0e", "`exp(x) * bessel_k0(x)`.", ops.kve, 0)
bessel_k1e = _bessel("bessel_k1e", "`exp(x) * bessel_k1(x)`.", ops.kve, 1)
bessel_y0 = _bessel("bessel_y0", f"{_Y} 0.", ops.bessely, 0)
bessel_y1 = _bessel("bessel_y1", f"{_Y} 1.", ops.bessely, 1)
dawsn = special("dawsn", "Dawson's integral: `exp(-x**2)` times that of `exp(t**2)` from 0 to x.", ops.dawsn)
expint = special("expint", "The exponential integral Ei.", ops.Ei)
fresnel_cos = special("fresnel_cos", "Fresnel's integral of `cos(pi * t**2 / 2)` from 0 to x.", ops.fresnelc)
fresnel_sin = special("fresnel_sin", "Fresnel's integral of `sin(pi * t**2 / 2)` from 0 to x.", ops.fresnels)
spence = special("spence", "Spence's integral of `-log(t) / (t - 1)` from 1 to x.", ops.spence)

telling(globals())
