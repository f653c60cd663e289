"""What all compiled code of a formula has: its variables by name, its outputs as nodes. Imports llvmlite and graph."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from gradcalc.arithmetic.native.code import llvm
from gradcalc.errors import UsageError, did_you_mean
from gradcalc.graph.domain import defined, kinked
from gradcalc.graph.graph import Graph
from gradcalc.graph.shapes import Shape, labels


class Compiled:
    """A formula and its derivatives as the nodes of a graph, for code over columns of points.

    `gradcalc.compile` makes both. `extra` are more nodes.

    Attributes:
        names: the variables; of arrays the elements, `x[0]`.
        wrt: those of `names` that are differentiated for.
        order: 0 without a gradient, 1 without a Hessian, else 2.
        latex: the formula, as a notebook shows it; where that is not known the kernel is shown as at a prompt.
    """

    latex: str = ""

    def __init__(
        self,
        graph: Graph,
        output: int,
        names: Sequence[str],
        wrt: Sequence[str] = (),
        gradient: Sequence[int] | None = None,
        hessian: Mapping[tuple[int, int], int] | None = None,
        shapes: Mapping[str, Shape] | None = None,
        extra: Sequence[int] = (),
    ) -> None:
        llvm()  # that it is missing is told before any column is read
        self.order = 0 if gradient is None else 1 if hessian is None else 2
        self._shapes = {name: (shapes or {}).get(name, ()) for name in names}
        self.names = [label for name in names for label in labels(name, self._shapes[name])]
        self.wrt = [label for name in wrt for label in labels(name, self._shapes[name])]
        self._graph = graph
        self._inputs = [graph.input(name) for name in self.names]
        entries = hessian or {}
        self._entries = [place for place in entries if place[0] >= place[1]]
        self._outputs = [output, *(gradient or ()), *(entries[place] for place in self._entries), *extra]
        self._extra = len(extra)
        self._mirrored = [n for n, (i, j) in enumerate(self._entries, start=1 + len(gradient or ())) if i != j]
        self._needed = graph.needed(self._outputs)
        self._prepare()

    def _prepare(self) -> None:
        """What one kind of code has beside this, at first."""

    def __repr__(self) -> str:
        shown = [names if len(names) < 10 else [*names[:9], "..."] for names in (self.names, self.wrt)]
        told = f"{', '.join(shown[0])}; wrt {', '.join(shown[1]) or 'nothing'}; order {self.order}"
        return f"{type(self).__name__}({told})"

    def _repr_latex_(self) -> str | None:
        """What a notebook shows: the formula and what is computed of it."""
        return f"$f = {self.latex}$ — `{self!r}`" if self.latex else None

    def domain(self) -> Self:
        """A kernel whose value is 1 where the formula has one, 0 where an op that it uses leaves its domain."""
        output = defined(self._graph, self._outputs[0])
        return type(self)(self._graph, output, list(self._shapes), shapes=self._shapes)

    def kinks(self) -> Self | None:
        """A kernel whose value is 1 where an op that is used is on a kink, a jump or a branch boundary; None of none.

        A derivative in such a row is a choice, if there is one at all.
        """
        output = kinked(self._graph, self._outputs[0])
        return None if output is None else type(self)(self._graph, output, list(self._shapes), shapes=self._shapes)

    @property
    def hessian_places(self) -> list[tuple[int, int]]:
        """The rows and columns of the Hessian's entries that `point` gives."""
        return list(self._entries)

    def _expect(self, given: Mapping[str, Any]) -> None:
        """Refuse what is missing or unknown."""
        for name in given:
            if name not in self._shapes:
                raise UsageError(f"the formula does not contain {name}", hint=did_you_mean(name, self._shapes))
        missing = next((name for name in self._shapes if name not in given), None)
        if missing is not None:
            raise UsageError(f"no value for {missing}", hint=f"{missing}=...")


def common_length(lengths: Mapping[str, int]) -> int:
    """The number of rows that all columns have."""
    if len(set(lengths.values())) > 1:
        different = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise UsageError(f"the columns differ in length: {different}")
    return next(iter(lengths.values()))
