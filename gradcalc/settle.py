"""What slopes say of a derivative: kink, jump, infinite, removable or none. Imports slopes and report.

Difference quotients are evidence: a value they settle is never called certified.
"""

import math
from collections.abc import Mapping, Sequence

from gradcalc.arithmetic.balls import UNDECIDED, Unknown, nearest_double
from gradcalc.certify import Inputs
from gradcalc.graph import Graph
from gradcalc.problem import Finding
from gradcalc.report import Note
from gradcalc.slopes import Slopes, along, close, generic_directions

_HITS_LIMIT = 256

Entry = tuple[str, int, Finding]
"""The name of a derivative, the input it is for, and what is known of it."""


def settle(
    graph: Graph,
    output: int,
    inputs: Inputs,
    entries: Sequence[Entry],
    hits: Mapping[int, str],
    deadline: float,
    notes: list[Note],
) -> None:
    """Ask the function along each variable, and along two generic directions, and enter what is found.

    Args:
        hits: the nodes on a kink, and how sure that is.
        entries: the derivatives in question; changed in place.
        notes: what there is to say is added here.
    """
    reach = {hit: frozenset(graph.needed([hit])) for hit in sorted(hits)[:_HITS_LIMIT]}
    for name, node, entry in entries:
        own = {hit: hits[hit] for hit, needed in reach.items() if node in needed}
        span = next((graph.spans[hit] for hit in own if graph.spans[hit]), entry.span)
        proved = "exact" in own.values() or not own
        _enter(name, entry, along(graph, output, inputs, {node: 1}, deadline), span, notes, proved)
        if "rounded" in own.values() and entry.verdict is None and not entry.from_slopes:
            _near(graph, name, node, entry, inputs, span, notes)
    smooth = [e for e in entries if e[2].verdict is None and math.isfinite(e[2].value)]
    if len(smooth) == len(entries) > 1 and "exact" in hits.values():
        span = next((graph.spans[hit] for hit in sorted(hits) if graph.spans[hit]), None)
        _ask_diagonals(graph, output, inputs, smooth, deadline, span, notes)


def _enter(
    name: str, entry: Finding, slopes: Slopes, span: tuple[int, int] | None, notes: list[Note], proved: bool
) -> None:
    """Set verdict and value of one derivative from its two slopes."""
    left, right = slopes.left, slopes.right

    def note(kind: str, message: str) -> None:
        notes.append(Note(kind, message, name, span, left.slope, right.slope))

    if slopes.jumps:
        entry.verdict, entry.ball = ("undefined" if math.isnan(entry.value) else "jump"), None
        sides = [
            f"to the {word} it tends to {side.value:g}"
            for word, side in (("left", left), ("right", right))
            if side.kind == "jump" and side.value is not None
        ]
        note("jump", "the value jumps here: " + ", ".join(sides))
    elif slopes.differ:
        slope_text = f"slope {left.slope:g} from the left, {right.slope:g} from the right"
        if not proved:
            note("near_kink", f"{slope_text}: on a kink as far as can be told")
            return
        entry.verdict, entry.ball = "kink", None
        if math.isnan(entry.value):
            entry.value = _least(left.slope, right.slope)
            entry.from_slopes = True
        note("kink", f"{slope_text}: no derivative")
    elif slopes.common is not None:
        _agree(name, entry, slopes, span, notes)
    elif left.kind == right.kind == "undefined":
        entry.verdict, entry.ball, entry.value = "undefined", None, math.nan
        notes.append(Note("undefined", "no derivative: the formula has no value on either side", name, span))
    else:
        entry.ball = UNDECIDED
        sides = [
            f"{side.slope:g} from the {word}"
            for word, side in (("left", left), ("right", right))
            if side.slope is not None
        ]
        note("near_kink", "no slope found" + (f" on one side; {sides[0]}" if sides else ""))


def _agree(name: str, entry: Finding, slopes: Slopes, span: tuple[int, int] | None, notes: list[Note]) -> None:
    """Both sides share a slope, or only one side exists: the derivative is that."""
    common = slopes.common
    assert common is not None
    if math.isinf(common) and "infinite" not in (slopes.left.kind, slopes.right.kind):
        return  # a finite slope beyond the largest double
    one_sided = "undefined" in (slopes.left.kind, slopes.right.kind)
    if _known(entry):
        double = nearest_double(entry.ball)
        if double is not None and (close(double, common) or abs(double - common) < 1e-250):
            return
    if entry.value == common and math.isinf(common):
        side = "right" if slopes.left.kind == "undefined" else "left"
        where = f" from the {side}; the formula has no value on the other side" if one_sided else " from both sides"
        notes.append(Note("nan_origin", f"the slope is infinite{where}", name, span))
    elif not close(entry.value, common):
        message = (
            f"the rules give {entry.value:g} here; difference quotients settle at {common:g} (evidence, not proof)"
        )
        notes.append(Note("near_kink", message, name, span, slopes.left.slope, slopes.right.slope))
    entry.value, entry.ball, entry.from_slopes = common, None, True


def _near(
    graph: Graph, name: str, node: int, entry: Finding, inputs: Inputs, span: tuple[int, int] | None, notes: list[Note]
) -> None:
    """Only the rounded operand sits on the kink: both slopes, measured a few ulps to either side."""
    from flint import arb

    from gradcalc.arithmetic.balls import Balls

    balls = Balls(512)
    at = dict(inputs(balls))
    centre = at[node]
    if isinstance(centre, Unknown):
        return
    reach = (abs(centre) if not centre.contains(0) else arb(1)) * arb(2) ** -44
    found = []
    for sign in (-1, 1):
        value = balls.evaluate(graph, at | {node: centre + sign * reach}, [entry.node])[entry.node]
        found.append(None if isinstance(value, Unknown) else nearest_double(value.mid()))
    left, right = found
    if left is not None and right is not None and abs(left - right) > 1e-9 * max(abs(left), abs(right)):
        message = f"a kink within rounding error of the point: slope {left:g} to the left, {right:g} to the right"
        notes.append(Note("near_kink", message, name, span, left, right))


def _ask_diagonals(
    graph: Graph,
    output: int,
    inputs: Inputs,
    entries: Sequence[Entry],
    deadline: float,
    span: tuple[int, int] | None,
    notes: list[Note],
) -> None:
    """A kink that no axis shows: the quotients along generic directions do not fit the gradient."""
    for direction in generic_directions([node for _, node, _ in entries]):
        slopes = along(graph, output, inputs, direction, deadline)
        expected = sum(entry.value * direction[node] for _, node, entry in entries)
        size = sum(abs(entry.value * direction[node]) for _, node, entry in entries)
        off = [
            s
            for s in (slopes.left.slope, slopes.right.slope)
            if s is not None and abs(s - expected) > 1e-9 * max(size, abs(s))
        ]
        if off or slopes.jumps:
            for name, _, entry in entries:
                entry.verdict, entry.ball = ("jump" if slopes.jumps else "kink"), None
                message = "the slopes along the axes agree, those along diagonals do not: no derivative"
                notes.append(Note(entry.verdict, message, name, span, entry.value, entry.value))
            return


def _known(entry: Finding) -> bool:
    """Whether the local rules gave a proved number."""
    return entry.ball is not None and not isinstance(entry.ball, Unknown)


def _least(left: float | None, right: float | None) -> float:
    """The number of least size between two slopes."""
    low, high = sorted((left or 0.0, right or 0.0))
    return 0.0 if low <= 0 <= high else low if low > 0 else high
