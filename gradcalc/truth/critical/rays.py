"""An isolated point, and the rays that leave it: what an op makes of them, with the powers of the distance split off.

    x_i = P_i + r_i s^w_i u_i,   0 < s <= S,   the largest |u_i| is 1:   all of a box about P but P itself
    a node ──forms──▶ whole + s^power * rest,   whole a rational, rest a node that knows s, u and no 0/0 at s = 0

So of `x/sqrt(x^2 + y^2)` only `u/sqrt(u^2 + v^2)` is left, and of `4x^3` only `4u^3`: where a slope, or the slope along
the ray, is not 0 for any s and u, s = 0 included, nothing but P is critical near P. Switches (signs, conditions) may be
thrown either way where an interval does not decide them: at a kink all slopes lie in the hull of those (Clarke).

Imports graph. `isolated.py` asks the questions.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import isqrt, lcm

from flint import arb

from gradcalc.arithmetic.balls import Balls
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.graph.ops import Op
from gradcalc.truth.critical.switches import COMPARISONS

_MOST_PRODUCTS = 16
"""Up to this power a power of `whole + small` is written out."""


@dataclass(frozen=True, eq=False)
class Form:
    """A number near the point: `whole + s^power * rest * the exponentials`; without `rest` it is `whole`."""

    whole: Fraction = Fraction(0)
    power: Fraction = Fraction(0)
    rest: Ref | None = None
    exponentials: tuple[int, ...] = ()


@dataclass
class Rays:
    """Forms of the nodes of a graph about a point.

    Args:
        point, reach, weights: P, r and w by input.
        time: the node of s.
        thrown: whether signs are switches; else 0 is one of their values, as roots ask for it.
    """

    graph: Graph
    point: Mapping[int, Fraction]
    reach: Mapping[int, Fraction]
    weights: Mapping[int, int]
    time: Ref
    directions: Mapping[int, Ref]
    thrown: bool = True
    switches: dict[int, int] = field(default_factory=dict)
    _forms: dict[int, Form] = field(default_factory=dict)
    _conditions: dict[int, Ref] = field(default_factory=dict)
    _balls: Balls = field(default_factory=lambda: Balls(256))

    def forms(self, outputs: Sequence[int]) -> list[Form]:
        """The forms of some nodes."""
        for index in self.graph.needed(outputs):
            if index in self._forms or index in self._conditions:
                continue
            op, operands, _ = self.graph.nodes[index]
            if op.is_condition:
                self._conditions[index] = self._condition(op, operands)
            elif not operands:
                self._forms[index] = self._leaf(index)
            else:
                self._forms[index] = self._form(op, operands)
        return [self._forms[node] for node in outputs]

    @property
    def denominator(self) -> int:
        """By what the weights must be multiplied so that all powers are whole."""
        return lcm(*(form.power.denominator for form in self._forms.values()))

    def realised(self, form: Form) -> Ref:
        """The node of a form."""
        whole = self._number(form.whole)
        if form.rest is None:
            return whole
        small = self._scaled(form.rest, form.power, form.exponentials)
        return small if not form.whole else whole + small

    def bare(self, form: Form) -> int:
        """A node that is 0, or positive, where the form is, for s > 0."""
        if form.whole:
            return self.realised(form).index
        return self._number(Fraction(0)).index if form.rest is None else form.rest.index

    def total(self, terms: Sequence[Form]) -> Form:
        """A sum."""
        whole = sum((each.whole for each in terms), Fraction(0))
        small = [each for each in terms if each.rest is not None]
        if not small:
            return Form(whole)
        power = min(each.power for each in small)
        if whole and power <= 0:  # a whole stands apart from what is small alone
            small, whole, power = [*small, Form(rest=self._number(whole))], Fraction(0), min(power, Fraction(0))
        common = Counter(small[0].exponentials)
        for each in small[1:]:
            common &= Counter(each.exponentials)
        parts = []
        for each in small:
            assert each.rest is not None
            own = tuple((Counter(each.exponentials) - common).elements())
            parts.append(self._scaled(each.rest, each.power - power, own))
        return Form(whole, power, parts[0] if len(parts) == 1 else ops.add(*parts), tuple(common.elements()))

    def times(self, a: Form, b: Form) -> Form:
        """A product."""
        terms = [Form(a.whole * b.whole)]
        for one, other in ((a, b), (b, a)):
            if one.whole and other.rest is not None:
                terms.append(Form(Fraction(0), other.power, self._number(one.whole) * other.rest, other.exponentials))
        if a.rest is not None and b.rest is not None:
            exponentials = (*a.exponentials, *b.exponentials)
            terms.append(Form(Fraction(0), a.power + b.power, a.rest * b.rest, exponentials))
        return self.total(terms)

    def of_direction(self, node: int) -> Form:
        """The velocity of an input along its ray, times s."""
        scale = self._number(self.reach[node] * self.weights[node])
        return Form(Fraction(0), Fraction(self.weights[node]), scale * self.directions[node])

    # -- how a form is found

    def _number(self, value: Fraction) -> Ref:
        top = self.graph.ref(self.graph.constant(value.numerator))
        return top if value.denominator == 1 else top / value.denominator

    def _scaled(self, rest: Ref, power: Fraction, exponentials: tuple[int, ...] = ()) -> Ref:
        for node in exponentials:
            rest = rest * self.graph.ref(node)
        if not power:
            return rest
        if power.denominator == 1:
            whole: Ref = self.time ** int(power) * rest
            return whole
        scaled: Ref = ops.pow(self.time, self._number(power)) * rest
        return scaled

    def _leaf(self, index: int) -> Form:
        if index in self.point:
            small = self._number(self.reach[index]) * self.directions[index]
            return Form(self.point[index], Fraction(self.weights[index]), small)
        node = self.graph.nodes[index]
        ball = self._balls.constant(node.parameter or "") if node.op is ops.const else None
        if isinstance(ball, arb) and ball.is_exact():
            mantissa, exponent = (int(part) for part in ball.man_exp())
            if abs(exponent) < 1100:
                return Form(Fraction(mantissa) * Fraction(2) ** exponent)
        return Form(rest=self.graph.ref(index))

    def _condition(self, op: Op, operands: Sequence[int]) -> Ref:
        """A condition; of a comparison a switch."""
        if op not in COMPARISONS:
            return op(*(self._conditions[i] for i in operands))  # type: ignore[no-any-return]
        apart = self.total([self._forms[operands[0]], self._negative(self._forms[operands[1]])])
        made: Ref = op(self.graph.ref(self.bare(apart)), self._number(Fraction(0)))
        return self._switch(made)

    def _switch(self, made: Ref) -> Ref:
        """An input in the place of a node whose value may be thrown either way."""
        for name, node in self.switches.items():
            if node == made.index:
                return self.graph.ref(name)
        name = self.graph.input(f"switch {made.index}")
        self.switches[name] = made.index
        return self.graph.ref(name)

    def _negative(self, form: Form) -> Form:
        return Form(-form.whole, form.power, None if form.rest is None else -form.rest, form.exponentials)

    def _form(self, op: Op, operands: Sequence[int]) -> Form:
        if op is ops.where:
            return self._where(*operands)
        forms = [self._forms[i] for i in operands]
        rule = _RULES.get(op)
        found = rule(self, *forms) if rule else None
        return self._otherwise(op, forms) if found is None else found

    def _otherwise(self, op: Op, forms: Sequence[Form]) -> Form:
        made: Ref = op(*map(self.realised, forms))
        return Form(rest=made)

    def _where(self, condition: int, one: int, other: int) -> Form:
        chosen, a, b = self._conditions[condition], self._forms[one], self._forms[other]
        if a.whole != b.whole:
            return Form(rest=ops.where(chosen, self.realised(a), self.realised(b)))
        small = [each for each in (a, b) if each.rest is not None]
        if not small:
            return Form(a.whole)
        power = min(each.power for each in small)
        common = Counter(small[0].exponentials)
        for each in small[1:]:
            common &= Counter(each.exponentials)
        parts = []
        for each in (a, b):
            own = tuple((Counter(each.exponentials) - common).elements())
            zero = self._number(Fraction(0))
            parts.append(zero if each.rest is None else self._scaled(each.rest, each.power - power, own))
        return Form(a.whole, power, ops.where(chosen, *parts), tuple(common.elements()))

    # -- rules

    def _small(self, form: Form) -> Ref | None:
        """What stands beside the power of s, where nothing else is there."""
        if form.whole or form.rest is None:
            return None
        return self._scaled(form.rest, Fraction(0), form.exponentials)

    def add(self, *forms: Form) -> Form | None:
        """A sum."""
        return self.total(forms)

    def sub(self, a: Form, b: Form) -> Form | None:
        """A difference."""
        return self.total([a, self._negative(b)])

    def mul(self, first: Form, *rest: Form) -> Form | None:
        """A product."""
        for each in rest:
            first = self.times(first, each)
        return first

    def div(self, a: Form, b: Form) -> Form | None:
        """A quotient: 0/0 is one of what stands beside the powers."""
        if b.rest is None:
            return None if not b.whole else self.times(a, Form(1 / b.whole))
        if b.whole:
            ratio = a.whole / b.whole
            top = self.total([Form(Fraction(0), a.power, a.rest, a.exponentials), self.times(
                Form(-ratio), Form(Fraction(0), b.power, b.rest, b.exponentials))])  # fmt: skip
            if top.rest is None:
                return Form(ratio)
            return Form(ratio, top.power, top.rest / self.realised(b), top.exponentials)
        if a.whole:
            whole, small = Form(rest=self._number(a.whole)), replace(a, whole=Fraction(0))
            return self.total([each for each in (self.div(whole, b), self.div(small, b)) if each])
        if a.rest is None:
            return a
        above, below = Counter(a.exponentials), Counter(b.exponentials)
        under = self._scaled(b.rest, Fraction(0), tuple((below - above).elements()))
        return Form(Fraction(0), a.power - b.power, a.rest / under, tuple((above - below).elements()))

    def powi(self, x: Form, n: Form) -> Form | None:
        """A whole power."""
        if n.rest is not None or n.whole.denominator != 1:
            return None
        exponent = int(n.whole)
        if x.rest is None:
            return Form(x.whole**exponent) if x.whole else None
        if exponent < 0:
            below = self.powi(x, Form(Fraction(-exponent)))
            return None if below is None else self.div(Form(Fraction(1)), below)
        if not x.whole:
            return Form(Fraction(0), x.power * exponent, x.rest**exponent, x.exponentials * exponent)
        if exponent > _MOST_PRODUCTS:
            return None
        result = Form(Fraction(1))
        for _ in range(exponent):
            result = self.times(result, x)
        return result

    def pow(self, x: Form, exponent: Form) -> Form | None:
        """A power with a constant exponent, of what is 0 at the point."""
        small = self._small(x)
        if small is None or exponent.rest is not None:
            return None
        return Form(Fraction(0), x.power * exponent.whole, ops.pow(small, self._number(exponent.whole)))

    def sqrt(self, x: Form) -> Form | None:
        """A root; of a square that is not 0 at the point what it differs by."""
        if (small := self._small(x)) is not None:
            return Form(Fraction(0), x.power / 2, ops.sqrt(small))
        if x.rest is None or x.whole <= 0:
            return None
        root = Fraction(isqrt(x.whole.numerator), isqrt(x.whole.denominator))
        if root * root != x.whole:
            return None
        made = x.rest / (ops.sqrt(self.realised(x)) + self._number(root))
        return Form(root, x.power, made, x.exponentials)

    def cbrt(self, x: Form) -> Form | None:
        """A cube root."""
        small = self._small(x)
        return None if small is None else Form(Fraction(0), x.power / 3, ops.cbrt(small))

    def hypot(self, *xs: Form) -> Form | None:
        """A length."""
        total = self.total([self.times(x, x) for x in xs])
        return self.sqrt(total) or self._otherwise(ops.sqrt, [total])

    def sin(self, x: Form) -> Form | None:
        """The angle times `sinc`."""
        if x.whole or x.rest is None:
            return None
        return Form(Fraction(0), x.power, x.rest * ops.sinc(self.realised(x)), x.exponentials)

    def cos(self, x: Form) -> Form | None:
        """1 less half the square of the angle times that of `sinc`."""
        if x.whole or x.rest is None:
            return None
        half = self.times(x, Form(Fraction(1, 2)))
        return self.total(
            [Form(Fraction(1)), self.times(Form(Fraction(-2)), self.times(*[self.sin(half) or half] * 2))]
        )

    def exp(self, x: Form) -> Form | None:
        """It is never 0, and stands apart."""
        if x.rest is None:
            return None
        return Form(rest=self._number(Fraction(1)), exponentials=(ops.exp(self.realised(x)).index,))

    def sign(self, x: Form) -> Form | None:
        """A switch, or the sign itself."""
        made: Ref = ops.sign(self.graph.ref(self.bare(x)))
        return Form(rest=self._switch(made) if self.thrown else made)


def _homogeneous(op: Op) -> Callable[..., Form | None]:
    """The rule of an op with op(c x) = c op(x) for c > 0."""

    def rule(self: Rays, x: Form) -> Form | None:
        if x.whole or x.rest is None:
            return None
        return Form(Fraction(0), x.power, op(x.rest), x.exponentials)

    return rule


_RULES: dict[Op, Callable[..., Form | None]] = {
    ops.add: Rays.add, ops.sub: Rays.sub, ops.mul: Rays.mul, ops.div: Rays.div, ops.powi: Rays.powi, ops.pow: Rays.pow,
    ops.neg: Rays._negative, ops.sqrt: Rays.sqrt, ops.cbrt: Rays.cbrt, ops.hypot: Rays.hypot, ops.sin: Rays.sin,
    ops.cos: Rays.cos, ops.exp: Rays.exp, ops.sign: Rays.sign,
    **{op: _homogeneous(op) for op in (ops.abs, ops.relu, ops.leaky_relu)},
}  # fmt: skip
