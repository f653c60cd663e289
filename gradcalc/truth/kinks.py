"""What slopes say of derivatives: kink, jump, infinite, removable or none. Imports slopes and finding.

Difference quotients are evidence: a value they settle is never called certified.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from flint import arb, ctx

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.budget import Budget
from gradcalc.arithmetic.digits import nearest_double
from gradcalc.arithmetic.marks import UNDECIDED, Unknown
from gradcalc.errors import Span
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.truth.certify import Inputs
from gradcalc.truth.finding import Finding
from gradcalc.truth.quantity import Note, no_derivative
from gradcalc.truth.slopes import Side, Slopes, along, between, generic_directions, second, shown

_HITS_LIMIT = 256
COMPARE_BITS = 1024
"""Precision at which measured slopes are compared."""
_BLAMED_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Entry:
    """A derivative in question: its name in notes, the input it is for, and what is known of it."""

    name: str
    node: int
    finding: Finding


@dataclass(frozen=True, slots=True)
class Question:
    """A function at a point, to be asked for its slopes.

    Attributes:
        output: the node of the function.
        inputs: the point.
        budget: what the answers may cost.
        notes: what there is to say is added here.
    """

    graph: Graph
    output: int
    inputs: Inputs
    budget: Budget
    notes: list[Note]

    def slopes(self, direction: Mapping[int, int]) -> Slopes:
        """The slopes to both sides along a direction."""
        return along(self.graph, self.output, self.inputs, direction, self.budget)


def settle(question: Question, entries: Sequence[Entry], asked: Sequence[Entry], hits: Mapping[int, str]) -> None:
    """Ask a function along each variable in question, then along generic directions, and enter what is found.

    Args:
        entries: the derivatives for all variables the function depends on; changed in place.
        asked: those of them that the local rules do not settle.
        hits: the nodes on a kink, and how sure that is: `exact`, `undecided` or `rounded`.
    """
    graph = question.graph
    reach = {hit: frozenset(graph.needed([hit])) for hit in sorted(hits)[:_HITS_LIMIT]}
    doubtful, late = False, 0
    for entry in asked:
        if question.budget.spent:
            entry.finding.ball, late = UNDECIDED, late + 1
            continue
        own = {hit: hits[hit] for hit, needed in reach.items() if entry.node in needed}
        span = next((graph.spans[hit] for hit in own if graph.spans[hit]), entry.finding.span)
        reader = _Reader(question, entry, span, own, len(entries) > 1)
        reader.read(question.slopes({entry.node: 1}))
        doubtful = doubtful or reader.proved
    if late:
        question.notes.append(
            Note("unsettled", f"on a kink: the work allowed ends before {late} of {len(asked)} slopes are measured")
        )
    regular = all(entry.finding.verdict is None and math.isfinite(entry.finding.value) for entry in entries)
    if doubtful and regular and not late and len(entries) > 1:
        span = next((graph.spans[hit] for hit in sorted(hits) if graph.spans[hit]), asked[0].finding.span)
        _ask_diagonals(question, entries, asked, span)


class _Reader:
    """Reads the two slopes along one variable into its finding."""

    def __init__(
        self, question: Question, entry: Entry, span: Span | None, hits: Mapping[int, str], several: bool
    ) -> None:
        self.several = several
        self.question, self.name, self.node, self.finding = question, entry.name, entry.node, entry.finding
        self.span, self.hits = span, hits
        self.first_order = no_derivative(entry.name) == "no derivative"
        self.proved = "exact" in hits.values() or not hits
        self.at_one_point = any(
            question.graph.nodes[hit].op in (ops.eq, ops.ne) for hit, how in hits.items() if how == "exact"
        )

    def note(self, kind: str, message: str, slopes: Slopes | None = None) -> None:
        """Add a note on this derivative."""
        left, right = (slopes.left.slope, slopes.right.slope) if slopes else (None, None)
        self.question.notes.append(Note(kind, message, self.name, self.span, left, right))

    def read(self, slopes: Slopes) -> None:
        """Set verdict and value, and say why."""
        finding = self.finding
        if slopes.jumps:
            finding.verdict, finding.ball = ("undefined" if self._is_angle() else "jump"), None
            self.note(finding.verdict, "the value jumps here: " + _jump_text(slopes), slopes)
        elif slopes.differ:
            self._differ(slopes)
        elif slopes.common is not None:
            self._agree(slopes, slopes.common)
        elif slopes.left.kind == slopes.right.kind == "undefined":
            finding.verdict, finding.ball, finding.value = "undefined", None, math.nan
            self.note("undefined", f"{no_derivative(self.name)}: the formula has no value on either side")
        else:
            finding.ball = UNDECIDED
            if self.hits:
                self.note("unsettled", "no slope found" + _known_side(slopes), slopes)
        if "rounded" in self.hits.values() and finding.verdict is None and not finding.from_slopes:
            self._near()

    def _is_angle(self) -> bool:
        """Whether the value depends on the direction from which a point is reached: atan2(x, y) at (0, 0).

        Of one variable, and where what is composed jumps by itself, that is a jump like any other.
        """
        graph = self.question.graph
        jumps = any(graph.nodes[hit].op.at_kink == "jump" for hit in self.hits)
        return math.isnan(self.finding.value) and self.several and not jumps

    def _differ(self, slopes: Slopes) -> None:
        left, right = slopes.left.slope, slopes.right.slope
        slope = "slope" if self.first_order else "slope of the first derivative"
        text = f"{slope} {slopes.left.text} from the left, {slopes.right.text} from the right"
        if slopes.left.text == slopes.right.text:
            gap = abs(slopes.right.limit - slopes.left.limit)
            text += f" (they differ by {shown(nearest_double(gap.mid()), gap)})"
        if not self.proved:
            self.note("near_kink", f"{text}: on a kink as far as can be told", slopes)
            return
        self.finding.verdict, self.finding.ball = "kink", None
        if not math.isfinite(self.finding.value):
            self.finding.value, self.finding.from_slopes = _least(left, right), True
        self.note("kink", f"{text}: {no_derivative(self.name)}", slopes)

    def _agree(self, slopes: Slopes, common: Side) -> None:
        """Both sides share a slope, or only one side exists: the derivative is that."""
        finding, slope = self.finding, common.slope
        assert slope is not None
        if math.isinf(slope) and common.kind != "infinite":
            return  # a finite slope beyond the largest double
        if known(finding) and common.kind == "slope" and fits(common, finding.ball):
            if not self.at_one_point:  # a branch taken at a single point proves nothing of the slope
                return
        elif common.kind == "infinite":
            finding.verdict = "infinite"
            self.note("infinite", "the slope is infinite " + _where(slopes), slopes)
        elif finding.value != slope:
            message = f"the rules give {finding.value:g} here; difference quotients settle at {common.text}"
            self.note("measured", f"{message} (evidence, not proof)", slopes)
        finding.value, finding.ball, finding.from_slopes = slope, None, True

    def _near(self) -> None:
        """Only the rounded operand sits on the kink: both slopes, measured a few ulps to either side."""
        balls = Balls(512)
        at = dict(self.question.inputs(balls))
        centre = at[self.node]
        if isinstance(centre, Unknown):
            return
        reach = (abs(centre) if not centre.contains(0) else arb(1)) * arb(2) ** -44
        found = []
        for sign in (-1, 1):
            moved = at | {self.node: centre + sign * reach}
            value = balls.evaluate(self.question.graph, moved, [self.finding.node])[self.finding.node]
            found.append(None if isinstance(value, Unknown) else nearest_double(value.mid()))
        left, right = found
        if left is not None and right is not None and abs(left - right) > 1e-9 * max(abs(left), abs(right)):
            message = f"a kink within rounding error of the point: slope {left:g} to the left, {right:g} to the right"
            self.question.notes.append(Note("near_kink", message, self.name, self.span, left, right))


def settle_second(question: Question, entry: Entry, other: int, first: int) -> None:
    """A second derivative where the first is known by slopes only: second differences of the function itself.

    They settle for `x^3*sin(1/x)` too, which has none: so the first derivative, node `first`, must change as they say.
    """
    finding = entry.finding
    slopes = second(question.graph, question.output, question.inputs, entry.node, other, question.budget)
    finding.ball = UNDECIDED
    common = slopes.common
    if slopes.differ:
        finding.verdict, finding.ball = "kink", None
        message = f"second differences give {slopes.left.text} to the left, {slopes.right.text} to the right"
        question.notes.append(Note("kink", message, entry.name, finding.span, slopes.left.slope, slopes.right.slope))
    elif common is not None and common.slope is not None and _changes(question, first, other, common):
        finding.value, finding.ball, finding.from_slopes = common.slope, None, True
        infinite = math.isinf(common.slope)
        finding.verdict = "infinite" if infinite else None
        what = "grow without bound" if infinite else f"settle at {common.slope:g}"
        message, kind = (
            f"second differences of the function {what} (evidence, not proof)",
            finding.verdict or "measured",
        )
        question.notes.append(Note(kind, message, entry.name, finding.span, common.slope, common.slope))


def _changes(question: Question, first: int, other: int, side: Side) -> bool:
    """Whether a first derivative changes beside the point as the second one says, wherever it has a value."""
    rates = between(question.graph, first, question.inputs, other, question.budget)
    known_rates = [rate for rate in rates if isinstance(rate, arb)]
    if UNDECIDED in rates or not known_rates:
        return False
    slack = max(abs(side.limit), arb(1)) * _NEAR if side.kind == "slope" else arb(0)
    return side.kind == "infinite" or all(abs(rate - side.limit) <= slack for rate in known_rates)


_NEAR = arb((1, -20))


def _ask_diagonals(question: Question, entries: Sequence[Entry], asked: Sequence[Entry], span: Span | None) -> None:
    """A kink that no axis shows: the quotients along generic directions do not fit the gradient."""
    names = {entry.name for entry in asked}
    others = [entry for entry in entries if entry.name not in names]
    blamed = asked if _misfit(question, asked) else []
    if not blamed and others and _misfit(question, entries):
        alone = [entry for entry in others[:_BLAMED_LIMIT] if _misfit(question, [*asked, entry])]
        blamed = [*asked, *(alone or others)]
    jumps = any(question.slopes(d).jumps for d in generic_directions([e.node for e in blamed])) if blamed else False
    for entry in blamed:
        entry.finding.verdict, entry.finding.ball = ("jump" if jumps else "kink"), None
        message = (
            "the value jumps along diagonals" if jumps else "the slopes along the axes do not fit those along diagonals"
        )
        slope = entry.finding.value
        question.notes.append(
            Note(entry.finding.verdict, f"{message}: {no_derivative(entry.name)}", entry.name, span, slope, slope)
        )


def _misfit(question: Question, entries: Collection[Entry]) -> bool:
    """Whether the slopes along generic directions are seen to differ from what the gradient says."""
    if len(entries) < 2:
        return False
    weights = [
        {entry.node: weight for entry, weight in zip(entries, direction.values(), strict=True)}
        for direction in generic_directions([e.node for e in entries])
    ]
    for direction in weights:
        with ctx.workprec(COMPARE_BITS):
            expected, size = arb(0), arb(0)
            for entry in entries:
                term = _best(entry.finding) * direction[entry.node]
                expected, size = expected + term, size + abs(term).abs_upper()
        exact = all(known(entry.finding) for entry in entries)
        slack = size * (arb(2) ** -100 if exact else arb(2) ** -40)
        slopes = question.slopes(direction)
        for side in (slopes.left, slopes.right):
            if side.kind in ("jump", "infinite"):
                return True
            if side.kind == "slope" and not _near_enough(side, expected, slack):
                return True
    return False


def _best(finding: Finding) -> arb:
    return finding.ball if known(finding) else arb(finding.value)


def fits(side: Side, ball: arb) -> bool:
    """Whether a measured slope is the number in a ball, as far as the quotients have settled."""
    return _near_enough(side, ball, abs(ball).abs_upper() * arb(2) ** -100)


def _near_enough(side: Side, ball: arb, slack: arb) -> bool:
    with ctx.workprec(COMPARE_BITS):
        error = abs(side.quotients[-1] - side.quotients[-2]).abs_upper()
        return bool(abs(side.limit - ball).abs_lower() <= 2 * error + slack)


def known(finding: Finding) -> bool:
    """Whether the local rules gave a proved number."""
    return finding.ball is not None and not isinstance(finding.ball, Unknown)


def _jump_text(slopes: Slopes) -> str:
    parts = []
    for word, side in (("left", slopes.left), ("right", slopes.right)):
        if side.kind == "jump":
            what = "does not settle" if side.value is None else f"tends to {side.text}"
            parts.append(f"to the {word} it {what}")
    return ", ".join(parts)


def _where(slopes: Slopes) -> str:
    """On which sides a slope is infinite."""
    if "undefined" not in (slopes.left.kind, slopes.right.kind):
        return "from both sides"
    side = "right" if slopes.left.kind == "undefined" else "left"
    return f"from the {side}; the formula has no value on the other side"


def _known_side(slopes: Slopes) -> str:
    for word, side in (("left", slopes.left), ("right", slopes.right)):
        if side.slope is not None:
            return f" on one side; {side.text} from the {word}"
    return ""


def _least(left: float | None, right: float | None) -> float:
    """The number of least size between two slopes."""
    low, high = sorted((left or 0.0, right or 0.0))
    return 0.0 if low <= 0 <= high else low if low > 0 else high
