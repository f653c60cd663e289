"""JavaScript, as a target of `program`. The functions of its `Math` are right to an ulp or so in engines of today."""

import math
from collections.abc import Sequence

from gradcalc.graph import ops
from gradcalc.graph.ops import Op
from gradcalc.language.targets.program import Target, Written

_MATH = (
    ops.sqrt, ops.cbrt, ops.abs, ops.sign, ops.floor, ops.ceil, ops.exp, ops.expm1, ops.log, ops.log2, ops.log10,
    ops.log1p, ops.sin, ops.cos, ops.tan, ops.asin, ops.acos, ops.atan, ops.atan2, ops.sinh, ops.cosh, ops.tanh,
    ops.asinh, ops.acosh, ops.atanh, ops.max, ops.min, ops.hypot,
)  # fmt: skip
"""Ops that `Math` has under the same name."""

_WRITTEN: dict[Op, Written] = {
    **{op: f"Math.{op.name}({{all}})" for op in _MATH},
    ops.add: " + ", ops.sub: " - ", ops.mul: " * ", ops.div: " / ", ops.neg: "-{0}",
    ops.lt: " < ", ops.le: " <= ", ops.gt: " > ", ops.ge: " >= ", ops.eq: " === ", ops.same: " === ", ops.ne: " !== ",
    ops.and_: " && ", ops.or_: " || ", ops.not_: "!{0}", ops.where: "{0} ? {1} : {2}",
    ops.exp2: "2 ** {0}", ops.pow: "_pow({all})", ops.powi: "_pow({all})", ops.mod: "_mod({all})",
    ops.round: "_round({all})",
}  # fmt: skip

_POW = "const _pow = (a, b) => a === 1 || a === -1 && Math.abs(b) === Infinity ? 1 : a ** b;"
"""As in C: 1 to any power is 1, also to that of no number."""

_HELPERS = {
    ops.pow: _POW,
    ops.powi: _POW.replace("_pow", "_powi", 1),
    ops.mod: "const _mod = (a, b) => { const r = a % b; return r !== 0 && (r < 0) !== (b < 0) ? r + b : r; };",
    ops.round: "const _round = x => { const r = Math.round(x); return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r; };",
}
"""Powers, the remainder with the sign of the divisor, and halves to even."""

_words = str.split
_RESERVED = frozenset(
    _words(
        "arguments await break case catch class const continue debugger default delete do else enum eval export "
        "extends false finally for function if implements import in instanceof interface let new null package private "
        "protected public return static super switch this throw true try typeof undefined var void while with yield "
        "Math Infinity NaN"
    )
)


def _number(value: float) -> str:
    """A double; negative ones in parentheses, as they may stand behind an operator."""
    if math.isnan(value):
        return "NaN"
    text = ("-" if value < 0 else "") + "Infinity" if math.isinf(value) else repr(value).removesuffix(".0")
    return f"({text})" if text.startswith("-") else text


def _function(name: str, parameters: Sequence[str], lines: Sequence[str], results: Sequence[str]) -> str:
    result = results[0] if len(results) == 1 else f"[{', '.join(results)}]"
    body = "\n".join([*lines, f"return {result};"])
    return f"function {name}({', '.join(parameters)}) {{\n{body}\n}}"


JAVASCRIPT = Target(
    name="JavaScript",
    written=_WRITTEN,
    helpers=_HELPERS,
    number=_number,
    truth=("true", "false"),
    line="const {} = {};".format,
    function=_function,
    reserved=_RESERVED,
)
"""ECMAScript of 2016 and later."""
