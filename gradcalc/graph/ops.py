"""THE TABLE: every op of gradcalc, with its rules. Imports the standard library only.

One entry says all that is particular to an op: its rules, domain, kink, sample range, doc line and the names that
differ elsewhere. A *rule* is the derivative for one operand: `lambda g, y, x: g * cos(x)` takes the adjoint, the
result and the operands, and returns the whole contribution. Rules, domains and kinks are written in ops, so they run
on whatever mixes in `Operand` (a `Ref` into a graph, a tensor of the tape) and on plain NumPy arrays, and they can be
printed: the documentation is the table.

Every arithmetic reads here what an op is called in its library: the same as here, or what the column of that library
says ("" for nothing). What no library has is put together from other ops by `define`, or by `definitions`, which has
the more accurate ones. Entries at the end without named operands are NumPy's and SciPy's further ufuncs: ops of arrays
alone, which no formula can name.

Constants in rules are exact: an int, or a `Constant` such as `pi`; never a float, which would make a ball wrong.

An op of any number of operands has one rule for all: `lambda g, y, wanted, *xs` returns a list with the contribution
to each wanted operand. A rule that returns 0 says that the derivative is structurally zero, a rule `None` that there is
none (the order of a Bessel function), so that operand must be constant. A part of the form `where(c, part, 0)` says
that the operand is used only where `c` holds: `derive` carries that condition back, and what is not chosen is never
seen.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Rule = Callable[..., Any]
Interval = tuple[float, float]


def _operator(name: str) -> tuple[Any, Any]:
    """Two methods of operands: the op with the operand on the left and on the right."""
    return (
        lambda self, other: self.apply(TABLE[name], (self, other)),
        lambda self, other: self.apply(TABLE[name], (other, self)),
    )


class Operand:
    """What an op can be applied to; gives `+ - * / **`, unary minus and plus to its subclasses."""

    __slots__ = ()
    __hash__ = object.__hash__
    __array_ufunc__: Any = None  # a NumPy array beside an operand leaves the operators to it

    def apply(self, op: "Op", operands: Sequence[Any]) -> Any:
        """The result of `op` on `operands`, of which this is the first of its kind."""
        raise NotImplementedError

    __add__, __radd__ = _operator("add")
    __sub__, __rsub__ = _operator("sub")
    __mul__, __rmul__ = _operator("mul")
    __truediv__, __rtruediv__ = _operator("div")

    def __pow__(self, other: Any) -> Any:
        return self.apply(powi if isinstance(other, int) else pow, (self, other))

    def __rpow__(self, other: Any) -> Any:
        return self.apply(pow, (other, self))

    def __neg__(self) -> Any:
        return self.apply(neg, (self,))

    def __pos__(self) -> Any:
        return self


@dataclass(frozen=True, slots=True, eq=False)
class Constant(Operand):
    """An exact constant of a rule: a named one (`pi`), or ops on such (`log(two)`)."""

    op: "Op | None"
    operands: tuple[Any, ...]
    text: str = ""

    def apply(self, op: "Op", operands: Sequence[Any]) -> Any:
        """The op on what stands beside this constant; a constant again if all are."""
        exact = True
        for operand in operands:
            if isinstance(operand, Operand) and not isinstance(operand, Constant):
                return operand.apply(op, operands)
            exact = exact and isinstance(operand, (int, Constant))
        if exact:
            return Constant(op, tuple(operands))
        return op.plain(*(operands if op is where else [_number(x) for x in operands]))

    def number(self) -> float:
        """The constant as a Python float, beside which NumPy leaves float32 as it is."""
        if self.op is None:
            return {"pi": math.pi, "oo": math.inf}.get(self.text) or float(self.text)
        return float(self.op.plain(*map(_number, self.operands)))


def _number(x: Any) -> Any:
    return x.number() if isinstance(x, Constant) else x


@dataclass(frozen=True, slots=True, eq=False)
class Op:
    """One entry of the table; calling it applies it to its operands. Two ops are equal only if they are the same.

    Attributes:
        operands: their names, as a formula writes them; none for an op that is of arrays alone.
        passes: the rules only pass the adjoint on, times nothing but signs (add): what is zero stays zero.
        steps: the rules depend on the operands by jumps alone (relu): there is a second derivative, and it is 0.
        define: the op put together from others, as SymPy and the balls take it.
        numpy, scipy, flint, libm: its name in NumPy, in `scipy.special` (with which of several results), among the
            methods of `arb`, and in C, where that is not its own; "" says that the library has another of that name.
    """

    name: str
    rules: tuple[Rule | None, ...]
    operands: tuple[str, ...]
    doc: str
    variadic: bool = False
    is_condition: bool = False
    costly: bool = False
    internal: bool = False
    passes: bool = False
    steps: bool = False
    domain: Callable[..., Any] | None = None
    kink: Callable[..., Any] | None = None
    at_kink: str = ""
    samples: tuple[Interval, ...] = ()
    sympy: str | None = None
    numpy: str | None = None
    scipy: str | tuple[str, int] = ""
    flint: str | None = None
    libm: str | None = None
    define: Callable[..., Any] | None = None
    aliases: tuple[str, ...] = ()

    def __call__(self, *operands: Any) -> Any:
        """Apply the op: to the graph, the tape or the constants its operands belong to."""
        for operand in operands:
            if isinstance(operand, Operand):
                return operand.apply(self, operands)
        return PLAIN.function(self)(*operands)

    def __reduce__(self) -> Any:
        """A copy or a pickle of an op of graphs is that op."""
        return named, (self.name,)

    def plain(self, *operands: Any) -> Any:
        """The op on plain NumPy arrays and numbers, which belong to no graph and no tape."""
        return PLAIN.function(self)(*operands)

    @property
    def c_name(self) -> str:
        """C's function for it, which is Python's of `math` too; "" if there is none."""
        return (self.name if hasattr(math, self.name) else "") if self.libm is None else self.libm

    @property
    def in_scipy(self) -> tuple[str, int]:
        """The name of SciPy's function for it, "" if there is none, and which of its results is meant."""
        return (self.scipy, 0) if isinstance(self.scipy, str) else self.scipy

    @property
    def syntax(self) -> str:
        """How a formula writes it: `besselj(n, x)`."""
        return f"{self.name}({', '.join(self.operands)}{', ...' if self.variadic else ''})"

    def __repr__(self) -> str:
        return f"<op {self.name}>"


TABLE: dict[str, Op] = {}
"""Every op by its name, in the order of this file."""


class Plain:
    """What ops do to values that know nothing of ops: NumPy's arrays and numbers.

    Their arithmetic stands in a room above this one and serves here once it is imported, as an implementation serves
    `functools.singledispatch`: who works on arrays imports `arithmetic.arrays`, which gives `Array`, their type.
    """

    def __init__(self) -> None:
        self._functions: Mapping[Op, Callable[..., Any]] | None = None

    def serve(self, functions: Mapping[Op, Callable[..., Any]]) -> None:
        """Take these functions of plain values."""
        self._functions = functions

    def function(self, op: Op) -> Callable[..., Any]:
        """What an op does to plain values."""
        if self._functions is None:
            raise TypeError(f"{op.name} needs an operand of a graph or a tape; arithmetic.arrays serves plain numbers")
        return self._functions[op]


PLAIN = Plain()


def op(
    name: str,
    *rules: Rule | None,
    doc: str,
    operands: str = "",
    sample: Interval | tuple[Interval, ...] = (0.3, 2.5),
    **columns: Any,
) -> Op:
    """Enter an op into the table. Operands are named after the rule's own where `operands` does not name them."""
    first = next((rule for rule in rules if rule is not None), None)
    code = getattr(first, "__code__", None)
    names = tuple(operands.split()) or code.co_varnames[2 : code.co_argcount]  # type: ignore[union-attr]
    samples = sample if isinstance(sample[0], tuple) else (sample,) * len(names)
    entry = Op(name, rules, names, doc, samples=samples, **columns)
    assert name not in TABLE, name
    TABLE[name] = entry
    return entry


