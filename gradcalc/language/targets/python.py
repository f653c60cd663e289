"""Python and NumPy: `NAME(x1, x2, ...) -> (value, gradient, hessian)`, on numbers, or element by element on arrays.

Python's `math` raises where floats are infinite or nan, so that its functions are called by routines that do not. NumPy
has no error function and no gamma function: those of `math` are called for each element.
"""

import builtins
import keyword
from collections.abc import Iterator, Sequence

from gradcalc.graph import ops
from gradcalc.graph.ops import Op
from gradcalc.language.targets.lines import Line, Written
from gradcalc.language.targets.program import Target, numbers
from gradcalc.language.targets.source import Language, Part, Source

# -- Python ------------------------------------------------------------------------------------------------------------

_TOTAL = (ops.atan, ops.atan2, ops.tanh, ops.asinh, ops.erf, ops.erfc, ops.cbrt, ops.hypot, ops.abs)
"""Functions of `math` that never raise."""

_POLE = "-math.inf if x == {} else math.nan"
_RAISING: dict[Op, tuple[str, str]] = {
    **dict.fromkeys((ops.sqrt, ops.asin, ops.acos, ops.acosh, ops.sin, ops.cos, ops.tan), ("math.nan", "")),
    **dict.fromkeys((ops.exp, ops.exp2, ops.expm1, ops.cosh), ("math.nan", "math.inf")),
    **dict.fromkeys((ops.log, ops.log2, ops.log10), (_POLE.format(0), "math.nan")),
    ops.log1p: (_POLE.format(-1), "math.nan"),
    ops.sinh: ("math.nan", "math.copysign(math.inf, x)"),
    ops.atanh: ("math.copysign(math.inf, x) if abs(x) == 1 else math.nan", "math.nan"),
    ops.gamma: ("math.copysign(math.inf, x) if x == 0 else math.nan", "math.copysign(math.inf, x)"),
    ops.lgamma: ("math.inf if x == 0 else math.nan", "math.inf"),
}
"""What others give where they raise ValueError, and OverflowError."""

_POW = """def §{0}(a, b):
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        return (math.copysign(math.inf, a) if b % 2 == 1 else math.inf) if a == 0 else math.nan"""
_WHOLE = """def §{0}(x):
    return float({1}(x)) if -4503599627370496.0 < x < 4503599627370496.0 else x"""
_DIV = """def §div(a, b):
    try:
        return a / b
    except ZeroDivisionError:
        return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)"""
_MOD = """def §mod(a, b):
    return a % b if b else math.nan"""


def _total(op: Op, invalid: str, beyond: str) -> str:
    """A function of `math` that raises nothing."""
    rest = f"\n    except OverflowError:\n        return {beyond}" if beyond else ""
    body = f"    try:\n        return math.{_name(op)}(x)\n    except ValueError:\n        return {invalid}{rest}"
    return f"def §{op.name}(x):\n{body}"


def _name(op: Op) -> str:
    """Its name in `math`."""
    return "gamma" if op is ops.gamma else op.c_name


def _call(op: Op, before: str = "math.") -> str:
    return f"{before}{_name(op)}({'{0}, {1}' if len(op.operands) > 1 else '{0}'})"


def _quotient(places: Sequence[str]) -> str:
    """By a number that is not 0 as it stands."""
    a, b = places
    plain = b.strip("()-")[:1].isdigit() and float(b.strip("()")) != 0
    return f"{a} / {b}" if plain else f"{a} / {b} if {b} else §div({a}, {b})"


_CONDITIONS: dict[Op, Written] = {
    ops.lt: " < ", ops.le: " <= ", ops.gt: " > ", ops.ge: " >= ", ops.eq: " == ", ops.same: " == ", ops.ne: " != ",
}  # fmt: skip
_ARITHMETIC: dict[Op, Written] = {ops.add: " + ", ops.sub: " - ", ops.mul: " * ", ops.neg: "-{0}", **_CONDITIONS}

_PYTHON: dict[Op, Written] = {
    **_ARITHMETIC,
    **{op: _call(op) for op in _TOTAL},
    **{op: f"§{op.name}({{0}})" for op in (*_RAISING, ops.floor, ops.ceil, ops.round)},
    ops.div: _quotient, ops.pow: "§pow({0}, {1})", ops.powi: "§powi({0}, {1})", ops.mod: "§mod({0}, {1})",
    ops.and_: " and ", ops.or_: " or ", ops.not_: "not {0}", ops.where: "{1} if {0} else {2}",
    ops.max: "{1} if {1} > {0} or {1} != {1} else {0}", ops.min: "{1} if {1} < {0} or {1} != {1} else {0}",
}  # fmt: skip

_PYTHON_HELPERS: dict[Op, str] = {
    **{op: _total(op, *given) for op, given in _RAISING.items()},
    ops.floor: _WHOLE.format("floor", "math.floor"), ops.ceil: _WHOLE.format("ceil", "math.ceil"),
    ops.round: _WHOLE.format("round", "round"), ops.div: _DIV, ops.mod: _MOD, ops.pow: _POW.format("pow"),
    ops.powi: _POW.format("powi"),
}  # fmt: skip

