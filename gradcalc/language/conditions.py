"""Where formulas have values, and where they may have kinks, in the words of mathematics: `x > 0 and y != 1`.

    graph --every op's domain and kink--> comparisons --simplified, exactly--> for each left side its bounds --> text

Each step keeps the meaning: what is told holds if and only if no op that is used leaves its domain (of tan and its
like, whose entries know no poles, `cos(x) != 0`). Imports format, exact, domains and, for constants, balls.
"""

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import NamedTuple

from flint import arb

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.floats import Floats
from gradcalc.arithmetic.marks import UNDEFINED, Unknown
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.graph.ops import Op
from gradcalc.language.domains import POLES, RELATIONS
from gradcalc.language.exact import Exact
from gradcalc.language.format import format_node


class Compared(NamedTuple):
    """A comparison; `number` is the right side where that is one. Without a relation `left` says all."""

    left: str
    relation: str = ""
    right: str = ""
    number: Fraction | None = None

    def __str__(self) -> str:
        return f"{self.left} {self.relation} {self.right}".strip()


class Joined(NamedTuple):
    """Conditions of which `word` says, by "and" or "or", whether all or one must hold."""

    word: str
    parts: tuple["Condition", ...]

    def __str__(self) -> str:
        inner = (f"({part})" if isinstance(part, Joined) else str(part) for part in self.parts)
        return f" {self.word} ".join(dict.fromkeys(inner))


Condition = bool | Compared | Joined

