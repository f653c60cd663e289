"""Fortran, as a target of `program`: its intrinsics, and C's library where it lacks a function (C's interoperability).

Names are the same in capitals, a line has 132 characters, and a whole number would be an integer: 1/2 is 0.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence

from gradcalc.graph import ops
from gradcalc.graph.ops import Op
from gradcalc.language.targets.lines import Line, Written
from gradcalc.language.targets.program import Target, numbers
from gradcalc.language.targets.source import ARRAYS, Language, Part, Source

_INTRINSIC = (
    ops.sqrt, ops.abs, ops.exp, ops.log, ops.log10, ops.sin, ops.cos, ops.tan, ops.asin, ops.acos, ops.atan, ops.sinh,
    ops.cosh, ops.tanh, ops.asinh, ops.acosh, ops.atanh, ops.erf, ops.erfc, ops.gamma,
)  # fmt: skip
_OF_C = {
    ops.floor: "floor", ops.ceil: "ceil", ops.round: "rint", ops.cbrt: "cbrt", ops.exp2: "exp2", ops.expm1: "expm1",
    ops.log2: "log2", ops.log1p: "log1p", ops.pow: "pow", ops.powi: "pow",
}  # fmt: skip
"""What C has besides: floor and its like give doubles there, and here integers, which overflow."""

_WRITTEN: dict[Op, Written] = {
    **{op: f"{op.name}({{0}})" for op in _INTRINSIC},
    **{op: f"§{op.name}({{all}})" for op in _OF_C},
    ops.add: " + ", ops.sub: " - ", ops.mul: " * ", ops.div: " / ", ops.neg: "-{0}",
    ops.lt: " < ", ops.le: " <= ", ops.gt: " > ", ops.ge: " >= ", ops.eq: " == ", ops.same: " == ", ops.ne: " /= ",
    ops.and_: " .and. ", ops.or_: " .or. ", ops.not_: ".not. {0}", ops.where: "merge({1}, {2}, {0})",
    ops.hypot: "hypot({0}, {1})", ops.atan2: "atan2({0}, {1})",
    ops.max: "§max({0}, {1})", ops.min: "§min({0}, {1})", ops.mod: "§mod({0}, {1})",
}  # fmt: skip

_BESSEL: dict[Op, Written] = {
    ops.besselj: "{sign}§besselj({size}_c_int, {1})", ops.bessely: "{sign}§bessely({size}_c_int, {1})",
}  # fmt: skip
"""Of whole orders, as POSIX has them."""

_INTERFACE = """interface
  pure function {name}({parameters}) bind(c, name="{c}") result(y)
    import :: c_double
    real(c_double), value :: {parameters}
    real(c_double) :: y
  end function
end interface"""

_ORDERED = """interface
  pure function §{name}(n, x) bind(c, name="{c}") result(y)
    import :: c_double, c_int
    integer(c_int), value :: n
    real(c_double), value :: x
    real(c_double) :: y
  end function
