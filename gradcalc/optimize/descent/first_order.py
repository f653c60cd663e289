"""Gradient descent and its kin: the optimizers' formulas, traced into a graph and run over floats.

The step is the same formula that moves the weights of a network (`optimizers`), here as generated Python.
"""

from collections.abc import Callable, Iterator, Sequence

from gradcalc.arithmetic.native import function
from gradcalc.graph.graph import Graph
from gradcalc.optimize.descent.objective import Objective
from gradcalc.optimize.descent.watch import Bounds, Watch
from gradcalc.optimize.optimizers import Optimizer
from gradcalc.optimize.state import State

Move = Callable[..., tuple[float, ...]]


def update(optimizer: Optimizer, count: int) -> Move:
    """One step for `count` variables: takes gradient, point, state and rate, flat; gives point and state, flat.

    The state holds all variables of the first slot, then of the next.
    """
    graph = Graph()
    slots = len(optimizer.slots())
    names = [f"{part}{i}" for part in ("g", "x", *(f"s{k}_" for k in range(slots))) for i in range(count)]
    inputs = [graph.input(name) for name in (*names, "rate")]
    g, x, *state = (inputs[k * count : (k + 1) * count] for k in range(slots + 2))
    rate = graph.ref(inputs[-1])
    results = [
        optimizer.step(graph.ref(g[i]), graph.ref(x[i]), [graph.ref(s[i]) for s in state], rate) for i in range(count)
    ]
    return function.function(graph, inputs, [result[k].index for k in range(slots + 1) for result in results])


def run(
    optimizer: Optimizer,
    objective: Objective,
    start: Sequence[float],
    watch: Watch,
    batches: Iterator[Objective] | None = None,
) -> None:
    """Step until the watch stops it; steps end at its bounds, and `batches` are the objectives of the steps."""
    count, x = len(start), tuple(start)
    state = tuple(initial for initial in optimizer.slots().values() for _ in range(count))
    move = update(optimizer, count)
    if watch.bounds:
        x = _within(x, watch.bounds)
    rate = optimizer.rate_after(0)
    fixed = float(rate) if isinstance(rate, State) else None  # of a number, which no step changes
    step = 0
    while True:
        if batches is not None:
            objective = next(batches)
        value, gradient = objective.slope(x)
        watch(x, value, gradient)
        step += 1
        rate = float(optimizer.rate_after(step - 1)) if fixed is None else fixed
        moved = move(*gradient, *x, *state, optimizer.rate_at(rate, step))
        x, state = moved[:count], moved[count:]
        if watch.bounds:
            x = _within(x, watch.bounds)


def _within(x: Sequence[float], bounds: Bounds) -> tuple[float, ...]:
    """The nearest point within bounds."""
    return tuple(min(max(a, low), high) for a, (low, high) in zip(x, bounds, strict=True))