NOWHERE = "nowhere"
"""What is said of a condition that never holds."""
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""A comparison with its sides exchanged, where that is another one."""
_LENGTH = 80
"""Characters of one side of a comparison, at most."""
_GUARDS = 200
"""Branches within branches that are followed."""

_POSITIVE = frozenset((ops.exp, ops.exp2, ops.cosh, ops.sigmoid, ops.softplus, ops.sech, ops.erfc))
_NEVER_ZERO = frozenset((ops.sec, ops.csc))
_ODD = frozenset((ops.cbrt, ops.sinh, ops.tanh, ops.asinh, ops.atan, ops.erf, ops.log1p, ops.expm1))
"""Ops that increase and are 0 at 0."""
_RELATION: dict[str, Callable[[Fraction, Fraction | int], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
_BITS = 128


def defined_where(graph: Graph, outputs: Sequence[int]) -> str | None:
    """Where all of some nodes have values: empty for everywhere, `nowhere`; None where that is too long to be told."""
    found = _Reader(graph).domain(outputs)
    return None if found is None else _text(found)


def kinked_where(graph: Graph, output: int) -> list[str] | None:
    """Where a node may have a kink or a jump, each place once; None where there are too many branches."""
    reader = _Reader(graph)
    base = reader.domain([output])
    places = reader.kinks(output)
    if base is None or places is None:
        return None
    possible = (place for place in places if _bounds([*base, place]) is not None)
    return list(dict.fromkeys(_text([place]) for place in possible))


def _text(conditions: Sequence[Condition]) -> str:
    """All of some conditions, those of one left side together."""
    bounds = _bounds(_tidied(list(_flat(conditions))))
    return NOWHERE if bounds is None else " and ".join(
        f"({part})" if " or " in part and len(bounds) > 1 else part for part in bounds
    )  # fmt: skip


# -- from nodes to conditions ------------------------------------------------------------------------------------------

Guard = tuple[tuple[int, bool], ...]
"""Conditions under which a branch is chosen: nodes, and whether each must fail."""


@dataclass
class _Reader:
    """Reads the conditions of one graph, which grows by those that the ops' entries make."""

    graph: Graph
    exact: Exact = field(init=False)
    signs: dict[int, str] = field(default_factory=dict)
    known: dict[tuple[int, bool], Condition] = field(default_factory=dict)
    moving: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.exact = Exact(self.graph)

    def domain(self, outputs: Sequence[int]) -> list[Condition] | None:
        """The conditions that must hold where all of some nodes have values."""
        always: list[Condition] = []
        guarded: list[tuple[list[Condition], Condition]] = []
        for index, guard in self._used(outputs):
            if index < 0:
                return None
            own = self._own_domain(index)
            if own is True:
                continue
            if guard:
                guarded.append(([self.condition(*part) for part in guard], own))
            else:
                always.append(own)
        return [*always, *_under_guards(always, guarded)]

    def kinks(self, output: int) -> list[Condition] | None:
        """The conditions of the kinks of all ops that may be used."""
        found: list[Condition] = []
        for index, guard in self._used([output]):
            if index < 0:
                return None
            op, operands, _ = self.graph.nodes[index]
            if op.kink is None or not self._moves(index):
                continue
            chosen = [self.condition(*part) for part in guard]
            own = self._own_kink(index, op, operands)
            if own is not False and _bounds([*chosen, own]) is not None:
                found.append(own)
        return found

    def _used(self, outputs: Sequence[int]) -> Iterator[tuple[int, Guard]]:
        """Every node that is used, and under which guard; -1 where branches are too many."""
        waiting: list[tuple[Sequence[int], Guard]] = [(outputs, ())]
        everywhere: set[int] = set()
        nodes = self.graph.nodes
        for count, (roots, guard) in enumerate(waiting):
            if count > _GUARDS:
                yield -1, ()
                return
            for index in self._unbranched(roots):
                if index in everywhere:
                    continue
                if not guard:
                    everywhere.add(index)
                yield index, guard
                if nodes[index].op is ops.where:
                    condition, yes, no = nodes[index].operands
                    waiting.append(((yes,), (*guard, (condition, False))))
                    waiting.append(((no,), (*guard, (condition, True))))

    def _unbranched(self, roots: Sequence[int]) -> list[int]:
        """What some nodes depend on but for branches, whose conditions are among it; in order."""
        found, stack = set(roots), list(roots)
        while stack:
            op, operands, _ = self.graph.nodes[stack.pop()]
            for index in operands[:1] if op is ops.where else operands:
                if index not in found:
                    found.add(index)
                    stack.append(index)
        return sorted(found)

    def _own_domain(self, index: int) -> Condition:
        """What an op asks of its operands."""
        op, operands, parameter = self.graph.nodes[index]
        if op is ops.const:
            return parameter != "nan"
        if not self._moves(index):
            return not operands or op.is_condition or self._has_value(index)
        if op.name in POLES:
            return Compared(POLES[op.name].replace("(x)", f"({self.text(operands[0])})"))
        if op.domain is None:
            return True
        return self.condition(op.domain(*map(self.graph.ref, operands)).index)

    def _own_kink(self, index: int, op: Op, operands: tuple[int, ...]) -> Condition:
        """Where an op has its kink."""
        if op in (ops.max, ops.min):
            if len(set(operands)) == 2:
                one, other = sorted(set(operands), key=operands.index)
                return self.compare(one, "=", other)
            return Compared(f"{self.text(index)} is reached twice")
        assert op.kink is not None
        graph = self.graph
        return self.condition(op.kink(*map(graph.ref, (index, *operands) if op.variadic else operands)).index)

    def _has_value(self, index: int) -> bool:
        """Whether a constant has a value; in doubt it has."""
        return Balls(_BITS).evaluate(self.graph, {}, [index])[index] is not UNDEFINED

    def _moves(self, index: int) -> bool:
        """Whether a node depends on an input."""
        nodes, moving = self.graph.nodes, self.moving
        for at in range(len(moving), index + 1):
            moving.append(nodes[at].op is ops.input_ or any(map(moving.__getitem__, nodes[at].operands)))
        return moving[index]

    def text(self, index: int) -> str:
        """A node as text, in parentheses where it is a comparison's side that needs none."""
        return format_node(self.graph, index, limit=_LENGTH)

    def condition(self, index: int, negated: bool = False) -> Condition:
        """A condition, or its opposite."""
        if (index, negated) not in self.known:
            self.known[index, negated] = self._condition(index, negated)
        return self.known[index, negated]

    def _condition(self, index: int, negated: bool) -> Condition:
        op, operands, _ = self.graph.nodes[index]
        if not self._moves(index):
            holds = Balls(_BITS).evaluate(self.graph, {}, [index])[index]
            if isinstance(holds, bool):
                return holds != negated
        if op is ops.not_:
            return self.condition(operands[0], not negated)
        if op in (ops.and_, ops.or_):
            word = "and" if (op is ops.and_) != negated else "or"
            return _join(word, [self.condition(i, negated) for i in operands])
        relation = "=" if op is ops.same else RELATIONS[op]
        return self.compare(operands[0], _OPPOSITE[relation] if negated else relation, operands[1])

    # -- comparisons, simplified

    def compare(self, left: int, relation: str, right: int) -> Condition:
        """A comparison of two nodes."""
        if not self._moves(left) and self._moves(right):
            left, right, relation = right, left, MIRRORED.get(relation, relation)
        node = self.graph.nodes[right]
        if node.op is ops.floor and node.operands == (left,) and relation in ("=", "!="):
            return self._integer(left, relation)
        number = self.exact.value(right)
        if number is None:
            return Compared(self.text(left), relation, self.text(right))
        return self.with_number(left, relation, number)

    def _integer(self, index: int, relation: str) -> Condition:
        """Whether a number is an integer; one that is added to it says nothing."""
        node = self.graph.nodes[index]
        if node.op in (ops.add, ops.sub) and len(node.operands) == 2:
            one, other = node.operands
            added = self.exact.value(other)
            if added is not None and added.denominator == 1:
                return self._integer(one, relation)
        return Compared(f"{self.text(index)} is {'an' if relation == '=' else 'not an'} integer")

    def with_number(self, left: int, relation: str, number: Fraction) -> Condition:
        """A comparison with a number: sides moved over, signs used, products and powers of 0 taken apart."""
        if not self._moves(left) and (holds := self._of_constant(left, relation, number)) is not None:
            return holds
        sign = self.sign(left)
        if sign and number <= 0:
            settled = _settled(sign if not number else "+", relation)
            if settled is not None:
                return settled
            relation = {">": "!=", "<=": "="}.get(relation, relation) if not number else relation
        op, operands, _ = self.graph.nodes[left]
        moved = self._moved(op, operands, relation, number)
        if moved is not None:
            return moved
        if not number and (rule := _ZEROS.get(op)) and (found := rule(self, operands, relation)) is not None:
            return found
        if op is ops.abs and number > 0:
            return self._size(operands[0], relation, number)
        return Compared(self.text(left), relation, str(number), number)

    def _of_constant(self, left: int, relation: str, number: Fraction) -> bool | None:
        """Whether a constant compares so with a number, where that can be told."""
        exact = self.exact.value(left)
        if exact is not None:
            return _RELATION[relation](exact, number)
        ball = Balls(_BITS).evaluate(self.graph, {}, [left])[left]
        gap = None if isinstance(ball, Unknown) else ball - arb(number.numerator) / number.denominator
        return None if gap is None or gap.contains(0) else _RELATION[relation](Fraction(1 if gap > 0 else -1), 0)

    def _moved(self, op: Op, operands: tuple[int, ...], relation: str, number: Fraction) -> Condition | None:
        """A term or factor that is a number, moved to the other side; None where there is none."""
        if op is ops.neg:
            return self.with_number(operands[0], MIRRORED.get(relation, relation), -number)
        if op is ops.log and not number:
            return self.with_number(operands[0], relation, Fraction(1))
        if op in _ODD and not number:
            return self.with_number(operands[0], relation, number)
        if len(operands) != 2 or op not in (ops.add, ops.sub, ops.mul, ops.div):
            return None
        one, other = operands
        known = self.exact.value(one), self.exact.value(other)
        if known[0] is not None and op is ops.sub:
            return self.with_number(other, MIRRORED.get(relation, relation), known[0] - number)
        if op is ops.sub and not number and known[1] is None:
            return self.compare(one, relation, other)
        inner, value = (other, known[0]) if known[0] is not None else (one, known[1])
        if value is None or known[0] is not None and op is ops.div:
            return None
        if op in (ops.add, ops.sub):
            return self.with_number(inner, relation, number - value if op is ops.add else number + value)
        if not value:
            return None
        turned = MIRRORED.get(relation, relation) if value < 0 else relation
        return self.with_number(inner, turned, number / value if op is ops.mul else number * value)

    def _size(self, inner: int, relation: str, number: Fraction) -> Condition:
        """The absolute value of a node, compared with a positive number."""
        word = "and" if relation in ("<", "<=", "!=") else "or"
        other = MIRRORED.get(relation, relation)
        return _join(word, [self.with_number(inner, other, -number), self.with_number(inner, relation, number)])

    def sign(self, index: int) -> str:
        """What is known of a node wherever it has a value: `+` above 0, `0+` not below, else nothing."""
        if index not in self.signs:
            for i in self.graph.needed([index]):
                if i not in self.signs:
                    self.signs[i] = self._sign(i)
        return self.signs[index]

    def _sign(self, index: int) -> str:
        op, operands, parameter = self.graph.nodes[index]
        known = [self.signs[i] for i in operands]
        if op is ops.const:
            number = Floats().constant(parameter or "")
            return "+" if number > 0 else "0+" if self.graph.number(index) == 0 else ""
        if op in _POSITIVE:
            return "+"
        if op in (ops.abs, ops.sqrt, ops.hypot, ops.relu):
            return "+" if "+" in known else "0+"
        if op is ops.powi:
            even = (self.graph.number(operands[1]) or 1) % 2 == 0
            return known[0] or ("0+" if even else "")
        if op is ops.pow:
            return known[0]
        if op is ops.add and all(known):
            return "+" if "+" in known else "0+"
        if op in (ops.mul, ops.div) and all(known):
            return "0+" if "0+" in known else "+"
        if op is ops.mul and len(set(operands)) == 1 and len(operands) % 2 == 0:
            return "0+"
        if op is ops.where and all(known[1:]):
            return "0+" if "0+" in known else "+"
        if op is ops.max and any(known):
            return "+" if "+" in known else "0+"
        return ""

    # -- what is 0

    def product(self, operands: tuple[int, ...], relation: str) -> Condition | None:
        """A product and 0: it is 0 where a factor is; of an order, factors above 0 do not count."""
        if relation in ("=", "!="):
            word = "or" if relation == "=" else "and"
            return _join(word, [self.with_number(i, relation, Fraction(0)) for i in dict.fromkeys(operands)])
        rest = [i for i in operands if self.sign(i) != "+"]
        if len(rest) == 1:
            return self.with_number(rest[0], relation, Fraction(0))
        gap = self._gap(rest)
        if gap is None:
            return None
        inner, number, turned = gap
        order = MIRRORED.get(relation, relation) if turned else relation
        return self._size(inner, order, number)

    def _gap(self, factors: Sequence[int]) -> tuple[int, Fraction, bool] | None:
        """Of `(x - a)*(x + a)` the x, a, and whether it is `(a - x)*(a + x)`; else None."""
        if len(factors) != 2:
            return None
        for one, other in (factors, factors[::-1]):
            below, above = self.graph.nodes[one], self.graph.nodes[other]
            if below.op is not ops.sub or above.op is not ops.add or len(above.operands) != 2:
                continue
            for turned, (inner, known) in enumerate((below.operands, below.operands[::-1])):
                number = self.exact.value(known)
                if number is not None and number > 0 and set(above.operands) == {inner, known}:
                    return inner, number, bool(turned)
        return None

    def total(self, operands: tuple[int, ...], relation: str) -> Condition | None:
        """A sum and 0: of one term several times that term; of terms that are not below 0 each of them."""
        if len(set(operands)) == 1:
            return self.with_number(operands[0], relation, Fraction(0))
        if relation not in ("=", "!=") or not all(map(self.sign, operands)):
            return None
        return self.squares(operands, relation)

    def branch(self, operands: tuple[int, ...], relation: str) -> Condition | None:
        """A branch and 0: what is chosen and 0."""
        yes, no = (self.with_number(i, relation, Fraction(0)) if self._moves(i) else self._holds(i, relation)
                   for i in operands[1:])  # fmt: skip
        chosen = _join("and", [self.condition(operands[0]), yes])
        return _join("or", [chosen, _join("and", [self.condition(operands[0], negated=True), no])])

    def _holds(self, index: int, relation: str) -> Condition:
        """Whether a constant compares so with 0."""
        number = self.exact.value(index)
        if number is None:
            return Compared(self.text(index), relation, "0", Fraction(0))
        return _RELATION[relation](number, 0)

    def quotient(self, operands: tuple[int, ...], relation: str) -> Condition | None:
        """A quotient and 0."""
        above, below = operands
        if relation in ("=", "!=") or self.sign(below) == "+":
            return self.with_number(above, relation, Fraction(0))
        return self.with_number(below, relation, Fraction(0)) if self.sign(above) == "+" else None

    def power(self, operands: tuple[int, ...], relation: str) -> Condition | None:
        """An integer power and 0; negative powers are never 0."""
        base, exponent = operands
        count = self.graph.number(exponent)
        if count is None or not count:
            return None
        if count < 0 and relation in ("=", "!="):
            return relation == "!="
        if relation in ("=", "!=") or count % 2:
            return self.with_number(base, relation, Fraction(0))
        return None

    def inner(self, operands: tuple[int, ...], relation: str) -> Condition | None:
        """What is 0 where its operand is."""
        return self.with_number(operands[0], relation, Fraction(0)) if relation in ("=", "!=", ">") else None

    def squares(self, operands: tuple[int, ...], relation: str) -> Condition | None:
        """A sum of squares and 0."""
        if relation not in ("=", "!="):
            return None
        word = "and" if relation == "=" else "or"
        return _join(word, [self.with_number(i, relation, Fraction(0)) for i in operands])

    def one_minus_square(self, operands: tuple[int, ...], relation: str) -> Condition | None:
        """1 - x**2 and 0."""
        return self._size(operands[0], MIRRORED.get(relation, relation), Fraction(1))

    def never(self, operands: tuple[int, ...], relation: str) -> Condition | None:
        """What is never 0."""
        return relation == "!=" if relation in ("=", "!=") else None