end interface"""


def _of_c(name: str, c: str, count: int) -> str:
    return _INTERFACE.format(name=f"§{name}", c=c, parameters=", ".join(f"x{i}" for i in range(count)))


def _helper(name: str, *lines: str) -> str:
    """A function of two numbers."""
    head = f"pure real(c_double) function §{name}(a, b) result(y)", "  real(c_double), intent(in) :: a, b"
    return "\n".join([*head, *(f"  {text}" for text in lines), "end function"])


_HELPERS = {
    **{op: _of_c(op.name, name, len(op.operands)) for op, name in _OF_C.items()},
    ops.besselj: _ORDERED.format(name="besselj", c="jn"),
    ops.bessely: _ORDERED.format(name="bessely", c="yn"),
    ops.max: _helper("max", "y = merge(a, b, a > b .or. a /= a)"),
    ops.min: _helper("min", "y = merge(a, b, a < b .or. a /= a)"),
    ops.mod: _helper("mod", "y = mod(a, b)", "if (y /= 0 .and. (y < 0 .neqv. b < 0)) y = y + b"),
}
"""C's functions; the larger and the smaller of two numbers, nan beside nan; the remainder with the divisor's sign."""

RESERVED = frozenset(
    str.split(
        "x w value gradient hessian c_double c_int c_int64_t infinity nan main merge mod hypot atan2 present "
        "transfer max"
    )
) | {op.name for op in _INTRINSIC}
"""Fortran itself reserves no word."""

_WIDTH = 112
"""Characters of a line before it is indented; compilers take 132."""


def _digits(value: float) -> str:
    """`1.5d0`: without the letter it would be a real of 24 bits."""
    mantissa, _, exponent = repr(value).removesuffix(".0").partition("e")
    return f"{mantissa}d{int(exponent or 0)}"


number = numbers("nan", "infinity", _digits)


def wrapped(text: str) -> str:
    """A statement on lines that are short enough: `&` goes on behind a blank."""
    if len(text) <= _WIDTH:
        return text
    cut = text.rfind(" ", 0, _WIDTH - 2)
    return f"{text[:cut]} &\n    {wrapped(text[cut:])}"


def line(made: Line) -> str:
    """An assignment; its comment stands before it where it does not fit behind it."""
    code, comment = wrapped(f"{made.name} = {made.value}"), f"! {made.comment}"
    if not made.comment:
        return code
    return f"{comment}\n{code}" if len(code) + len(comment) > _WIDTH else f"{code}  {comment}"


_IS_TRUTH = re.compile(r"\.(?:and|or|not)\.| (?:[<>]=?|[=/]=) ")


def declared(names: Sequence[str], kind: str) -> list[str]:
    """Declarations of temporaries."""
    rows = [names[first : first + 12] for first in range(0, len(names), 12)]
    return [wrapped(f"{kind} :: {', '.join(row)}") for row in rows]


def _function(name: str, parameters: Sequence[str], lines: Sequence[str], results: Sequence[str]) -> str:
    made: dict[bool, list[str]] = {True: [], False: []}
    for text in lines:
        made[bool(_IS_TRUTH.search(text))].append(text.partition(" =")[0])
    head = f"pure real(c_double) function {name}({', '.join(parameters)}) result(y)"
    given = [f"real(c_double), intent(in) :: {', '.join(parameters)}"] if parameters else []
    body = [*given, *declared(made[False], "real(c_double)"), *declared(made[True], "logical"), *lines]
    return "\n".join([head, *(f"  {text}" for text in (*body, f"y = {results[0]}")), "end function"])


_FORTRAN = Target(
    name="Fortran",
    written=_WRITTEN,
    helpers=_HELPERS,
    number=number,
    truth=(".true.", ".false."),
    line=line,
    function=_function,
    reserved=RESERVED,
    by_order=_BESSEL,
    case_sensitive=False,
)
"""Fortran 2008, with C's functions bound as 2003 has it."""


# -- the file ----------------------------------------------------------------------------------------------------------

_SIGNATURE = "x, value, gradient, hessian"
_DECLARED = {
    "x": "real(c_double), intent(in) :: x(*)",
    "value": "real(c_double), intent(inout), optional :: value",
    "gradient": "real(c_double), intent(inout), optional :: gradient(*)",
    "hessian": "real(c_double), intent(inout), optional :: hessian(*)",
    "w": "real(c_double), intent(inout) :: w(*)",
}
"""How the arguments of a function or a part are declared."""
_CONSTANTS = """real(c_double), parameter :: infinity = transfer(9218868437227405312_c_int64_t, 1d0)
  real(c_double), parameter :: nan = transfer(9221120237041090560_c_int64_t, 1d0)"""


def _file(source: Source) -> str:
    return "\n".join(_text(source)) + "\n"


def _text(source: Source) -> Iterator[str]:
    name = source.name
    for text in source.head("x({2}) = {1}"):
        yield from (f"! {part}" for part in textwrap.wrap(text, _WIDTH - 8, subsequent_indent="    "))
    yield "! From C: void NAME(const double *x, double *value, double *gradient, double *hessian)."
    yield "! Results that are not wanted may be absent (NULL); a Hessian is full."
    yield f"module {name}_module\n  use, intrinsic :: iso_c_binding, only: c_double, c_int, c_int64_t"
    yield f"  implicit none\n  private\n  public :: {name}\n  {_CONSTANTS}"
    yield from (_indented(routine) for routine in source.routines if routine.startswith("interface"))
    yield "contains"
    yield f'  subroutine {name}({_SIGNATURE}) bind(c, name="{name}")'
    yield from (f"    {_DECLARED[each]}" for each in ("x", *ARRAYS))
    yield from (_indented(text, 4) for text in _body(source))
    yield "  end subroutine"
    for count, part in enumerate(source.parts if source.is_cut else (), start=1):
        yield f"\n  subroutine {name}_part{count}({', '.join(part.used())})"
        yield from (f"    {_DECLARED[each]}" for each in part.used())
        yield from (_indented(text, 4) for text in (*_temporaries(part.lines), *_part(part)))
        yield "  end subroutine"
    yield from ("\n" + _indented(routine) for routine in source.routines if not routine.startswith("interface"))
    yield "end module"
    if source.probes:
        yield from _test(source)


def _indented(text: str, by: int = 2) -> str:
    return textwrap.indent(text, " " * by)


