"""Functions that a call writes out in ops, under the names of other systems. Imports graph.

The formula that was understood shows what they stand for: `deg(x)` is read as `180*x/pi`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradcalc.graph.ops import expint, li, one, pi, polylog, two


@dataclass(frozen=True, slots=True)
class Written:
    """A function as an expression of its operands, and how it is spelled elsewhere."""

    define: Callable[..., Any]
    doc: str
    aliases: tuple[str, ...] = ()

    @property
    def operands(self) -> tuple[str, ...]:
        """Their names."""
        return self.define.__code__.co_varnames


WRITTEN: dict[str, Written] = {
    "deg": Written(lambda x: 180 * x / pi, "an angle in radians as degrees", ("degrees", "rad2deg")),
    "rad": Written(lambda x: pi * x / 180, "an angle in degrees as radians", ("radians", "deg2rad")),
    "exp1": Written(lambda x: expint(one, x), "exponential integral E of order 1: expint(1, x)"),
    "spence": Written(lambda x: polylog(two, 1 - x), "dilogarithm as SciPy has it: polylog(2, 1 - x)"),
    "Li": Written(lambda x: li(x) - li(two), "logarithmic integral from 2: li(x) - li(2)"),
}
"""Every one by its name."""