def condition(
    name: str, operands: str, *, doc: str, sympy: str, numpy: str, kink: Callable[..., Any] | None = None
) -> Op:
    """Enter an op whose result is true or false; it has no derivative, and its boundary is where a branch changes."""
    return op(
        name, doc=doc, operands=operands, sympy=sympy, numpy=numpy, kink=kink, is_condition=True,
        at_kink="a branch boundary" if kink else "", sample=(-2.0, 2.0),
    )  # fmt: skip


def special(name: str, *rules: Rule | None, **columns: Any) -> Op:
    """Enter a special function: one that takes long in balls of many thousand bits."""
    return op(name, *rules, costly=True, **columns)


def _zero(g: Any, y: Any, x: Any) -> Any:
    """The rule of a step function: structurally zero between its jumps."""
    return 0


pi, two, ten = Constant(None, (), "pi"), Constant(None, (), "2"), Constant(None, (), "10")
one, zero = Constant(None, (), "1"), Constant(None, (), "0")

# -- leaves: no operands; a node keeps the text of a constant and the name of an input -------------------------------

const = Op("const", (), (), "an exact constant, kept as text", internal=True)
input_ = Op("input", (), (), "an input of the graph, by its name", internal=True)


def named(name: str) -> Op:
    """The op of this name: of the table, or a leaf of graphs."""
    return {"const": const, "input": input_}.get(name) or TABLE[name]


# -- conditions ------------------------------------------------------------------------------------------------------

lt: Op = condition("lt", "a b", doc="a < b", sympy="StrictLessThan", numpy="less", kink=lambda a, b: eq(a, b))
le: Op = condition("le", "a b", doc="a <= b", sympy="LessThan", numpy="less_equal", kink=lambda a, b: eq(a, b))
gt: Op = condition("gt", "a b", doc="a > b", sympy="StrictGreaterThan", numpy="greater", kink=lambda a, b: eq(a, b))
ge: Op = condition("ge", "a b", doc="a >= b", sympy="GreaterThan", numpy="greater_equal", kink=lambda a, b: eq(a, b))
eq: Op = condition("eq", "a b", doc="a == b", sympy="Equality", numpy="equal", kink=lambda a, b: eq(a, b))
ne: Op = condition("ne", "a b", doc="a != b", sympy="Unequality", numpy="not_equal", kink=lambda a, b: eq(a, b))
same: Op = op(
    "same", doc="a == b, where another op tells of the kink", operands="a b", sympy="Equality", numpy="equal",
    is_condition=True, internal=True, sample=(-2.0, 2.0),
)  # fmt: skip
and_: Op = condition("and", "p q", doc="both hold", sympy="And", numpy="logical_and")
or_: Op = condition("or", "p q", doc="at least one holds", sympy="Or", numpy="logical_or")
not_: Op = condition("not", "p", doc="does not hold", sympy="Not", numpy="logical_not")

# -- arithmetic ------------------------------------------------------------------------------------------------------


def _products(g: Any, y: Any, wanted: Sequence[bool], *xs: Any) -> list[Any]:
    """The adjoint times all other factors: directly for a few, by products from both ends for many."""
    if len(xs) <= 4:
        return [mul(g, *xs[:i], *xs[i + 1 :]) if w else None for i, w in enumerate(wanted)]
    counts = Counter(map(id, xs))
    factors = list({id(x): x for x in xs}.values())
    powers = [_power(x, counts[id(x)]) for x in factors]
    before, after = [g], [None]
    for power in powers[:-1]:
        before.append(before[-1] * power)
    for power in reversed(powers[1:]):
        after.append(_times(power, after[-1]))
    rest = {id(x): _times(b, a) for x, b, a in zip(factors, before, reversed(after), strict=True)}
    return _each(xs, lambda x: _times(rest[id(x)], _power(x, counts[id(x)] - 1)), wanted)


def _power(x: Any, count: int) -> Any:
    """A factor that comes this many times; None for none."""
    return x**count if count > 1 else x if count else None


def _times(a: Any, b: Any) -> Any:
    """A product, of which the second factor may be none."""
    return a if b is None else a * b


def _shares(g: Any, y: Any, wanted: Sequence[bool], *xs: Any) -> list[Any]:
    """The adjoint shared equally by the operands that equal the result."""
    chosen = _each(xs, lambda x: same(x, y))
    share = g / add(*_each(chosen, lambda c: where(c, one, zero)))
    return _each(chosen, lambda c: where(c, share, zero), wanted)


def _directions(g: Any, y: Any, wanted: Sequence[bool], *xs: Any) -> list[Any]:
    """The adjoint times each operand over the result; 0 where that is 0."""
    none = same(y, 0)
    return _each(xs, lambda x: where(none, zero, g * x / y), wanted)


def _each(xs: Sequence[Any], function: Callable[[Any], Any], wanted: Sequence[bool] = ()) -> list[Any]:
    """What a function makes of each operand that is wanted, asked once of an operand that comes many times."""
    found: dict[int, Any] = {}
    wanted = wanted or [True] * len(xs)
    for x, w in zip(xs, wanted, strict=True):
        if w and id(x) not in found:
            found[id(x)] = function(x)
    return [found[id(x)] if w else None for x, w in zip(xs, wanted, strict=True)]


def _tie(y: Any, *xs: Any) -> Any:
    """More than one operand equals the result."""
    return gt(add(*_each(xs, lambda x: where(eq(x, y), one, zero))), one)


