"""explain_none: why a gradient is None. Imports tape; reads what it recorded."""

from typing import Any

from gradcalc.tape.custom import STOP
from gradcalc.tape.tape import GradientTape
from gradcalc.tape.tensor import CAST, Tensor, Variable


def explain_none(tape: GradientTape, target: Any, source: Any) -> str:
    """Why `tape.gradient(target, source)` is None, and what to do; the first cause that is found.

    Ask after `gradient`, or before it: a tape that has answered keeps what this needs.

    Args:
        target: one tensor, not a structure of them.
        source: one tensor or variable.
    """
    for what, value in (("source", source), ("target", target)):
        if not isinstance(value, Tensor):
            kind = type(value).__name__
            return f"The {what} is of type {kind}, no tensor: no tape can have seen it. gradcalc.constant makes one."
        if value.dtype.kind != "f":
            return f"The {what} has dtype {value.dtype}: only floats have a gradient. Write 3.0 for 3, or cast it."
    connected = "It is not None: the target depends on the source, and the tape has the way."
    if source.id in tape.connected or source is target:
        return connected
    if source.id not in tape.tracked:
        return _unwatched(tape, source)
    reached, cuts = _follow(tape, source)
    if target.id in reached:
        return connected
    if not any(start < target.id < end for start, end in tape.spans):
        return "The target was computed outside the tape's `with` (or while it did not record): compute it inside."
    if cuts:
        return f"Every way from the source that the tape saw ends in {' or '.join(cuts)}: no gradient flows there."
    if len(reached) == 1:
        return "The tape saw no operation on the source: the target does not depend on it, or by .numpy() only."
    return "The tape saw operations on the source, but none leads to the target: the target does not depend on it."


def _unwatched(tape: GradientTape, source: Tensor) -> str:
    never = "The source was never watched"
    if not isinstance(source, Variable):
        return f"{never}: it is not a Variable. tape.watch(source) at the top of the `with`."
    if not source.trainable:
        return f"{never}: the variable is not trainable. tape.watch(source) at the top of the `with`."
    if not tape.watches_variables:
        return f"{never}: the tape was made with watch_accessed_variables=False. tape.watch(source)."
    return f"{never}: the tape did not see the variable read while it recorded."


def _follow(tape: GradientTape, source: Tensor) -> tuple[set[int], list[str]]:
    """The ids of what depends on the source by the tape's records, and the cuts on the way, each once."""
    reached, cuts = {source.id}, dict[str, None]()
    for op, operands, result, wanted, _ in tape.records:
        if not any(want and x.id in reached for x, want in zip(operands, wanted, strict=True)):
            continue
        if result.id in tape.tracked:
            reached.add(result.id)
        elif op is STOP:
            cuts["stop_gradient"] = None
        elif op is CAST:
            cuts[f"a cast to {result.dtype}"] = None
        else:
            cuts[f"{op.name}, whose result is {result.dtype}"] = None
    return reached, list(cuts)