_ZEROS: dict[Op, Callable[[_Reader, tuple[int, ...], str], Condition | None]] = {
    ops.add: _Reader.total, ops.where: _Reader.branch,
    ops.mul: _Reader.product, ops.div: _Reader.quotient, ops.powi: _Reader.power, ops.sqrt: _Reader.inner,
    ops.abs: _Reader.squares, ops.hypot: _Reader.squares, ops.one_minus_square: _Reader.one_minus_square,
    **dict.fromkeys(_NEVER_ZERO, _Reader.never),
}  # fmt: skip
"""How an op compared with 0 is taken apart."""


def _settled(sign: str, relation: str) -> bool | None:
    """Whether what has a sign compares so with 0, where that alone tells."""
    if relation in (">=", "<"):
        return relation == ">="
    return relation in (">", "!=") if sign == "+" else None


def _join(word: str, parts: Iterable[Condition]) -> Condition:
    """Conditions joined; those that always or never hold decide, or do not count."""
    decides = word == "or"
    flat: dict[Condition, None] = {}
    for part in parts:
        if part is decides:
            return decides
        if isinstance(part, Joined) and part.word == word:
            flat |= dict.fromkeys(part.parts)
        elif not isinstance(part, bool):
            flat[part] = None
    if word == "and" and len(flat) > 1:
        if _bounds(flat) is None:
            return False
        flat = dict.fromkeys(_telling(list(flat)))
    if word == "or":
        flat = dict.fromkeys(_either(list(flat)))
        if any(isinstance(part, Compared) and part.relation and _negated(part) in flat for part in flat):
            return True
    if len(flat) > 1:
        return Joined(word, tuple(flat))
    return next(iter(flat), not decides)