add: Op = op(
    "add", lambda g, y, wanted, *xs: [g] * len(xs), operands="a b", variadic=True, sympy="Add",
    passes=True, doc="a + b",
)  # fmt: skip
mul: Op = op("mul", _products, operands="a b", variadic=True, sympy="Mul", numpy="multiply", doc="a * b")
sub: Op = op(
    "sub", lambda g, y, a, b: g, lambda g, y, a, b: -g, define=lambda a, b: a + -1 * b, passes=True,
    numpy="subtract", doc="a - b",
)  # fmt: skip
neg: Op = op(
    "neg", lambda g, y, x: -g, define=lambda x: -1 * x, passes=True, numpy="negative", sample=(-2.0, 2.0), doc="-x",
)  # fmt: skip
div: Op = op(
    "div", lambda g, y, a, b: g / b, lambda g, y, a, b: -g * y / b, domain=lambda a, b: ne(b, 0),
    define=lambda a, b: a * b**-1, numpy="divide", doc="a / b",
)  # fmt: skip
powi: Op = op(
    "powi", lambda g, y, x, n: 0 if n == 0 else g if n == 1 else g * n * (x if n == 2 else powi(x, n - 1)), None,
    internal=True, sympy="Pow",
    domain=lambda x, n: or_(ne(x, 0), ge(n, 0)), sample=((-2.0, 2.0), (3, 3)), doc="x to a constant integer power",
)  # fmt: skip
pow: Op = op(
    "pow", lambda g, y, a, b: g * b * pow(a, b - 1), lambda g, y, a, b: g * xlogy(y, a), sympy="Pow",
    domain=lambda a, b: or_(gt(a, 0), or_(and_(eq(a, 0), ge(b, 0)), and_(ne(a, 0), eq(b, floor(b))))),
    doc="a to the power b, written a**b; a negative base needs an integer power (see cbrt)",
)  # fmt: skip
sqrt: Op = op("sqrt", lambda g, y, x: g / (y + y), domain=lambda x: ge(x, 0), sympy="sqrt", doc="square root")
cbrt: Op = op(
    "cbrt", lambda g, y, x: g / (3 * y * y), sample=((-2.0, 2.0)),
    define=lambda x: where(lt(x, 0), -pow(-x, one / 3), pow(x, one / 3)),
    doc="real cube root, also of negative numbers",
)  # fmt: skip
hypot: Op = op(
    "hypot", _directions, operands="a b", variadic=True, kink=lambda y, *xs: eq(y, 0), at_kink="0", aliases=("norm",),
    define=lambda *xs: sqrt(add(*(x**2 for x in xs))), doc="Euclidean norm: sqrt(a**2 + b**2 + ...)",
)  # fmt: skip
abs: Op = op(
    "abs", lambda g, y, x: g * sign(x), kink=lambda x: eq(x, 0), at_kink="0", sympy="Abs", aliases=("Abs", "fabs"),
    sample=(-2.0, 2.0), libm="fabs", doc="absolute value, also written |x|",
)  # fmt: skip
sign: Op = op(
    "sign", _zero, kink=lambda x: eq(x, 0), at_kink="jump", sympy="sign", aliases=("sgn",), sample=(-2.0, 2.0),
    operands="x", doc="-1, 0 or 1",
)  # fmt: skip
floor: Op = op(
    "floor", _zero, kink=lambda x: eq(x, floor(x)), at_kink="jump", sympy="floor", sample=(0.1, 0.9), operands="x",
    doc="largest integer not above x",
)  # fmt: skip
ceil: Op = op(
    "ceil", _zero, kink=lambda x: eq(x, floor(x)), at_kink="jump", sympy="ceiling", aliases=("ceiling",), operands="x",
    sample=(0.1, 0.9), doc="smallest integer not below x",
)  # fmt: skip
round: Op = op(
    "round", _zero, kink=lambda x: eq(x - floor(x), one / 2), at_kink="jump", operands="x", sample=(0.6, 0.9),
    define=lambda x: where(
        and_(eq(x - floor(x), one / 2), eq(2 * floor(x / 2), floor(x))), floor(x), floor(x + one / 2)
    ),
    numpy="rint", doc="nearest integer, halves to even",
)  # fmt: skip
frac: Op = op(
    "frac", lambda g, y, x: g, kink=lambda x: eq(x, floor(x)), at_kink="jump", sample=(0.1, 0.9),
    define=lambda x: x - floor(x), steps=True, doc="x - floor(x): the part behind the point, from 0 to 1",
)  # fmt: skip
mod: Op = op(
    "mod", lambda g, y, a, b: g, lambda g, y, a, b: -g * floor(a / b), domain=lambda a, b: ne(b, 0),
    kink=lambda a, b: eq(a / b, floor(a / b)), at_kink="jump", sympy="Mod", steps=True, aliases=("Mod",),
    sample=((2.6, 3.8), (1.3, 1.7)), doc="a - b*floor(a/b): the remainder, with the sign of b",
)  # fmt: skip
max: Op = op(
    "max", _shares, operands="a b", variadic=True, kink=lambda y, *xs: _tie(y, *xs), at_kink="shared equally",
    sympy="Max", steps=True, numpy="maximum", aliases=("Max", "maximum", "amax"),
    doc="largest operand, or largest element of an array",
)  # fmt: skip
min: Op = op(
    "min", _shares, operands="a b", variadic=True, kink=lambda y, *xs: _tie(y, *xs), at_kink="shared equally",
    sympy="Min", steps=True, numpy="minimum", aliases=("Min", "minimum", "amin"),
    doc="smallest operand, or smallest element of an array",
)  # fmt: skip
clip: Op = op(
    "clip", lambda g, y, x, lo, hi: where(and_(lt(lo, x), lt(x, hi)), g, zero),
    lambda g, y, x, lo, hi: where(and_(le(x, lo), lt(lo, hi)), where(lt(x, lo), g, zero), zero),
    lambda g, y, x, lo, hi: where(or_(gt(x, hi), le(hi, lo)), g, zero),
    kink=lambda x, lo, hi: or_(or_(eq(x, lo), eq(x, hi)), eq(lo, hi)), at_kink="0",
    define=lambda x, lo, hi: min(max(x, lo), hi), aliases=("clamp",), sample=((0.2, 0.8), (0.0, 0.1), (0.9, 1.0)),
    steps=True, doc="x, but not below lo nor above hi",
)  # fmt: skip
where: Op = op(
    "where", None, lambda g, y, c, a, b: where(c, g, zero), lambda g, y, c, a, b: where(c, zero, g),
    doc="a where c holds, else b; what is not chosen is never seen",
)  # fmt: skip
heaviside: Op = op(
    "heaviside", _zero, kink=lambda x: eq(x, 0), at_kink="jump", sympy="Heaviside", aliases=("Heaviside",),
    operands="x", sample=(-2.0, 2.0), numpy="", doc="0 below zero, 1 above, 1/2 at zero",
)  # fmt: skip

# -- exponentials and logarithms -------------------------------------------------------------------------------------

exp: Op = op("exp", lambda g, y, x: g * y, sympy="exp", sample=(-2.0, 2.0), doc="e to the power x")
exp2: Op = op(
    "exp2", lambda g, y, x: g * y * log(two), define=lambda x: pow(two, x), sample=(-2.0, 2.0), doc="2 to the power x",
)  # fmt: skip
expm1: Op = op(
    "expm1", lambda g, y, x: g * exp(x), define=lambda x: exp(x) - 1, sample=(-2.0, 2.0),
    doc="exp(x) - 1, accurate near 0",
)  # fmt: skip
log: Op = op(
    "log", lambda g, y, x: g / x, domain=lambda x: gt(x, 0), sympy="log", aliases=("ln",),
    doc="natural logarithm; log(x, b) to base b",
)  # fmt: skip
log2: Op = op(
    "log2", lambda g, y, x: g / (x * log(two)), domain=lambda x: gt(x, 0), define=lambda x: log(x) / log(two),
    doc="logarithm to base 2",
)  # fmt: skip
log10: Op = op(
    "log10", lambda g, y, x: g / (x * log(ten)), domain=lambda x: gt(x, 0), define=lambda x: log(x) / log(ten),
    doc="logarithm to base 10",
)  # fmt: skip
log1p: Op = op(
    "log1p", lambda g, y, x: g / (1 + x), domain=lambda x: gt(x, -1), define=lambda x: log(1 + x),
    doc="log(1 + x), accurate near 0",
)  # fmt: skip
logit: Op = op(
    "logit", lambda g, y, x: g / (x * (1 - x)), domain=lambda x: and_(gt(x, 0), lt(x, 1)), scipy="logit",
    define=lambda x: log(x / (1 - x)), sample=(0.1, 0.9), doc="log(x/(1 - x)), the inverse of sigmoid",
)  # fmt: skip
xlogy: Op = op(
    "xlogy", lambda g, y, a, b: g * log(b), lambda g, y, a, b: g * a / b,
    domain=lambda a, b: or_(gt(b, 0), and_(eq(a, 0), eq(b, 0))), define=lambda a, b: where(eq(a, 0), zero, a * log(b)),
    doc="a*log(b), and 0 where a is 0",
)  # fmt: skip
logsumexp: Op = op(
    "logsumexp", lambda g, y, wanted, *xs: _each(xs, lambda x: g * exp(x - y), wanted),
    operands="a b", variadic=True, define=lambda *xs: log(add(*map(exp, xs))), sample=(-2.0, 2.0),
    numpy="logaddexp", doc="log(exp(a) + exp(b) + ...), without overflow",
)  # fmt: skip

# -- trigonometric ---------------------------------------------------------------------------------------------------