# -- NumPy -------------------------------------------------------------------------------------------------------------

_UFUNCS = {
    **{op: op.name for op in (
        ops.sqrt, ops.cbrt, ops.abs, ops.sign, ops.floor, ops.ceil, ops.exp, ops.exp2, ops.expm1, ops.log, ops.log2,
        ops.log10, ops.log1p, ops.sin, ops.cos, ops.tan, ops.sinh, ops.cosh, ops.tanh, ops.hypot, ops.mod,
    )},
    ops.asin: "arcsin", ops.acos: "arccos", ops.atan: "arctan", ops.atan2: "arctan2", ops.asinh: "arcsinh",
    ops.acosh: "arccosh", ops.atanh: "arctanh", ops.max: "maximum", ops.min: "minimum", ops.round: "rint",
    ops.pow: "power", ops.powi: "power", ops.and_: "logical_and", ops.or_: "logical_or", ops.not_: "logical_not",
}  # fmt: skip
_ELEMENTWISE = (ops.erf, ops.erfc, ops.gamma, ops.lgamma)
"""What NumPy lacks and `math` has."""

_NUMPY: dict[Op, Written] = {
    **_ARITHMETIC,
    **{op: f"np.{name}({'{0}, {1}' if len(op.operands) > 1 else '{0}'})" for op, name in _UFUNCS.items()},
    **{op: f"§{op.name}({{0}})" for op in _ELEMENTWISE},
    ops.div: "np.divide({0}, {1})", ops.where: "np.where({0}, {1}, {2})",
}  # fmt: skip


def _each(op: Op) -> str:
    """A function of `math` for each element of an array."""
    if op not in _RAISING:
        return f"§{op.name} = np.vectorize(math.{_name(op)}, otypes=[float])"
    return f"{_total(op, *_RAISING[op])}\n\n\n§{op.name} = np.vectorize(§{op.name}, otypes=[float])"


# -- the file ----------------------------------------------------------------------------------------------------------


_number = numbers("math.nan", "math.inf")


def _line(line: Line) -> str:
    return f"{line.name} = {line.value}{f'  # {line.comment}' if line.comment else ''}"


def _function(name: str, parameters: Sequence[str], lines: Sequence[str], results: Sequence[str]) -> str:
    body = "\n".join(f"    {line}" for line in (*lines, f"return {', '.join(results)}"))
    return f"def {name}({', '.join(parameters)}):\n{body}"


def _file(source: Source, arrays: bool) -> str:
    return "\n".join(_text(source, arrays)) + "\n"


def _text(source: Source, arrays: bool) -> Iterator[str]:
    yield '"""A function made by gradcalc."""'
    yield ""
    yield from (f"# {line}".rstrip() for line in source.head())
    yield "import math\n\nimport numpy as np\n\n" if arrays else "import math\n\n"
    for routine in source.routines:
        yield f"{routine}\n\n"
    if source.is_cut:
        for number, part in enumerate(source.parts, start=1):
            yield f"def {source.name}_part{number}(arguments, kept, value, gradient, hessian):"
            yield from _part(part)
            yield "\n"
    yield f"def {source.name}({', '.join(source.parameters)}):"
    if arrays:
        yield f'    """The {source.results} for arrays that broadcast together; the axes of these come last."""'
        yield from _on_arrays(source)
    else:
        size = source.sizes[1]
        rows = f"; the Hessian as {size} rows" if source.order == 2 else ""
        yield f'    """The {source.results} at a point{rows}."""'
        yield from _on_numbers(source)
    if source.probes:
        yield "\n"
        yield from _test(source, arrays)


def _part(part: Part, indent: str = "    ") -> Iterator[str]:
    yield from (f"{indent}{_line(line)}" for line in part.lines)
    yield from (f"{indent}kept[{keep.slot}] = {keep.name}" for keep in part.keeps)
    names = ("value", "gradient", "hessian")
    yield from (f"{indent}{names[store.result]}[{store.index}] = {store.place}" for store in part.stores)
    if not part.lines and not part.stores:
        yield f"{indent}pass"


def _on_numbers(source: Source) -> Iterator[str]:
    """The body, for numbers."""
    _, size, square = source.sizes
    if source.is_cut:
        yield from _called(source)
        rows = f"[hessian[i : i + {size}] for i in range(0, {square}, {size})]" if source.order == 2 else "None"
        yield f"    return value[0], {'gradient' if source.order else 'None'}, {rows}"
        return
    yield from (f"    {_line(line)}" for line in source.parts[0].lines)
    found = source.stores()
    gradient = [found[1, i] for i in range(size)]
    matrix = [[found.get((2, i * size + j), "0.0") for j in range(size)] for i in range(size)] if square else []
    lists = [
        f"[{', '.join(gradient)}]" if source.order else "None",
        f"[{', '.join(f'[{_joined(row)}]' for row in matrix)}]" if source.order == 2 else "None",
    ]
    yield f"    return {found[0, 0]}, {', '.join(lists)}"


def _joined(items: Sequence[str]) -> str:
    return ", ".join(items)