def _either(parts: list[Condition]) -> list[Condition]:
    """`x > 0 or x = 0` as `x >= 0`."""
    for part in parts:
        if isinstance(part, Compared) and part.relation in ("<", ">"):
            for other, wider in (("=", part.relation + "="), (MIRRORED[part.relation], "!=")):
                also = part._replace(relation=other)
                if also in parts:
                    return [part._replace(relation=wider) if each == part else each for each in parts if each != also]
    return parts


def _telling(parts: list[Condition]) -> list[Condition]:
    """Conditions that all hold, without those that follow from another one of the same left side: `x > 1`, `x > 0`."""
    kept = list(parts)
    for part in parts:
        others = [each for each in kept if each is not part]
        if any(_follows(part, each) for each in others):
            kept = others
    return kept


def _follows(part: Condition, given: Condition) -> bool:
    """Whether a condition holds wherever another one does, as far as one left side and numbers tell."""
    if isinstance(part, Joined) and part.word == "or":
        return any(_follows(each, given) for each in part.parts)
    if not isinstance(part, Compared) or not isinstance(given, Compared) or part.left != given.left:
        return part == given
    if part.number is None or given.number is None:
        return part == given
    return _bounds([given, part]) == _bounds([given])


def _tidied(parts: list[Condition]) -> list[Condition]:
    """Conditions that all hold: `(p or q) and (p or r)` as `p or (q and r)`, without what follows from others."""
    choices = [part for part in parts if isinstance(part, Joined) and part.word == "or"]
    if not 0 < len(choices) <= _CHOICES:
        return parts
    merged: list[Condition] = []
    for choice in choices:
        for place, other in enumerate(merged):
            if isinstance(other, Joined) and set(other.parts) & set(choice.parts):
                merged[place] = _both_of(other, choice)
                break
            if other in choice.parts:
                break
        else:
            merged.append(choice)
    whole = _join("and", [*(part for part in parts if part not in choices), *merged])
    return _telling(list(_flat([whole])))