sin: Op = op("sin", lambda g, y, x: g * cos(x), sympy="sin", doc="sine")
cos: Op = op("cos", lambda g, y, x: -g * sin(x), sympy="cos", doc="cosine")
tan: Op = op("tan", lambda g, y, x: g * sec(x) ** 2, sympy="tan", sample=(-1.2, 1.2), doc="tangent")
sec: Op = op(
    "sec", lambda g, y, x: g * y * tan(x), sympy="sec", sample=(-1.2, 1.2),
    define=lambda x: 1 / cos(x), doc="1 / cos(x)",
)  # fmt: skip
csc: Op = op(
    "csc", lambda g, y, x: -g * y * cot(x), domain=lambda x: ne(x, 0), sympy="csc",
    define=lambda x: 1 / sin(x), doc="1 / sin(x)",
)  # fmt: skip
cot: Op = op(
    "cot", lambda g, y, x: -g * csc(x) ** 2, domain=lambda x: ne(x, 0), sympy="cot",
    define=lambda x: 1 / tan(x), doc="cos(x) / sin(x)",
)  # fmt: skip
one_minus_square: Op = op(
    "one_minus_square", lambda g, y, x: -2 * g * x, define=lambda x: (1 - x) * (1 + x), sample=(-0.9, 0.9),
    doc="1 - x**2, accurate near 1 and -1, and so are its derivatives near 0",
)  # fmt: skip
asin: Op = op(
    "asin", lambda g, y, x: g / sqrt(one_minus_square(x)), domain=lambda x: le(abs(x), 1), sympy="asin",
    aliases=("arcsin",), sample=(-0.9, 0.9), doc="inverse sine",
)  # fmt: skip
acos: Op = op(
    "acos", lambda g, y, x: -g / sqrt(one_minus_square(x)), domain=lambda x: le(abs(x), 1), sympy="acos",
    aliases=("arccos",), sample=(-0.9, 0.9), doc="inverse cosine",
)  # fmt: skip
atan: Op = op(
    "atan", lambda g, y, x: g / (1 + x * x), sympy="atan", aliases=("arctan",), sample=(-2.0, 2.0),
    doc="inverse tangent",
)  # fmt: skip
asec: Op = op(
    "asec", lambda g, y, x: g / (abs(x) * sqrt((x - 1) * (x + 1))), domain=lambda x: ge(abs(x), 1), sympy="asec",
    define=lambda x: acos(1 / x), aliases=("arcsec",), sample=(1.2, 3.0), doc="inverse secant: acos(1/x)",
)  # fmt: skip
acsc: Op = op(
    "acsc", lambda g, y, x: -g / (abs(x) * sqrt((x - 1) * (x + 1))), domain=lambda x: ge(abs(x), 1), sympy="acsc",
    define=lambda x: asin(1 / x), aliases=("arccsc",), sample=(1.2, 3.0), doc="inverse cosecant: asin(1/x)",
)  # fmt: skip
acot: Op = op(
    "acot", lambda g, y, x: -g / (1 + x * x), kink=lambda x: eq(x, 0), at_kink="jump", sympy="acot",
    aliases=("arccot",), define=lambda x: where(eq(x, 0), pi / 2, atan(1 / x)), sample=(0.3, 2.5),
    doc="inverse cotangent: atan(1/x), pi/2 at 0",
)  # fmt: skip
atan2: Op = op(
    "atan2", lambda g, y, a, b: g * b / (a * a + b * b), lambda g, y, a, b: -g * a / (a * a + b * b),
    kink=lambda a, b: and_(eq(a, 0), le(b, 0)), at_kink="jump; at (0, 0) undefined", sympy="atan2",
    aliases=("arctan2",), doc="angle of the point with ordinate a and abscissa b",
)  # fmt: skip
sinc: Op = op("sinc", lambda g, y, x: g * sinc_derivative(one, x), sympy="sinc", doc="sin(x)/x, and 1 at 0")
sincpi: Op = op(
    "sincpi", lambda g, y, x: g * pi * sinc_derivative(one, pi * x), define=lambda x: sinc(pi * x), sample=(0.1, 0.9),
    numpy="sinc", doc="sin(pi*x)/(pi*x), and 1 at 0: NumPy's sinc",
)  # fmt: skip
sinc_derivative: Op = special(
    "sinc_derivative", None, lambda g, y, n, x: g * sinc_derivative(n + 1, x), operands="n x",
    sample=((1, 1), (0.3, 2.5)), doc="n-th derivative of sinc",
)  # fmt: skip

# -- hyperbolic ------------------------------------------------------------------------------------------------------

sinh: Op = op("sinh", lambda g, y, x: g * cosh(x), sympy="sinh", doc="hyperbolic sine")
cosh: Op = op("cosh", lambda g, y, x: g * sinh(x), sympy="cosh", doc="hyperbolic cosine")
tanh: Op = op("tanh", lambda g, y, x: g * sech(x) ** 2, sympy="tanh", doc="hyperbolic tangent")
sech: Op = op(
    "sech", lambda g, y, x: -g * y * tanh(x), sympy="sech",
    define=lambda x: 1 / cosh(x), doc="1 / cosh(x)",
)  # fmt: skip
csch: Op = op(
    "csch", lambda g, y, x: -g * y * coth(x), domain=lambda x: ne(x, 0), sympy="csch",
    define=lambda x: 1 / sinh(x), doc="1 / sinh(x)",
)  # fmt: skip
coth: Op = op(
    "coth", lambda g, y, x: -g * csch(x) ** 2, domain=lambda x: ne(x, 0), sympy="coth",
    define=lambda x: 1 / tanh(x), doc="1 / tanh(x)",
)  # fmt: skip
asinh: Op = op(
    "asinh", lambda g, y, x: g / hypot(1, x), sympy="asinh", aliases=("arcsinh",), doc="inverse hyperbolic sine",
)  # fmt: skip
acosh: Op = op(
    "acosh", lambda g, y, x: g / (sqrt(x - 1) * sqrt(x + 1)), domain=lambda x: ge(x, 1), sympy="acosh",
    aliases=("arccosh",), sample=(1.2, 3.0), doc="inverse hyperbolic cosine",
)  # fmt: skip
atanh: Op = op(
    "atanh", lambda g, y, x: g / one_minus_square(x), domain=lambda x: lt(abs(x), 1), sympy="atanh",
    aliases=("arctanh",), sample=(-0.9, 0.9), doc="inverse hyperbolic tangent",
)  # fmt: skip
asech: Op = op(
    "asech", lambda g, y, x: -g / (x * sqrt(one_minus_square(x))), domain=lambda x: and_(gt(x, 0), le(x, 1)),
    sympy="asech", define=lambda x: acosh(1 / x), aliases=("arcsech",), sample=(0.1, 0.9),
    doc="inverse hyperbolic secant: acosh(1/x)",
)  # fmt: skip
acsch: Op = op(
    "acsch", lambda g, y, x: -g / (abs(x) * hypot(1, x)), domain=lambda x: ne(x, 0), sympy="acsch",
    define=lambda x: asinh(1 / x), aliases=("arccsch",), doc="inverse hyperbolic cosecant: asinh(1/x)",
)  # fmt: skip
acoth: Op = op(
    "acoth", lambda g, y, x: g / one_minus_square(x), domain=lambda x: gt(abs(x), 1), sympy="acoth",
    define=lambda x: atanh(1 / x), aliases=("arccoth",), sample=(1.2, 3.0),
    doc="inverse hyperbolic cotangent: atanh(1/x)",
)  # fmt: skip

# -- activations -----------------------------------------------------------------------------------------------------

