"""Signs and conditions that an interval does not decide, thrown either way: every slope that a kink may have.

Clarke's slopes are means of limits of slopes, and each of those has its switches thrown in one way. So where the slopes
of all ways lie on one side of a plane through 0, no mean of them is 0. Imports intervals and graph.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from gradcalc.arithmetic.intervals import Interval, Intervals, Truth
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph

Array = Any

MOST = 5
"""Switches, at most."""
COMPARISONS = frozenset({ops.lt, ops.le, ops.gt, ops.ge, ops.eq, ops.ne, ops.same})
_EPS, _STEPS = 2.0**-52, 8

Bounds = list[tuple[Array, Array]]
"""Lower and upper bounds for each way to throw the switches: a row for each box, a column for each node."""


def switched(graph: Graph, outputs: Sequence[int]) -> tuple[dict[int, int], tuple[int, ...]]:
    """Nodes with inputs in the places of signs and comparisons: what these inputs stand for, and the new nodes."""
    place: dict[int, int] = {}
    switches: dict[int, int] = {}
    for index in graph.needed(outputs):
        op, operands, parameter = graph.nodes[index]
        if op is ops.sign or op in COMPARISONS:
            place[index] = graph.input(f"switch {index}")
            switches[place[index]] = index
        else:
            moved = tuple(place[i] for i in operands)
            place[index] = index if moved == operands else graph.emit(op, moved, parameter)
    return switches, tuple(place[node] for node in outputs)


def is_nested(graph: Graph, switches: Mapping[int, int]) -> bool:
    """Whether a switch hangs on another one."""
    return bool(switches) and not set(graph.needed(tuple(switches.values()))).isdisjoint(switches)


def thrown(
    intervals: Intervals, graph: Graph, inputs: Mapping[int, Any], switches: Mapping[int, int], outputs: Sequence[int],
    count: int,
) -> Bounds:  # fmt: skip
    """Bounds of some nodes over boxes, for each way to throw the switches."""
    made = intervals.evaluate(graph, inputs, tuple(switches.values())) if switches else []
    found = []
    for chosen in product(*(_ends(made[node]) for node in switches.values())):
        values = intervals.evaluate(graph, {**inputs, **dict(zip(switches, chosen, strict=True))}, outputs)
        low, high = (np.stack([np.broadcast_to(values[node][k], count) for node in outputs], 1) for k in (0, 1))
        found.append((np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)))
    return found


def _ends(value: Any) -> tuple[Any, ...]:
    """The ways to throw a switch: one where it is decided."""
    if isinstance(value, Truth):
        may, fails = np.asarray(value.may), np.asarray(value.fails)
        ways: tuple[Any, ...] = Truth(may, ~may), Truth(~fails, fails)
        return ways if np.any(may & fails) else ways[:1]
    return (Interval(value.low, value.low), Interval(value.high, value.high))[
        : 1 + bool(np.any(value.low < value.high))
    ]


def middle(bounds: Bounds) -> Array:
    """The mean of the slopes of all ways, a row for each box."""
    with np.errstate(all="ignore"):
        found = np.mean([0.5 * low + 0.5 * high for low, high in bounds], axis=0)
    return np.where(np.isfinite(found), found, 0.0)


def nearest(bounds: Bounds) -> Array:
    """Nearly the mean of the slopes of all ways that is nearest to 0, a row for each box (Frank and Wolfe 1956).

    Where all slopes lie on one side of a plane through 0, they do so of the plane across it.
    """
    mean = middle(bounds)
    with np.errstate(all="ignore"):
        slopes = np.stack([0.5 * low + 0.5 * high for low, high in bounds])
        for _ in range(_STEPS if len(slopes) > 1 else 0):
            least = np.take_along_axis(slopes, np.argmin((slopes * mean).sum(axis=2), axis=0)[None, :, None], 0)[0]
            step = mean - least
            part = (mean * step).sum(axis=1, keepdims=True) / (step * step).sum(axis=1, keepdims=True)
            mean = mean - np.where(np.isfinite(part), np.clip(part, 0.0, 1.0), 0.0) * step
    return np.where(np.isfinite(mean), mean, 0.0)


def beyond(bounds: Bounds, directions: Array) -> Array:
    """Where the slopes of all ways have a positive product with a direction, a row for each box."""
    result = np.ones(len(directions), bool)
    with np.errstate(all="ignore"):
        for low, high in bounds:
            least = np.minimum(directions * low, directions * high)
            size = np.maximum(np.abs(directions * low), np.abs(directions * high))
            result &= least.sum(axis=1) - 4 * (low.shape[1] + 2) * _EPS * size.sum(axis=1) > 1e-290
    return result