_CHOICES = 24
"""Conditions with an "or" that are looked at for what they share, at most."""


def _both_of(one: Joined, other: Joined) -> Condition:
    """Two alternatives of which some parts are shared, as one."""
    shared = [part for part in one.parts if part in other.parts]
    rest = [[part for part in each.parts if part not in shared] for each in (one, other)]
    return _join("or", [*shared, *(_join("and", pair) for pair in product(*rest))])


def _under_guards(
    always: Sequence[Condition], guarded: Iterable[tuple[list[Condition], Condition]]
) -> Iterator[Condition]:
    """The conditions that count where others hold, those that say anything new, all of one guard together."""
    by_guard: dict[str, list[Condition]] = {}
    for chosen, own in guarded:
        before = _bounds([*always, *chosen])
        if before is None or isinstance(own, Joined) and own.word == "or" and set(own.parts) & set(_flat(chosen)):
            continue
        if own is False:
            yield _join("or", [_negated(part) for part in chosen])
            continue
        inner = by_guard.setdefault(_text(chosen), [])
        if _bounds([*always, *chosen, *inner, own]) != _bounds([*always, *chosen, *inner]):
            inner.append(own)
    yield from (Compared(f"({_text(inner)} where {guard})") for guard, inner in by_guard.items() if inner)