relu: Op = op(
    "relu", lambda g, y, x: where(gt(x, 0), g, zero), kink=lambda x: eq(x, 0), at_kink="0",
    define=lambda x: max(x, zero), steps=True, sample=(-2.0, 2.0), doc="max(x, 0)",
)  # fmt: skip
leaky_relu: Op = op(
    "leaky_relu", lambda g, y, x: where(gt(x, 0), g, g / 5), kink=lambda x: eq(x, 0), at_kink="1/5",
    define=lambda x: where(gt(x, 0), x, x / 5), sample=(-2.0, 2.0), steps=True,
    doc="x above zero, x/5 below (Keras's slope)",
)  # fmt: skip
elu: Op = op(
    "elu", lambda g, y, x: where(gt(x, 0), g, g * exp(x)), define=lambda x: where(gt(x, 0), x, expm1(x)),
    sample=(-2.0, 2.0), doc="x above zero, exp(x) - 1 below",
)  # fmt: skip
sigmoid: Op = op(
    "sigmoid", lambda g, y, x: g * sech(x / 2) ** 2 / 4, define=lambda x: 1 / (1 + exp(-x)),
    aliases=("expit", "logistic"), sample=(-2.0, 2.0), scipy="expit", doc="1 / (1 + exp(-x))",
)  # fmt: skip
softplus: Op = op(
    "softplus", lambda g, y, x: g * sigmoid(x), define=lambda x: log(1 + exp(x)), sample=(-2.0, 2.0),
    doc="log(1 + exp(x)), without overflow",
)  # fmt: skip
silu: Op = op(
    "silu", lambda g, y, x: g * sigmoid(x) * (1 + x * sigmoid(-x)), define=lambda x: x * sigmoid(x), aliases=("swish",),
    sample=(-2.0, 2.0), doc="x * sigmoid(x)",
)  # fmt: skip
gelu: Op = op(
    "gelu", lambda g, y, x: g * (erfc(-x / sqrt(two)) / 2 + x * exp(-x * x / 2) / sqrt(two * pi)), sample=(-2.0, 2.0),
    define=lambda x: x * erfc(-x * sqrt(one / 2)) / 2, doc="x times the normal distribution function (exact, by erf)",
)  # fmt: skip

# -- special functions -----------------------------------------------------------------------------------------------


def _no_pole(x: Any) -> Any:
    """Not 0, -1, -2, ...: where the gamma function has no pole."""
    return or_(gt(x, 0), ne(x, floor(x)))


def _ends(a: Any) -> Any:
    """0, -1, -2, ...: where a series with the parameter a has a last term."""
    return and_(le(a, 0), eq(a, floor(a)))


def _gamma_domain(s: Any, x: Any) -> Any:
    """Where incomplete gamma functions are real."""
    return or_(gt(x, 0), and_(gt(s, 0), or_(eq(x, 0), eq(s, floor(s)))))


def _bessel_domain(n: Any, x: Any) -> Any:
    """Where J and I are real: any x for an integer order, else above 0, and at 0 too where the order is positive."""
    return or_(gt(x, 0), or_(eq(n, floor(n)), and_(eq(x, 0), ge(n, 0))))


