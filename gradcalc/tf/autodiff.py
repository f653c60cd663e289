"""`tf.autodiff`: forward mode by two reverse sweeps. Imports tape and NumPy."""

from contextlib import nullcontext
from types import TracebackType
from typing import Any, Self

from gradcalc.tape import nest
from gradcalc.tape.tape import GradientTape, UnconnectedGradients, resumed
from gradcalc.tape.tensor import LIVE, Tensor
from gradcalc.tf.arrays import zeros_like
from gradcalc.tf.defaults import as_tensor


class ForwardAccumulator:
    """Derivatives in a direction, of what is computed inside its `with`.

    The gradient is linear in the adjoint that its sweep begins with, and the derivative of it with respect to that
    adjoint is the derivative in a direction: the trick of two reverse sweeps (Townsend 2017).

    Tapes and accumulators around this one record its answers, also those that are asked for later, as if each were
    computed with the value that it is of.

    Args:
        primals: a tensor or variable, or a list, tuple or dict of them, each once.
        tangents: the direction, in the same structure.

    Raises:
        ValueError: a primal is there twice, or a tangent has another dtype or shape.
    """

    def __init__(self, primals: Any, tangents: Any) -> None:
        self._primals = nest.flatten(primals)
        directions = nest.flatten(tangents)
        if len({id(x) for x in self._primals}) < len(self._primals):
            raise ValueError("a tensor is there twice among the primals: if that is meant, add up its tangents")
        self._tangents = [_tangent(t, x) for t, x in zip(directions, self._primals, strict=True)]
        self._tape = GradientTape(persistent=True, watch_accessed_variables=False)
        self._recording = False
        self._around: tuple[Any, ...] = ()

    def __enter__(self) -> Self:
        self._around = LIVE.get()
        self._tape.__enter__()
        self._tape.watch(self._primals)
        self._recording = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._recording = False
        self._tape.__exit__(kind, error, traceback)

    def jvp(self, primals: Any, unconnected_gradients: Any = UnconnectedGradients.NONE) -> Any:
        """The derivative of tensors, in the structure they are given in; None or zeros for what does not depend."""
        with resumed(self._around):
            return nest.apply(lambda y: self._derivative(y, unconnected_gradients), primals)

    def _derivative(self, y: Any, unconnected_gradients: Any) -> Any:
        with GradientTape() as outer, self._tape.stop_recording() if self._recording else nullcontext():
            adjoint = zeros_like(y)
            outer.watch(adjoint)
            gradients = self._tape.gradient(y, self._primals, output_gradients=adjoint)
        used = [(g, t) for g, t in zip(gradients, self._tangents, strict=True) if g is not None]
        weights = [t for _, t in used]
        return outer.gradient([g for g, _ in used], adjoint, weights, unconnected_gradients)


def _tangent(tangent: Any, primal: Tensor) -> Tensor:
    """A direction as a tensor, of its primal's shape and dtype."""
    found = as_tensor(tangent, None if isinstance(tangent, Tensor) else primal.dtype)
    if found.dtype != primal.dtype or found.shape != primal.shape:
        raise ValueError(
            f"a tangent of dtype {found.dtype} and shape {found.shape} for a primal of {primal.dtype}, {primal.shape}"
        )
    return found