def _negated(condition: Condition) -> Condition:
    """The opposite of a condition."""
    if isinstance(condition, bool):
        return not condition
    if isinstance(condition, Joined):
        return _join("and" if condition.word == "or" else "or", map(_negated, condition.parts))
    if not condition.relation:
        return Compared(f"not ({condition.left})")
    return condition._replace(relation=_OPPOSITE[condition.relation])


# -- conditions that hold together -------------------------------------------------------------------------------------


@dataclass
class _Range:
    """All that is asked of one left side by comparisons with numbers."""

    low: Fraction | None = None
    high: Fraction | None = None
    open_low: bool = False
    open_high: bool = False
    without: dict[Fraction, None] = field(default_factory=dict)
    gap: tuple[Fraction, Fraction] | None = None
    open_gap: tuple[bool, bool] = (False, False)

    def leave_out(self, below: Compared, above: Compared) -> bool:
        """Leave out what lies between two numbers; whether there was room for that."""
        if below.number is None or above.number is None or below.number >= above.number:
            return False
        if self.gap not in (None, (below.number, above.number)):
            return False
        self.gap = below.number, above.number
        self.open_gap = self.open_gap[0] or below.relation == "<", self.open_gap[1] or above.relation == ">"
        return True

    def add(self, relation: str, number: Fraction) -> None:
        """Narrow the range by one comparison."""
        if relation == "!=":
            self.without[number] = None
        if relation in (">", ">=", "=") and (self.low is None or number >= self.low):
            self.open_low = relation == ">" or self.open_low and number == self.low
            self.low = number
        if relation in ("<", "<=", "=") and (self.high is None or number <= self.high):
            self.open_high = relation == "<" or self.open_high and number == self.high
            self.high = number

    def texts(self, left: str) -> list[str] | None:
        """What is left, in words; None for nothing."""
        self.open_low = self.open_low or self.low in self.without
        self.open_high = self.open_high or self.high in self.without
        low, high = self.low, self.high
        if low is not None and high is not None and (low > high or low == high and (self.open_low or self.open_high)):
            return None
        below, above = "<" if self.open_low else "<=", "<" if self.open_high else "<="
        if low is not None and low == high:
            said = [f"{left} = {low}"]
        elif low is not None and high is not None:
            said = [f"{low} {below} {left} {above} {high}"]
        elif low is not None:
            said = [f"{left} {MIRRORED[below]} {low}"]
        else:
            said = [f"{left} {above} {high}"] if high is not None else []
        said += self._gap_texts(left)
        inside = (n for n in self.without if (low is None or n > low) and (high is None or n < high))
        a, b = self.gap or (Fraction(0), Fraction(0))
        return said + [f"{left} != {n}" for n in inside if not a <= n <= b or self.gap is None]

    def _gap_texts(self, left: str) -> list[str]:
        """The gap in words, where it lies within the range."""
        if self.gap is None or self.low is not None and self.low >= self.gap[1]:
            return []
        if self.high is not None and self.high <= self.gap[0]:
            return []
        below, above = (
            sign if is_open or number in self.without else sign + "="
            for sign, is_open, number in zip("<>", self.open_gap, self.gap, strict=True)
        )
        return [f"{left} {below} {self.gap[0]} or {left} {above} {self.gap[1]}"]