erf: Op = op(
    "erf", lambda g, y, x: g * 2 * exp(-x * x) / sqrt(pi), sympy="erf", scipy="erf", sample=(-2.0, 2.0),
    doc="error function",
)  # fmt: skip
erfc: Op = op(
    "erfc", lambda g, y, x: -g * 2 * exp(-x * x) / sqrt(pi), sympy="erfc", scipy="erfc", sample=(-2.0, 2.0),
    doc="1 - erf(x)",
)  # fmt: skip
erfi: Op = special(
    "erfi", lambda g, y, x: g * 2 * exp(x * x) / sqrt(pi), sympy="erfi", scipy="erfi", sample=(-2.0, 2.0),
    doc="imaginary error function",
)  # fmt: skip
erfinv: Op = special(
    "erfinv", lambda g, y, x: g * sqrt(pi) * exp(y * y) / 2, domain=lambda x: lt(abs(x), 1), sympy="erfinv",
    scipy="erfinv", sample=(-0.9, 0.9), doc="inverse of erf",
)  # fmt: skip
erfcinv: Op = special(
    "erfcinv", lambda g, y, x: -g * sqrt(pi) * exp(y * y) / 2, domain=lambda x: and_(gt(x, 0), lt(x, 2)),
    sympy="erfcinv", scipy="erfcinv", sample=(0.1, 1.9), doc="inverse of erfc",
)  # fmt: skip
norm_cdf: Op = op(
    "norm_cdf", lambda g, y, x: g * norm_pdf(x), define=lambda x: erfc(-x / sqrt(two)) / 2, scipy="ndtr",
    aliases=("ndtr", "normcdf", "normsdist"), sample=(-2.0, 2.0), doc="distribution function of the standard normal",
)  # fmt: skip
norm_pdf: Op = op(
    "norm_pdf", lambda g, y, x: -g * x * y, define=lambda x: exp(-x**2 / 2) / sqrt(2 * pi), aliases=("normpdf",),
    sample=(-2.0, 2.0), doc="density of the standard normal: exp(-x**2/2)/sqrt(2*pi)",
)  # fmt: skip
norm_ppf: Op = special(
    "norm_ppf", lambda g, y, x: g / norm_pdf(y), domain=lambda x: and_(gt(x, 0), lt(x, 1)), scipy="ndtri",
    define=lambda x: -sqrt(two) * erfcinv(2 * x), aliases=("ndtri", "norminv", "normsinv", "probit"),
    sample=(0.1, 0.9), doc="quantile of the standard normal: the inverse of norm_cdf",
)  # fmt: skip
gamma: Op = special(
    "gamma", lambda g, y, x: g * y * digamma(x), domain=_no_pole, sympy="gamma", scipy="gamma", libm="tgamma",
    doc="gamma function",
)  # fmt: skip
lgamma: Op = special(
    "lgamma", lambda g, y, x: g * digamma(x), domain=_no_pole, define=lambda x: log(abs(gamma(x))),
    aliases=("loggamma", "gammaln"), sample=(2.3, 4.0), sympy="loggamma", scipy="gammaln",
    doc="logarithm of |gamma(x)|",
)  # fmt: skip
digamma: Op = special(
    "digamma", lambda g, y, x: g * polygamma(one, x), domain=_no_pole, sympy="digamma", aliases=("psi",),
    sample=(2.0, 4.0), scipy="psi", doc="derivative of lgamma",
)  # fmt: skip
polygamma: Op = special(
    "polygamma", None, lambda g, y, n, x: g * polygamma(n + 1, x), operands="n x", domain=lambda n, x: _no_pole(x),
    sympy="polygamma", scipy="polygamma", sample=((1, 1), (0.5, 3.0)),
    doc="n-th derivative of digamma (n a constant integer)",
)  # fmt: skip
factorial: Op = special(
    "factorial", lambda g, y, x: g * y * digamma(x + 1), domain=lambda x: _no_pole(x + 1), sympy="factorial",
    libm="", define=lambda x: gamma(x + 1), doc="gamma(x + 1), also written x!",
)  # fmt: skip
beta: Op = special(
    "beta", lambda g, y, a, b: g * y * (digamma(a) - digamma(a + b)),
    lambda g, y, a, b: g * y * (digamma(b) - digamma(a + b)), domain=lambda a, b: and_(_no_pole(a), _no_pole(b)),
    sympy="beta", scipy="beta", define=lambda a, b: gamma(a) * gamma(b) / gamma(a + b),
    doc="gamma(a)*gamma(b)/gamma(a + b)",
)  # fmt: skip
betaln: Op = special(
    "betaln", lambda g, y, a, b: g * (digamma(a) - digamma(a + b)),
    lambda g, y, a, b: g * (digamma(b) - digamma(a + b)), define=lambda a, b: log(abs(beta(a, b))), scipy="betaln",
    domain=lambda a, b: and_(and_(_no_pole(a), _no_pole(b)), _no_pole(a + b)), doc="logarithm of |beta(a, b)|",
)  # fmt: skip
binomial: Op = special(
    "binomial", lambda g, y, a, b: g * y * (digamma(a + 1) - digamma(a - b + 1)),
    lambda g, y, a, b: g * y * (digamma(a - b + 1) - digamma(b + 1)), domain=lambda a, b: _no_pole(a + 1),
    sympy="binomial", aliases=("comb",), define=lambda a, b: gamma(a + 1) / (gamma(b + 1) * gamma(a - b + 1)),
    sample=((3.2, 4.8), (1.2, 1.8)), scipy="binom", doc="binomial coefficient, a over b",
)  # fmt: skip
besselj: Op = special(
    "besselj", None, lambda g, y, n, x: g * (besselj(n - 1, x) - besselj(n + 1, x)) / 2, operands="n x",
    sympy="besselj", domain=_bessel_domain, sample=((1, 1), (0.5, 5.0)), scipy="jv",
    doc="Bessel function J of constant order n",
)  # fmt: skip
bessely: Op = special(
    "bessely", None, lambda g, y, n, x: g * (bessely(n - 1, x) - bessely(n + 1, x)) / 2, operands="n x",
    sympy="bessely", domain=lambda n, x: gt(x, 0), sample=((1, 1), (0.5, 5.0)),
    scipy="yv", doc="Bessel function Y of constant order n",
)  # fmt: skip
besseli: Op = special(
    "besseli", None, lambda g, y, n, x: g * (besseli(n - 1, x) + besseli(n + 1, x)) / 2, operands="n x",
    sympy="besseli", domain=_bessel_domain, sample=((1, 1), (0.5, 5.0)),
    scipy="iv", doc="modified Bessel function I of constant order n",
)  # fmt: skip
besselk: Op = special(
    "besselk", None, lambda g, y, n, x: -g * (besselk(n - 1, x) + besselk(n + 1, x)) / 2, operands="n x",
    sympy="besselk", domain=lambda n, x: gt(x, 0), sample=((1, 1), (0.5, 5.0)),
    scipy="kv", doc="modified Bessel function K of constant order n",
)  # fmt: skip
airyai: Op = special(
    "airyai", lambda g, y, x: g * airyaiprime(x), sympy="airyai", sample=(-2.0, 2.0), scipy=("airy", 0),
    flint="airy_ai", doc="Airy function Ai",
)  # fmt: skip
airyaiprime: Op = special(
    "airyaiprime", lambda g, y, x: g * x * airyai(x), sympy="airyaiprime", sample=(-2.0, 2.0),
    scipy=("airy", 1), doc="derivative of Ai",
)  # fmt: skip
airybi: Op = special(
    "airybi", lambda g, y, x: g * airybiprime(x), sympy="airybi", sample=(-2.0, 2.0), scipy=("airy", 2),
    flint="airy_bi", doc="Airy function Bi",
)  # fmt: skip
airybiprime: Op = special(
    "airybiprime", lambda g, y, x: g * x * airybi(x), sympy="airybiprime", sample=(-2.0, 2.0),
    scipy=("airy", 3), doc="derivative of Bi",
)  # fmt: skip
lambertw: Op = special(
    "lambertw", lambda g, y, x: g * exp(-y) / (1 + y), domain=lambda x: ge(x, -exp(-one)), sympy="LambertW",
    scipy="lambertw",
    aliases=("LambertW",), doc="principal branch of the inverse of w*exp(w)",
)  # fmt: skip
zeta: Op = special(
    "zeta", lambda g, y, x: g * zeta_derivative(one, x), domain=lambda x: ne(x, 1), sympy="zeta", sample=(1.5, 4.0),
    scipy="zeta", doc="Riemann zeta function",
)  # fmt: skip
zeta_derivative: Op = special(
    "zeta_derivative", None, lambda g, y, n, x: g * zeta_derivative(n + 1, x), operands="n x",
    domain=lambda n, x: ne(x, 1), sample=((1, 1), (1.5, 4.0)), doc="n-th derivative of zeta",
)  # fmt: skip
Ei: Op = special(
    "Ei", lambda g, y, x: g * exp(x) / x, domain=lambda x: ne(x, 0), sympy="Ei", aliases=("expi",),
    scipy="expi", flint="ei", doc="exponential integral",
)  # fmt: skip
Si: Op = special(
    "Si", lambda g, y, x: g * sinc(x), sympy="Si", scipy=("sici", 0), flint="si", doc="sine integral",
)  # fmt: skip
Ci: Op = special(
    "Ci", lambda g, y, x: g * cos(x) / x, domain=lambda x: gt(x, 0), sympy="Ci", scipy=("sici", 1), flint="ci",
    doc="cosine integral",
)  # fmt: skip
li: Op = special(
    "li", lambda g, y, x: g / log(x), domain=lambda x: and_(ge(x, 0), ne(x, 1)), sympy="li",
    define=lambda x: Ei(log(x)), sample=(1.3, 3.0), doc="logarithmic integral, Ei(log(x))",
)  # fmt: skip
Shi: Op = special(
    "Shi", lambda g, y, x: g * hyp0f1(3 * one / 2, x * x / 4), sympy="Shi", scipy=("shichi", 0), flint="shi",
    doc="hyperbolic sine integral",
)  # fmt: skip
Chi: Op = special(
    "Chi", lambda g, y, x: g * cosh(x) / x, domain=lambda x: gt(x, 0), sympy="Chi", scipy=("shichi", 1), flint="chi",
    doc="hyperbolic cosine integral",
)  # fmt: skip
fresnels: Op = special(
    "fresnels", lambda g, y, x: g * sin(pi * x * x / 2), sympy="fresnels", scipy=("fresnel", 0), flint="fresnel_s",
    sample=(-2.0, 2.0), doc="Fresnel integral S: of sin(pi*t**2/2) from 0 to x",
)  # fmt: skip
fresnelc: Op = special(
    "fresnelc", lambda g, y, x: g * cos(pi * x * x / 2), sympy="fresnelc", scipy=("fresnel", 1), flint="fresnel_c",
    sample=(-2.0, 2.0), doc="Fresnel integral C: of cos(pi*t**2/2) from 0 to x",
)  # fmt: skip
elliptic_k: Op = special(
    "elliptic_k", lambda g, y, m: g * pi * hyp2f1(3 * one / 2, 3 * one / 2, 2, m) / 8, domain=lambda m: lt(m, 1),
    sympy="elliptic_k", scipy="ellipk", aliases=("ellipk",), sample=(-2.0, 0.9),
    doc="complete elliptic integral K of parameter m, the square of the modulus",
)  # fmt: skip
elliptic_e: Op = special(
    "elliptic_e", lambda g, y, m: -g * pi * hyp2f1(one / 2, 3 * one / 2, 2, m) / 8, domain=lambda m: le(m, 1),
    sympy="elliptic_e", scipy="ellipe", aliases=("ellipe",), sample=(-2.0, 0.9),
    doc="complete elliptic integral E of parameter m, the square of the modulus",
)  # fmt: skip
expint: Op = special(
    "expint", None, lambda g, y, n, x: -g * expint(n - 1, x), operands="n x", sympy="expint", scipy="expn",
    domain=lambda n, x: or_(gt(x, 0), or_(and_(eq(x, 0), gt(n, 1)), and_(lt(x, 0), _ends(n)))), aliases=("expn",),
    sample=((2, 2), (0.3, 2.5)), doc="exponential integral E of constant order n",
)  # fmt: skip
lowergamma: Op = special(
    "lowergamma", None, lambda g, y, s, x: g * exp(xlogy(s - 1, x) - x), operands="s x", sympy="lowergamma",
    domain=lambda s, x: and_(_no_pole(s), _gamma_domain(s, x)), sample=((2.5, 2.5), (0.3, 2.5)),
    doc="lower incomplete gamma function of constant s",
)  # fmt: skip
uppergamma: Op = special(
    "uppergamma", None, lambda g, y, s, x: -g * exp(xlogy(s - 1, x) - x), operands="s x", sympy="uppergamma",
    domain=lambda s, x: _gamma_domain(s, x), sample=((2.5, 2.5), (0.3, 2.5)),
    doc="upper incomplete gamma function of constant s",
)  # fmt: skip
gammainc: Op = special(
    "gammainc", None, lambda g, y, s, x: g * exp(xlogy(s - 1, x) - x - lgamma(s)), operands="s x", scipy="gammainc",
    define=lambda s, x: lowergamma(s, x) / gamma(s), domain=lambda s, x: and_(_no_pole(s), _gamma_domain(s, x)),
    sample=((2.5, 2.5), (0.3, 2.5)), doc="regularised lower incomplete gamma function, lowergamma(s, x)/gamma(s)",
)  # fmt: skip
gammaincc: Op = special(
    "gammaincc", None, lambda g, y, s, x: -g * exp(xlogy(s - 1, x) - x - lgamma(s)), operands="s x", scipy="gammaincc",
    define=lambda s, x: uppergamma(s, x) / gamma(s), domain=lambda s, x: and_(_no_pole(s), _gamma_domain(s, x)),
    sample=((2.5, 2.5), (0.3, 2.5)), doc="regularised upper incomplete gamma function, uppergamma(s, x)/gamma(s)",
)  # fmt: skip
hurwitz: Op = special(
    "hurwitz", None, lambda g, y, s, a: -g * s * hurwitz(s + 1, a), operands="s a", scipy="zeta",
    domain=lambda s, a: and_(ne(s, 1), or_(gt(a, 0), and_(eq(s, floor(s)), ne(a, floor(a))))),
    sample=((2, 2), (0.3, 2.5)), doc="Hurwitz zeta function, also written zeta(s, a), of constant s",
)  # fmt: skip
polylog: Op = special(
    "polylog", None, lambda g, y, s, x: g * polylog_derivative(one, s, x), operands="s x", sympy="polylog",
    domain=lambda s, x: or_(lt(x, 1), or_(and_(eq(x, 1), gt(s, 1)), and_(gt(x, 1), _ends(s)))),
    sample=((2, 2), (-2.0, 0.9)), doc="polylogarithm of constant order s",
)  # fmt: skip
polylog_derivative: Op = special(
    "polylog_derivative", None, None, lambda g, y, n, s, x: g * polylog_derivative(n + 1, s, x), operands="n s x",
    domain=lambda n, s, x: or_(lt(x, 1), or_(and_(eq(x, 1), gt(s, n + 1)), and_(gt(x, 1), _ends(s)))),
    sample=((1, 1), (2, 2), (-2.0, 0.9)), doc="n-th derivative of polylog",
)  # fmt: skip
struve: Op = special(
    "struve", None,
    lambda g, y, n, x: g
    * (struve(n - 1, x) - struve(n + 1, x) + pow(x / 2, n) * rgamma(n + 3 * one / 2) / sqrt(pi)) / 2,
    operands="n x", domain=lambda n, x: or_(gt(x, 0), or_(and_(eq(x, 0), ge(n, -1)), and_(lt(x, 0), eq(n, floor(n))))),
    scipy="struve", sample=((1, 1), (0.5, 5.0)), doc="Struve function H of constant order n",
)  # fmt: skip
legendre: Op = special(
    "legendre", None, lambda g, y, n, x: g * gegenbauer(n - 1, 3 * one / 2, x), operands="n x", sympy="legendre",
    scipy="eval_legendre", aliases=("eval_legendre",), sample=((3, 3), (-2.0, 2.0)),
    doc="Legendre polynomial P of degree n",
)  # fmt: skip
chebyshevt: Op = special(
    "chebyshevt", None, lambda g, y, n, x: g * n * chebyshevu(n - 1, x), operands="n x", sympy="chebyshevt",
    scipy="eval_chebyt", aliases=("eval_chebyt",), sample=((3, 3), (-2.0, 2.0)),
    doc="Chebyshev polynomial T of degree n",
)  # fmt: skip
chebyshevu: Op = special(
    "chebyshevu", None, lambda g, y, n, x: 2 * g * gegenbauer(n - 1, 2, x), operands="n x", sympy="chebyshevu",
    scipy="eval_chebyu", aliases=("eval_chebyu",), sample=((3, 3), (-2.0, 2.0)),
    doc="Chebyshev polynomial U of degree n",
)  # fmt: skip
gegenbauer: Op = special(
    "gegenbauer", None, None, lambda g, y, n, a, x: 2 * g * a * gegenbauer(n - 1, a + 1, x), operands="n a x",
    sympy="gegenbauer", scipy="eval_gegenbauer", aliases=("eval_gegenbauer",),
    sample=((3, 3), (1.5, 1.5), (-2.0, 2.0)), doc="Gegenbauer polynomial C of degree n (a constant)",
)  # fmt: skip
hermite: Op = special(
    "hermite", None, lambda g, y, n, x: 2 * g * n * hermite(n - 1, x), operands="n x", sympy="hermite",
    scipy="eval_hermite", aliases=("eval_hermite",), sample=((3, 3), (-2.0, 2.0)),
    doc="Hermite polynomial H of degree n (the physicists')",
)  # fmt: skip
hermite_prob: Op = special(
    "hermite_prob", None, lambda g, y, n, x: g * n * hermite_prob(n - 1, x), operands="n x", sympy="hermite_prob",
    scipy="eval_hermitenorm", aliases=("eval_hermitenorm",), sample=((3, 3), (-2.0, 2.0)),
    doc="Hermite polynomial He of degree n (the probabilists')",
)  # fmt: skip
laguerre: Op = special(
    "laguerre", None, lambda g, y, n, x: -g * assoc_laguerre(n - 1, 1, x), operands="n x", sympy="laguerre",
    scipy="eval_laguerre", aliases=("eval_laguerre",), sample=((3, 3), (-2.0, 2.0)),
    doc="Laguerre polynomial L of degree n",
)  # fmt: skip
assoc_laguerre: Op = special(
    "assoc_laguerre", None, None, lambda g, y, n, a, x: -g * assoc_laguerre(n - 1, a + 1, x), operands="n a x",
    sympy="assoc_laguerre", scipy="eval_genlaguerre", aliases=("eval_genlaguerre",),
    sample=((3, 3), (1.5, 1.5), (-2.0, 2.0)), doc="associated Laguerre polynomial L of degree n (a constant)",
)  # fmt: skip
hyp0f1: Op = special(
    "hyp0f1", None, lambda g, y, b, x: g * hyp0f1(b + 1, x) / b, operands="b x", scipy="hyp0f1",
    domain=lambda b, x: _no_pole(b), sample=((1.5, 1.5), (0.3, 2.5)),
    doc="hypergeometric function 0F1(b; x) (b constant)",
)  # fmt: skip
hyp2f1: Op = special(
    "hyp2f1", None, None, None, lambda g, y, a, b, c, x: g * a * b * hyp2f1(a + 1, b + 1, c + 1, x) / c,
    operands="a b c x", scipy="hyp2f1",
    domain=lambda a, b, c, x: and_(
        _no_pole(c), or_(or_(lt(x, 1), and_(eq(x, 1), gt(c, a + b))), or_(_ends(a), _ends(b)))
    ),
    sample=((0.5, 0.5), (1.5, 1.5), (2, 2), (-0.9, 0.8)),
    doc="hypergeometric function 2F1(a, b; c; x) (a, b, c constant)",
)  # fmt: skip