def _called(source: Source, indent: str = "    ") -> Iterator[str]:
    """The call of the parts of a long program."""
    _, size, square = source.sizes
    yield f"{indent}arguments = ({', '.join(source.parameters)},)" if source.parameters else f"{indent}arguments = ()"
    yield f"{indent}kept = [0.0] * {source.slots}"
    yield f"{indent}value, gradient, hessian = [0.0], [0.0] * {size}, [0.0] * {square}"
    for number in range(1, len(source.parts) + 1):
        yield f"{indent}{source.name}_part{number}(arguments, kept, value, gradient, hessian)"


def _on_arrays(source: Source) -> Iterator[str]:
    """The body, for arrays."""
    _, size, square = source.sizes
    if source.parameters:
        names = ", ".join(source.parameters) + ("," if len(source.parameters) == 1 else "")
        yield f"    arguments = [np.asarray(each, dtype=float) for each in ({names})]"
        yield "    shape = np.broadcast_shapes(*(each.shape for each in arguments))"
        yield f"    {names} = arguments"
    else:
        yield "    shape = ()"
    yield '    with np.errstate(all="ignore"):'
    if source.is_cut:
        yield from _called(source, "        ")
    else:
        yield from (f"        {_line(line)}" for line in source.parts[0].lines)
        found = source.stores()
        yield f"        value = [{found[0, 0]}]"
        yield f"        gradient = [{_joined([found[1, i] for i in range(size)])}]"
        yield f"        hessian = [{_joined([found.get((2, i), '0.0') for i in range(square)])}]"
    yield "\n    def stacked(found, *axes):"
    yield "        whole = [np.broadcast_to(each, shape) for each in found]"
    yield "        return np.array(whole, dtype=float).reshape((*axes, *shape))\n"
    first = f"stacked(gradient, {size})" if source.order else "None"
    second = f"stacked(hessian, {size}, {size})" if source.order == 2 else "None"
    yield f"    return stacked(value)[()], {first}, {second}"


# -- the test ----------------------------------------------------------------------------------------------------------


def _test(source: Source, arrays: bool) -> Iterator[str]:
    """A program that compares with what is proved."""
    yield f"def {source.name}_test():"
    yield f'    """Compare with proved values at {len(source.probes)} points; how many numbers are wrong."""'
    for name, rows in (
        ("points", [probe.at for probe in source.probes]),
        ("wanted", [probe.wanted for probe in source.probes]),
        ("within", [probe.within for probe in source.probes]),
    ):
        yield f"    {name} = ["
        yield from (f"        [{_joined([_number(x).strip('()') for x in row])}]," for row in rows)
        yield "    ]"
    yield f"    compared = [{_joined(list(map(str, source.compared)))}]"
    yield "    bad, numbers, worst = 0, 0, 0.0"
    yield "    for row, point in enumerate(points):"
    yield f"        value, gradient, hessian = {source.name}(*point)"
    yield "        found = [value]"
    if source.order:
        yield "        found += list(gradient)"
    if source.order == 2:
        yield "        found += [each for line in hessian for each in line]"
    yield "        for k, wanted_, within_ in zip(compared, wanted[row], within[row]):"
    yield "            if wanted_ == wanted_:"
    yield "                numbers, off = numbers + 1, abs(float(found[k]) - wanted_)"
    yield "                worst = max(worst, off / within_) if within_ > 0 else worst"
    yield "                if not off <= within_:"
    yield "                    bad += 1"
    yield "                    if bad <= 5:"
    yield (
        f'                        print(f"{source.name}: point {{row + 1}}, number {{k + 1}}: {{found[k]!r}}, '
        'not {wanted_!r}")'
    )
    yield '    verdict = "WRONG" if bad else "right"'
    yield (
        f'    print(f"{source.name}: {{verdict}}: {{numbers}} numbers at {{len(points)}} points; the largest error is '
        '{worst:.2g} of what rounding explains")'
    )
    yield "    return bad\n\n"
    yield 'if __name__ == "__main__":'
    yield f"    raise SystemExit(1 if {source.name}_test() else 0)"


_RESERVED = frozenset(
    (*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "math", "np", "value", "gradient", "hessian",
     "arguments", "shape", "stacked", "found")
)  # fmt: skip


def _target(name: str, written: dict[Op, Written], helpers: dict[Op, str]) -> Target:
    return Target(name, written, helpers, _number, ("True", "False"), _line, _function, _RESERVED)


PYTHON = Language(
    "python", ".py", _target("Python", _PYTHON, _PYTHON_HELPERS), lambda source: _file(source, False), ("py",),
    argument="arguments[{}]", slot="kept[{}]", truth="kept[{}]",
)  # fmt: skip
"""Python 3.11 and later, with its standard library alone."""
NUMPY = Language(
    "numpy", ".py", _target("NumPy", _NUMPY, {op: _each(op) for op in _ELEMENTWISE}),
    lambda source: _file(source, True), ("np",), argument="arguments[{}]", slot="kept[{}]", truth="kept[{}]",
)  # fmt: skip
"""NumPy 1.20 and later."""