def _bounds(conditions: Iterable[Condition]) -> list[str] | None:
    """All of some conditions in words, those of one left side together; None where they contradict each other."""
    ranges: dict[str, _Range] = {}
    parts = list(_flat(conditions))
    for part in parts:
        part = _strict(part, parts)
        if part is False:
            return None
        if isinstance(part, Compared) and part.number is not None:
            ranges.setdefault(part.left, _Range()).add(part.relation, part.number)
        elif (sides := _two_sides(part)) and ranges.setdefault(sides[0].left, _Range()).leave_out(*sides):
            continue
        elif part is not True:
            ranges.setdefault(str(part), _Range())
    found: dict[str, None] = {}
    for left, range_ in ranges.items():
        texts = range_.texts(left)
        if texts is None:
            return None
        found |= dict.fromkeys(texts or ([left] if range_ == _Range() else []))
    return list(found)


def _strict(part: Condition, parts: Sequence[Condition]) -> Condition:
    """A comparison of sides that are no numbers, beside others of the same sides: `x >= y` and `x != y` is `x > y`."""
    if not isinstance(part, Compared) or part.number is not None or not part.relation:
        return part
    beside = {each for each in _OPPOSITE if part._replace(relation=each) in parts}
    if {"=", "!="} <= beside:
        return False
    if part.relation == "!=":
        return part if beside == {"!="} else True
    return part._replace(relation=part.relation[0]) if "!=" in beside else part


def _two_sides(part: Condition) -> tuple[Compared, Compared] | None:
    """Of `x <= a or x >= b` both parts, the lower one first."""
    if not isinstance(part, Joined) or part.word != "or" or len(part.parts) != 2:
        return None
    sides = [side for side in part.parts if isinstance(side, Compared) and side.number is not None]
    sides.sort(key=lambda side: side.relation[:1])
    if len({side.left for side in sides}) == 1 and [side.relation[:1] for side in sides] == ["<", ">"]:
        return sides[0], sides[1]
    return None


def _flat(conditions: Iterable[Condition]) -> Iterator[Condition]:
    """Conditions, those joined by "and" one by one."""
    for part in conditions:
        if isinstance(part, Joined) and part.word == "and":
            yield from _flat(part.parts)
        else:
            yield part
