"""Julia, as a target of `program`: its Base alone, which raises where this language has nan."""

from collections.abc import Sequence

from gradcalc.graph import ops
from gradcalc.graph.ops import Op
from gradcalc.language.targets.lines import Line, Written
from gradcalc.language.targets.program import Target, numbers
from gradcalc.language.targets.scripts import Layout, text
from gradcalc.language.targets.source import Language

_TOTAL = (
    ops.cbrt, ops.abs, ops.sign, ops.floor, ops.ceil, ops.round, ops.exp, ops.exp2, ops.expm1, ops.atan, ops.sinh,
    ops.cosh, ops.tanh, ops.asinh,
)  # fmt: skip
"""Functions that raise nowhere."""
_INSIDE = {
    ops.sqrt: "x >= 0", ops.log: "x >= 0", ops.log2: "x >= 0", ops.log10: "x >= 0", ops.log1p: "x >= -1",
    ops.sin: "isfinite(x)", ops.cos: "isfinite(x)", ops.tan: "isfinite(x)", ops.asin: "abs(x) <= 1",
    ops.acos: "abs(x) <= 1", ops.acosh: "x >= 1", ops.atanh: "abs(x) <= 1",
}  # fmt: skip
"""Where the others raise nothing; elsewhere they are nan."""

_WRITTEN: dict[Op, Written] = {
    **{op: f"{op.name}({{0}})" for op in _TOTAL},
    **{op: f"§{op.name}({{0}})" for op in _INSIDE},
    ops.add: " + ", ops.sub: " - ", ops.mul: " * ", ops.div: " / ", ops.neg: "-{0}",
    ops.lt: " < ", ops.le: " <= ", ops.gt: " > ", ops.ge: " >= ", ops.eq: " == ", ops.same: " == ", ops.ne: " != ",
    ops.and_: " && ", ops.or_: " || ", ops.not_: "!{0}", ops.where: "ifelse({0}, {1}, {2})",
    ops.max: "max({0}, {1})", ops.min: "min({0}, {1})", ops.hypot: "hypot({0}, {1})", ops.atan2: "atan({0}, {1})",
    ops.pow: "§pow({0}, {1})", ops.powi: "§powi({0}, {1})", ops.mod: "§mod({0}, {1})",
}  # fmt: skip

_POW = "§pow(a, b) = isinf(b) || isinf(a) && !isinteger(b) ? abs(a)^b : a >= 0 || isinteger(b) ? a^b : NaN"
_HELPERS = {
    **{op: f"§{op.name}(x) = {inside} ? {op.name}(x) : NaN" for op, inside in _INSIDE.items()},
    ops.pow: _POW,
    ops.powi: _POW.replace("§pow", "§powi", 1),
    ops.mod: """function §mod(a, b)
    r = isinf(a) ? NaN : rem(a, b)
    return r != 0 && (r < 0) != (b < 0) ? r + b : r
end""",
}
"""The same functions, nan where Base raises; the remainder with the sign of the divisor."""

RESERVED = frozenset(
    str.split(
        "baremodule begin break catch const continue do else elseif end export false finally for function global if "
        "import let local macro module quote return struct true try using while where abstract mutable primitive type "
        "in isa public outer NaN Inf NaN64 Inf64 pi Float64 Vector x w value gradient hessian ifelse max min hypot rem "
        "isinf isfinite isinteger"
    )
) | {op.name for op in (*_TOTAL, *_INSIDE)}  # fmt: skip


number = numbers("NaN", "Inf")


def line(made: Line) -> str:
    """An assignment."""
    return f"{made.name} = {made.value}" + (f" # {made.comment}" if made.comment else "")


def _function(name: str, parameters: Sequence[str], lines: Sequence[str], results: Sequence[str]) -> str:
    body = [*lines, f"return {', '.join(results)}"]
    return "\n".join([f"function {name}({', '.join(parameters)})", *(f"    {each}" for each in body), "end"])


_JULIA = Target(
    name="Julia",
    written=_WRITTEN,
    helpers=_HELPERS,
    number=number,
    truth=("true", "false"),
    line=line,
    function=_function,
    reserved=RESERVED,
)
"""Julia 1.6 and later."""


_TEST = """function {name}_test()
    points = [
    {points}
    ]
    wanted = [
    {wanted}
    ]
    within = [
    {within}
    ]
    compared = {compared}
    bad, numbers, worst = 0, 0, 0.0
    for row in 1:{rows}
        found = Float64[]
        for part in {name}(points[row])
            part === nothing || append!(found, vec(collect(part')))
        end
        for (k, place) in enumerate(compared)
            isnan(wanted[row][k]) && continue
            off, most = abs(found[place] - wanted[row][k]), within[row][k]
            numbers += 1
            most > 0 && (worst = max(worst, off / most))
            if !(off <= most)
                bad += 1
                said = ("{name}: point ", row, ", number ", place, ": ", found[place], ", not ", wanted[row][k])
                bad <= 5 && println(said...)
            end
        end
    end
    println("{name}: ", bad > 0 ? "WRONG" : "right", ": ", numbers, " numbers at {rows} points; the largest error is ",
        round(worst, sigdigits = 2), " of what rounding explains")
    return bad
end

if abspath(PROGRAM_FILE) == @__FILE__
    exit({name}_test() > 0 ? 1 : 0)
end"""

_LAYOUT = Layout(
    comment="#", first="", line=line, assign="{} = {}", number=number, argument="Float64(x[{1}])", value="value[1]",
    element="{}[{}]", entry="{}[{}, {}]", truth="{}", none="nothing", vector="zeros({0})", matrix="zeros({0}, {0})",
    begin="function {name}(x)\n  value = zeros(1)", result="return value[1], gradient, hessian", end="end",
    cut="w, gradient, hessian = zeros({slots}), {gradient}, {hessian}",
    call="{name}_part{count}(x, w, value, gradient, hessian)",
    cut_result="return value[1], gradient, hessian",
    part="function {name}_part{count}(x, w, value, gradient, hessian)", part_end="  return\nend",
    row="[{}]", test=_TEST,
)  # fmt: skip

JULIA = Language(
    "julia", ".jl", _JULIA, lambda source: text(_LAYOUT, source), ("jl",), argument="Float64(x[{1}])", slot="w[{1}]",
    truth="(w[{1}] != 0.0)", taken=_LAYOUT.words,
)  # fmt: skip
