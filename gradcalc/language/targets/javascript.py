"""JavaScript, for pages and for files: `NAME([x1, x2, ...])` gives `[value, gradient, hessian]`, by these names too.

The functions of its `Math` are right to an ulp or so in engines of today.
"""

from collections.abc import Iterator, Sequence

from gradcalc.graph import ops
from gradcalc.graph.ops import Op
from gradcalc.language.targets.lines import Line, Written
from gradcalc.language.targets.program import Target, numbers
from gradcalc.language.targets.source import Language, Part, Source

_MATH = (
    ops.sqrt, ops.cbrt, ops.abs, ops.sign, ops.floor, ops.ceil, ops.exp, ops.expm1, ops.log, ops.log2, ops.log10,
    ops.log1p, ops.sin, ops.cos, ops.tan, ops.asin, ops.acos, ops.atan, ops.atan2, ops.sinh, ops.cosh, ops.tanh,
    ops.asinh, ops.acosh, ops.atanh, ops.max, ops.min, ops.hypot,
)  # fmt: skip
"""Ops that `Math` has under the same name."""

_WRITTEN: dict[Op, Written] = {
    **{op: f"Math.{op.name}({'{0}, {1}' if len(op.operands) > 1 else '{0}'})" for op in _MATH},
    ops.add: " + ", ops.sub: " - ", ops.mul: " * ", ops.div: " / ", ops.neg: "-{0}",
    ops.lt: " < ", ops.le: " <= ", ops.gt: " > ", ops.ge: " >= ", ops.eq: " === ", ops.same: " === ", ops.ne: " !== ",
    ops.and_: " && ", ops.or_: " || ", ops.not_: "!{0}", ops.where: "{0} ? {1} : {2}",
    ops.exp2: "2 ** {0}", ops.pow: "§pow({0}, {1})", ops.powi: "§powi({0}, {1})",
    ops.mod: "§mod({0}, {1})", ops.round: "§round({0})",
}  # fmt: skip

_POW = "const §pow = (a, b) => a === 1 || a === -1 && Math.abs(b) === Infinity ? 1 : a ** b;"
"""As in C: 1 to any power is 1, also to that of no number."""

_HELPERS = {
    ops.pow: _POW,
    ops.powi: _POW.replace("§pow", "§powi", 1),
    ops.mod: "const §mod = (a, b) => { const r = a % b; return r !== 0 && (r < 0) !== (b < 0) ? r + b : r; };",
    ops.round: "const §round = x => { const r = Math.round(x); return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r; };",
}
"""Powers, the remainder with the sign of the divisor, and halves to even."""

_words = str.split
_RESERVED = frozenset(
    _words(
        "arguments await break case catch class const continue debugger default delete do else enum eval export "
        "extends false finally for function if implements import in instanceof interface let new null package private "
        "protected public return static super switch this throw true try typeof undefined var void while with yield "
        "Math Infinity NaN module require exports process console value gradient hessian point kept found rows"
    )
)


_number = numbers("NaN", "Infinity", lambda value: repr(value).removesuffix(".0"))


def _line(line: Line) -> str:
    return f"const {line.name} = {line.value};{f'  // {line.comment}' if line.comment else ''}"


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
    line=_line,
    function=_function,
    reserved=_RESERVED,
)
"""ECMAScript of 2016 and later."""


# -- the file ----------------------------------------------------------------------------------------------------------


def _file(source: Source) -> str:
    return "\n".join(_text(source)) + "\n"


def _text(source: Source) -> Iterator[str]:
    yield '"use strict";'
    yield from (f"// {line}".rstrip() for line in source.head())
    yield ""
    yield from source.routines
    if source.is_cut:
        for number, part in enumerate(source.parts, start=1):
            yield f"function {source.name}_part{number}(point, kept, value, gradient, hessian) {{"
            yield from _part(part)
            yield "}"
    yield f"function {source.name}(point) {{"
    yield from _body(source)
    yield "}"
    yield 'if (typeof module !== "undefined") {'
    yield f"  module.exports = {{{source.name}}};"
    yield "}"
    if source.probes:
        yield from _test(source)


def _part(part: Part) -> Iterator[str]:
    yield from (f"  {_line(line)}" for line in part.lines)
    yield from (f"  kept[{keep.slot}] = {keep.name};" for keep in part.keeps)
    arrays = ("value", "gradient", "hessian")
    yield from (f"  {arrays[store.result]}[{store.index}] = {store.place};" for store in part.stores)


def _body(source: Source) -> Iterator[str]:
    _, size, square = source.sizes
    if source.parameters and not source.is_cut:
        yield f"  const [{', '.join(source.parameters)}] = point;"
    yield f"  const value = [0], gradient = new Array({size}).fill(0), hessian = new Array({square}).fill(0);"
    if source.is_cut:
        yield f"  const kept = new Array({source.slots}).fill(0);"
        for number in range(1, len(source.parts) + 1):
            yield f"  {source.name}_part{number}(point, kept, value, gradient, hessian);"
    else:
        yield from _part(source.parts[0])
    if square:
        yield f"  const rows = gradient.map((_, i) => hessian.slice({size} * i, {size} * (i + 1)));"
    first = "gradient" if source.order else "null"
    second = ("rows" if square else "[]") if source.order == 2 else "null"
    yield f"  const found = [value[0], {first}, {second}];"
    yield "  return Object.assign(found, {value: found[0], gradient: found[1], hessian: found[2]});"


def _test(source: Source) -> Iterator[str]:
    """A program that compares with what is proved."""
    yield 'if (typeof require !== "undefined" && require.main === module) {'
    for name, rows in (
        ("points", [probe.at for probe in source.probes]),
        ("wanted", [probe.wanted for probe in source.probes]),
        ("within", [probe.within for probe in source.probes]),
    ):
        yield f"  const {name} = ["
        yield from (f"    [{', '.join(map(_number, row))}]," for row in rows)
        yield "  ];"
    yield f"  const compared = [{', '.join(map(str, source.compared))}];"
    yield "  let bad = 0, numbers = 0, worst = 0;"
    yield "  points.forEach((point, row) => {"
    yield f"    const found = {source.name}(point).flat(2);"
    yield "    compared.forEach((place, k) => {"
    yield "      const goal = wanted[row][k], most = within[row][k], off = Math.abs(found[place] - goal);"
    yield "      if (goal !== goal) return;"
    yield "      numbers += 1;"
    yield "      if (most > 0 && off / most > worst) worst = off / most;"
    yield "      if (!(off <= most) && bad++ < 5)"
    yield (
        f"        console.log(`{source.name}: point ${{row + 1}}, number ${{place + 1}}: ${{found[place]}}, "
        "not ${goal}`);"
    )
    yield "    });\n  });"
    yield (
        f'  console.log(`{source.name}: ${{bad ? "WRONG" : "right"}}: ${{numbers}} numbers at ${{points.length}} '
        "points; the largest error is ${worst.toPrecision(2)} of what rounding explains`);"
    )
    yield "  process.exitCode = bad ? 1 : 0;\n}"


_TAKEN = frozenset(_words("Object Array Number String Boolean Symbol Function Error Date JSON Promise Map Set"))

JS = Language("js", ".js", JAVASCRIPT, _file, ("javascript",), _TAKEN, "point[{}]", "kept[{}]", "kept[{}]")