def _temporaries(lines: Sequence[Line]) -> Iterator[str]:
    yield from declared([made.name for made in lines if not made.truth], "real(c_double)")
    yield from declared([made.name for made in lines if made.truth], "logical")


def _body(source: Source) -> Iterator[str]:
    """Declarations and statements of the function."""
    if source.is_cut:
        yield f"real(c_double) :: w({max(source.slots, 1)})"
    else:
        yield from declared(source.parameters, "real(c_double)")
        yield from _temporaries(source.parts[0].lines)
    unused = [name for name, size in zip(ARRAYS, source.sizes, strict=True) if not size]
    yield from (f"if (present({name})) continue" for name in unused)
    if not source.variables:
        yield "if (.false.) value = x(1)"
    if source.has_zeros:
        yield f"if (present(hessian)) hessian(1:{source.sizes[2]}) = 0"
    if source.is_cut:
        for count, part in enumerate(source.parts, start=1):
            yield f"call {source.name}_part{count}({', '.join(part.used())})"
    else:
        yield from (f"{name} = x({i})" for i, name in enumerate(source.parameters, start=1))
        yield from _part(source.parts[0])


def _part(part: Part) -> Iterator[str]:
    yield from map(line, part.lines)
    for keep in part.keeps:
        yield f"w({keep.slot + 1}) = {f'merge(1d0, 0d0, {keep.name})' if keep.truth else keep.name}"
    for result, array in enumerate(ARRAYS):
        stores = [store for store in part.stores if store.result == result]
        if stores:
            yield f"if (present({array})) then"
            places = ["" if result == 0 else f"({store.index + 1})" for store in stores]
            yield from (f"  {array}{place} = {store.place}" for place, store in zip(places, stores, strict=True))
            yield "end if"


_A_SLICE = 60
"""Numbers of a statement in the test: a statement has not more than 255 lines."""


def _test(source: Source) -> Iterator[str]:
    """A program that compares with what is proved."""
    name, rows, width = source.name, len(source.probes), len(source.compared)
    count, (_, size, square) = max(len(source.variables), 1), source.sizes
    yield f"\nprogram {name}_test\n  use, intrinsic :: iso_c_binding, only: c_double, c_int64_t"
    yield f"  use {name}_module, only: {name}\n  implicit none\n  {_CONSTANTS}"
    yield f"  real(c_double) :: at({count}, {rows}), wanted({width}, {rows}), within({width}, {rows})"
    yield f"  real(c_double) :: found({1 + size + square}), off, worst"
    yield f"  integer :: compared({width}), row, k, bad, numbers\n  character(5) :: verdict"
    for row, probe in enumerate(source.probes, start=1):
        for array, values in (("at", probe.at), ("wanted", probe.wanted), ("within", probe.within)):
            yield from _filled(f"{array}({{}}, {row})", [number(value).strip("()") for value in values])
    yield from _filled("compared({})", [str(place + 1) for place in source.compared])
    yield f"  bad = 0\n  numbers = 0\n  worst = 0\n  do row = 1, {rows}"
    results = ["found(1)", *(["found(2)"] if size else []), *([f"found({2 + size})"] if square else [])]
    yield f"    call {name}(at(1, row), {', '.join(results)})"
    yield f"    do k = 1, {width}\n      if (wanted(k, row) /= wanted(k, row)) cycle"
    yield "      off = abs(found(compared(k)) - wanted(k, row))\n      numbers = numbers + 1"
    yield "      if (within(k, row) > 0) worst = max(worst, off/within(k, row))"
    yield "      if (.not. off <= within(k, row)) then\n        bad = bad + 1"
    yield f"        if (bad <= 5) print '(a, i0, a, i0, a, es24.16, a, es24.16)', '{name}: point ', row, &"
    yield "            ', number ', compared(k), ': ', found(compared(k)), ', not ', wanted(k, row)"
    yield "      end if\n    end do\n  end do\n  verdict = merge('WRONG', 'right', bad > 0)"
    yield f"  print '(a, i0, a, f0.2, a)', '{name}: '//verdict//': ', numbers, ' numbers at {rows} points; &"
    yield "      &the largest error is ', worst, ' of what rounding explains'\n  if (bad > 0) stop 1\nend program"


def _filled(array: str, values: Sequence[str]) -> Iterator[str]:
    """Assignments of an array, a slice each."""
    for first in range(0, len(values), _A_SLICE):
        some = values[first : first + _A_SLICE]
        yield "  " + wrapped(f"{array.format(f'{first + 1}:{first + len(some)}')} = [{', '.join(some)}]")


FORTRAN = Language(
    "fortran", ".f90", _FORTRAN, _file, ("f90",), argument="x({1})", slot="w({1})", truth="(w({1}) /= 0)",
    shorter=5,
)  # fmt: skip