# -- ufuncs of NumPy and of `scipy.special` that no formula can name: ops of arrays alone (DLMF chapters 5 to 10) -----


def ufunc(name: str, *rules: Rule | None, **columns: Any) -> Op:
    """Enter an op of arrays alone: a ufunc, as its name says (`numpy.square`), or a result of one (`scipy.airye:1`)."""
    library, _, function = name.partition(".")
    function, _, which = function.partition(":")
    columns[library] = (function, int(which)) if which else function
    entry = Op(name, rules, (), f"the ufunc {name}", internal=True, **columns)
    assert name not in TABLE, name
    TABLE[name] = entry
    return entry


def _zeros(g: Any, y: Any, a: Any, b: Any) -> Any:
    """The rule of a step function of two operands."""
    return 0


def _half_where_equal(g: Any, y: Any, x: Any, other: Any) -> Any:
    """The adjoint where this operand is the result, half of it where the other is too."""
    chosen = same(x, y)
    tied = and_(chosen, same(other, y))
    return where(chosen, where(tied, g / 2, g) if tied.any() else g, zero)


def _nonzero(x: Any) -> Any:
    """1 in place of 0."""
    nothing = same(x, 0)
    return where(nothing, one, x) if nothing.any() else x


def _quotient(a: Any, b: Any) -> Any:
    """`a / b`, and 0 for 0 / 0."""
    return a / where(and_(same(a, 0), same(b, 0)), one, b)


def _tail(t: Any) -> Any:
    """The sum of `(2n - 1)!! t**n` from n = 1, for `|t| < 1/800`: what an asymptotic series leaves (DLMF 7.12.1)."""
    return t * (1 + 3 * t * (1 + 5 * t * (1 + 7 * t * (1 + 9 * t * (1 + 11 * t * (1 + 13 * t))))))


def _share(base: Op) -> tuple[Rule, Rule]:
    """The rules of a logarithm of a sum of powers: the adjoint times each power's share; 0 where the sum is 0.

    A sum that is infinite is shared by the powers that are.
    """

    def share(g: Any, y: Any, x: Any, other: Any) -> Any:
        limit = same(abs(y), math.inf)
        if not limit.any():
            return g * base(x - y)
        endless = where(same(x, math.inf), where(same(other, math.inf), g / 2, g), 0)
        return where(same(y, math.inf), endless, g * base(x - where(limit, 0, y)))

    return lambda g, y, a, b: share(g, y, a, b), lambda g, y, a, b: share(g, y, b, a)


for _name in ("numpy.maximum", "numpy.minimum"):
    ufunc(
        _name, lambda g, y, a, b: _half_where_equal(g, y, a, b), lambda g, y, a, b: _half_where_equal(g, y, b, a),
        steps=True,
    )  # fmt: skip
trunc: Op = ufunc("numpy.trunc", _zero)
ufunc("scipy.gammasgn", _zero)
ufunc("numpy.floor_divide", _zeros, _zeros)
deg2rad: Op = ufunc("numpy.deg2rad", lambda g, y, x: deg2rad(g), passes=True)
rad2deg: Op = ufunc("numpy.rad2deg", lambda g, y, x: rad2deg(g), passes=True)
power: Op = ufunc(
    "numpy.power",
    lambda g, y, a, b: g * b * power(a, _nonzero(b) - 1),
    lambda g, y, a, b: g * xlogy_ufunc(y, _nonzero(a)),
)
"""NumPy's `a**b`; to an exponent of 0 the base does not matter, and to a base of 0 the exponent does not."""
ufunc("numpy.square", lambda g, y, x: 2 * g * x)
ufunc("numpy.reciprocal", lambda g, y, x: -g * y * y)
ufunc("numpy.fmod", lambda g, y, a, b: g, lambda g, y, a, b: -g * trunc(a / b), steps=True)
ufunc("numpy.logaddexp", *_share(exp))
ufunc("numpy.logaddexp2", *_share(exp2))
ldexp: Op = ufunc("numpy.ldexp", lambda g, y, x, n: ldexp(g, n), None)
ufunc("numpy.heaviside", _zeros, lambda g, y, x, h: where(same(x, 0), g, zero))
xlogy_ufunc: Op = ufunc("scipy.xlogy", lambda g, y, a, b: g * log(b), lambda g, y, a, b: g * _quotient(a, b))
xlog1py: Op = ufunc("scipy.xlog1py", lambda g, y, a, b: g * log1p(b), lambda g, y, a, b: g * _quotient(a, 1 + b))
ufunc("scipy.yn", *bessely.rules)
ufunc("scipy.kn", *besselk.rules)
ive: Op = ufunc("scipy.ive", None, lambda g, y, n, x: g * ((ive(n - 1, x) + ive(n + 1, x)) / 2 - sign(x) * y))
kve: Op = ufunc("scipy.kve", None, lambda g, y, n, x: g * (y - (kve(n - 1, x) + kve(n + 1, x)) / 2))
ufunc("scipy.log_ndtr", lambda g, y, x: g * exp(-x * x / 2 - y) / sqrt(2 * pi))
ufunc("scipy.log_expit", lambda g, y, x: g * sigmoid(-x))
ufunc("scipy.entr", lambda g, y, x: -g * (log(x) + 1))
ufunc("scipy.rel_entr", lambda g, y, a, b: g * (log(a / b) + 1), lambda g, y, a, b: -g * a / b)
ufunc("scipy.kl_div", lambda g, y, a, b: g * log(a / b), lambda g, y, a, b: g * (1 - a / b))
ufunc("scipy.exp10", lambda g, y, x: g * y * log(ten))
ufunc("scipy.cosm1", lambda g, y, x: -g * sin(x))
ufunc(
    "scipy.erfcx",
    lambda g, y, x: g * 2 / sqrt(pi) * where(gt(x, 20), _tail(-1 / (2 * x * x)), sqrt(pi) * x * y - 1),
)  # fmt: skip
dawsn: Op = ufunc("scipy.dawsn", lambda g, y, x: g * where(gt(abs(x), 20), -_tail(1 / (2 * x * x)), 1 - 2 * x * y))
spence: Op = ufunc("scipy.spence", lambda g, y, x: -g * hyp2f1(1, 1, 2, 1 - x))
ufunc("scipy.exp1", lambda g, y, x: -g * exp(-x) / x)
sindg: Op = ufunc("scipy.sindg", lambda g, y, x: g * cosdg(x) * (pi / 180))
cosdg: Op = ufunc("scipy.cosdg", lambda g, y, x: -g * sindg(x) * (pi / 180))
ufunc("scipy.tandg", lambda g, y, x: g * (1 + y * y) * (pi / 180))
ufunc("scipy.cotdg", lambda g, y, x: -g * (1 + y * y) * (pi / 180))
hyp1f1: Op = ufunc("scipy.hyp1f1", None, None, lambda g, y, a, b, x: g * a / b * hyp1f1(a + 1, b + 1, x))
airye_ai: Op = ufunc("scipy.airye:0", lambda g, y, x: g * (airye_ai_prime(x) + sqrt(x) * y))
airye_ai_prime: Op = ufunc("scipy.airye:1", lambda g, y, x: g * (x * airye_ai(x) + sqrt(x) * y))
airye_bi: Op = ufunc("scipy.airye:2", lambda g, y, x: g * (airye_bi_prime(x) - sqrt(relu(x)) * y))
airye_bi_prime: Op = ufunc("scipy.airye:3", lambda g, y, x: g * (x * airye_bi(x) - sqrt(relu(x)) * y))
rgamma: Op = ufunc(
    "scipy.rgamma",
    lambda g, y, x: g * where(
        lt(x, one / 2), gamma(1 - x) * cos(pi * x) - y * digamma(1 - x), -y * digamma(x)  # by reflection: no poles
    ),
    define=lambda x: 1 / gamma(x),
)  # fmt: skip
ufunc(
    "scipy.poch", lambda g, y, z, m: g * y * (digamma(z + m) - digamma(z)), lambda g, y, z, m: g * y * digamma(z + m),
)  # fmt: skip
betainc: Op = ufunc(
    "scipy.betainc", None, None, lambda g, y, a, b, x: g * exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b)),
)  # fmt: skip
ufunc(
    "scipy.stdtr", None,
    lambda g, y, n, x: g * exp(-(n + 1) / 2 * log1p(x * x / n) - betaln(n / 2, one / 2)) / sqrt(n),
)  # fmt: skip

ALIASES: dict[str, str] = {alias: entry.name for entry in TABLE.values() for alias in entry.aliases}
"""Other spellings: alias to name."""

NAMED_CONSTANTS: dict[str, str] = {
    "pi": "circle constant, 3.14159...", "E": "Euler's number, 2.71828...", "tau": "2*pi",
    "EulerGamma": "Euler-Mascheroni constant", "Catalan": "Catalan's constant", "GoldenRatio": "(1 + sqrt(5))/2",
    "nan": "no value", "oo": "infinity, for the bounds of conditions",
}  # fmt: skip
"""The texts a `const` node may hold besides numbers."""
