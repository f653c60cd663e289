"""GradientTape: what live tensors did, and the sweep back over it. Imports tensor, rules.shapes and ops.

A record is an op, its operands, its result, which operands are watched, and settings. The sweep runs the op's rules
from the last record to the first: on plain arrays where no other tape is live, on tensors (which record themselves on
the outer tapes) where one is. Beside an adjoint it carries a mask, where a `where` did not use the value everywhere:
what is not chosen never reaches the result. Meanings and defaults are those of `tensorflow.GradientTape`.
"""

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from types import TracebackType
from typing import Any, Self

import numpy as np

from gradcalc.arithmetic.arrays import Masked
from gradcalc.errors import NoRuleError, TapeError
from gradcalc.graph import ops
from gradcalc.tape.batch import Batch, NotTogether, batched, whole
from gradcalc.tape.custom import STOP
from gradcalc.tape.gathered import Gathered, IndexedSlices
from gradcalc.tape.nest import flatten, pack
from gradcalc.tape.rules.shapes import tied, unbroadcast
from gradcalc.tape.table import Records, tabled
from gradcalc.tape.tensor import GETITEM, LIVE, Tensor, Variable, as_array, cast, constant, is_basic, new_id, run
from gradcalc.tape.threads import alone


class UnconnectedGradients(Enum):
    """What a source gets that the target does not depend on."""

    NONE = "none"
    ZERO = "zero"


Record = tuple[Any, Sequence[Any], Tensor, Sequence[bool], dict[str, Any] | None]
"""One operation on a tape: op, operands, result, which operands are watched, settings (of an array op)."""


_SMALL = 2**15  # elements of the largest value of a sweep whose products are small
_ROOM = 2**20  # elements of one value, of all adjoints in a batch: 8 MB of doubles


class GradientTape:
    """Records what happens to watched tensors inside its `with`, and differentiates it.

    >>> x = gradcalc.Variable(3.0)
    >>> with gradcalc.GradientTape() as tape:
    ...     y = x * x + 4 * x
    >>> tape.gradient(y, x)
    <Tensor: shape=(), dtype=float64, numpy=10.0>

    Args:
        persistent: the tape can be asked more than once; it then keeps its records until it is deleted.
        watch_accessed_variables: trainable variables are watched when they are first used.
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        self.watches_variables = watch_accessed_variables
        self._recording = False
        self._clear()

    def _clear(self) -> None:
        self.records: list[Record] = []
        self.tracked: dict[int, bool] = {}  # by a tensor's id: whether a record made it
        self._variables: dict[int, Variable] = {}
        self.spans: list[tuple[int, int]] = []  # of the ids given while recording
        self.connected: set[int] = set()
        self._used = False

    # -- recording ----------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        if self._recording:
            raise TapeError("this tape is recording already", hint="a tape of its own for each `with`")
        self._recording = True
        self._opened = new_id()
        LIVE.set((*LIVE.get(), self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._recording:  # asking a tape inside its `with` has ended it
            self._stop()

    def _stop(self) -> None:
        self._recording = False
        self.spans.append((self._opened, new_id()))
        LIVE.set(tuple(tape for tape in LIVE.get() if tape is not self))

    def watch(self, tensor: Any) -> None:
        """Record what happens to a tensor, or to all in a list, tuple or dict of them, from now on."""
        for item in flatten(tensor):
            if not isinstance(item, Tensor):
                raise TypeError(f"watch takes tensors, not {type(item).__name__}: gradcalc.constant makes one")
            if item.dtype.kind != "f":
                warnings.warn(
                    f"watched a tensor of dtype {item.dtype}: only floats have a gradient; write 3.0 for 3, or cast it",
                    stacklevel=2,
                )
            else:
                self.tracked.setdefault(item.id, False)
                if isinstance(item, Variable):
                    self._variables[item.id] = item

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables that the tape watches, in the order of their first use."""
        return tuple(self._variables.values())

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Inside this `with`, operations are not recorded."""
        if not self._recording:
            raise TapeError("the tape is not recording", hint="stop_recording inside the tape's own `with`")
        self._stop()
        try:
            yield
        finally:
            self.__enter__()

    def reset(self) -> None:
        """Forget everything recorded and watched."""
        self._clear()

    def tracks(self, tensor: Tensor) -> bool:
        """The tape records what happens to the tensor."""
        return self._recording and (tensor.id in self.tracked or (tensor.trainable and self.watches_variables))

    def _sees(self, tensor: Tensor) -> bool:
        """A trainable variable is read: watch it, if variables are."""
        if not self.watches_variables or tensor.dtype.kind != "f":
            return False
        self.tracked[tensor.id] = False
        self._variables[tensor.id] = tensor  # type: ignore[assignment]
        return True

    def record(self, op: Any, operands: Sequence[Any], result: Tensor, settings: dict[str, Any] | None) -> None:
        """Take note of an operation if it has an operand that is watched."""
        if not self._recording:  # live still in a context that was copied inside the `with`
            return
        tracked = self.tracked
        wanted = [isinstance(x, Tensor) and (x.id in tracked or (x.trainable and self._sees(x))) for x in operands]
        if True in wanted:
            kind = result.array.dtype.kind
            if kind not in "fiub":
                raise TypeError(f"{op.name} makes {result.dtype} of a recorded value: tapes record real numbers only")
            kept = [_kept(x) if isinstance(x, (Variable, np.ndarray)) else x for x in operands]
            self.records.append((op, kept, result, wanted, settings))
            if op is not STOP and kind == "f":
                tracked[result.id] = True

    # -- answering ----------------------------------------------------------------------------------------------------

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: UnconnectedGradients | str = UnconnectedGradients.NONE,
    ) -> Any:
        """The gradient of the sum of the targets with respect to the sources.

        Args:
            target: a tensor, or a list, tuple or dict of tensors, of any shape.
            sources: a tensor or variable, or a list, tuple or dict of them.
            output_gradients: for each target, what to weigh it with; ones by default. Of the target's shape.
            unconnected_gradients: `"none"` or `"zero"`: what a source gets that no target depends on.

        Returns:
            In the structure of `sources`, a tensor of each source's shape and dtype.

        Raises:
            TapeError: the tape is used up.
        """
        unconnected = UnconnectedGradients(unconnected_gradients)
        self._ask("gradient")
        places = flatten(sources)
        seeds = _seeds(target, output_gradients)
        adjoints = self._sweep(seeds, _tensors(places), release=not self._persistent)
        return pack(sources, [_answer(a, x, unconnected) for a, x in zip(adjoints, places, strict=True)])

    def jacobian(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: UnconnectedGradients | str = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The derivative of every element of one target with respect to every element of the sources.

        One sweep for many elements of the target together; with `experimental_use_pfor=False` one for each. The
        arguments are TensorFlow's; `parallel_iterations` changes nothing.

        Returns:
            In the structure of `sources`, a tensor of shape `target.shape + source.shape`.
        """
        unconnected = UnconnectedGradients(unconnected_gradients)
        _check_one(target, "target")
        self._ask("jacobian")
        places = flatten(sources)
        rows = self._rows(target, target.shape, places, experimental_use_pfor)
        shape = target.shape
        return pack(sources, [_stack(row, shape, x, unconnected) for row, x in zip(rows, places, strict=True)])

    def batch_jacobian(
        self,
        target: Any,
        source: Any,
        unconnected_gradients: UnconnectedGradients | str = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The Jacobian of each row of the target with respect to the same row of the source.

        Rows must not depend on each other's sources (what does, adds up). Sweeps as those of `jacobian`.

        Returns:
            A tensor of shape `(batch,) + target.shape[1:] + source.shape[1:]`: zeros, as TensorFlow's, of a source that
            the target does not depend on.
        """
        UnconnectedGradients(unconnected_gradients)  # what it does not know, it refuses
        _check_one(target, "target")
        _check_one(source, "source")
        if target.ndim < 1 or source.ndim < 1 or target.shape[0] != source.shape[0]:
            raise ValueError(f"batch_jacobian needs as many rows in target {target.shape} as in source {source.shape}")
        self._ask("batch_jacobian")
        (rows,) = self._rows(target, target.shape[1:], [source], experimental_use_pfor)
        stacked = _stack(rows, target.shape[1:], source, UnconnectedGradients.ZERO)
        return np.moveaxis(stacked, target.ndim - 1, 0)  # type: ignore[type-var]

    def table(self, target: Tensor | None = None) -> Records:
        """What the tape recorded, step by step, with shapes and values: an answer that shows itself as a table.

        >>> x = gradcalc.Variable(2.0)
        >>> with gradcalc.GradientTape() as tape:
        ...     y = x * np.sin(x)
        >>> [row.step for row in tape.table(y).rows]
        ['Variable', 'sin(v1)', 'mul(v1, v2)']

        Args:
            target: also show the gradient of its sum for every step. The tape can be asked afterwards all the same.

        Raises:
            TapeError: the tape has answered, and its records are gone.
        """
        if self._used:
            raise TapeError(
                "this tape has answered already: its records are gone",
                hint="the table before the gradient, or GradientTape(persistent=True)",
            )
        watched = {key: getattr(self._variables.get(key), "name", None) for key in self.tracked}
        if target is None:
            return tabled(self.records, watched, None)
        _check_one(target, "target")
        steps = {x.id: x for record in self.records for x in (*record[1], record[2]) if isinstance(x, Tensor)}
        adjoints = self._sweep(_seeds(target, None), list(steps.values()), release=False)
        return tabled(self.records, watched, dict(zip(steps, adjoints, strict=True)))

    def _rows(self, target: Tensor, last: tuple[int, ...], places: list[Tensor], together: bool) -> list[list[Any]]:
        """For each source, the adjoints of many seeds, in pieces along a first axis; None where unconnected.

        The seeds: for each place along the last axes, whose sizes are given, ones there along all axes before.
        """
        basis = np.eye(math.prod(last), dtype=target.dtype)
        step = max(1, _ROOM // max([1, *(record[2].size for record in self.records)])) if together else 1
        sources, found = _tensors(places), []
        for start in range(0, len(basis), step):
            some = basis[start : start + step].reshape(-1, *(1,) * (target.ndim - len(last)), *last)
            seeds = np.broadcast_to(some, (len(some), *target.shape))
            seed = Batch(seeds) if len(seeds) > 1 else np.array(seeds[0])[()]
            adjoints = self._sweep([(target, seed)], sources, release=False)
            found.append([None if a is None else whole(a, len(seeds)) for a in adjoints])
        if not self._persistent:
            self.records = []
        return [[adjoints[i] for adjoints in found] for i in range(len(places))]

    def _ask(self, method: str) -> None:
        """Whether the tape can answer; a tape that answers once does not record on."""
        if self._used:
            raise TapeError(
                "this tape has answered already: a non-persistent GradientTape gives one set of gradients",
                hint="GradientTape(persistent=True), or all sources in one call",
            )
        if self._recording:
            self._warn_inside(method)
        self._used = not self._persistent

    def _warn_inside(self, method: str) -> None:
        if self._persistent:
            text = "records the gradient's own operations too, which takes time and memory"
        else:
            text = "ends the recording here"
            self._stop()
        warnings.warn(
            f"tape.{method}() inside the tape's own `with` {text}: call it after the block; "
            "for a second derivative nest two tapes",
            stacklevel=3,
        )

    def _sweep(self, seeds: list[tuple[Tensor, Any]], sources: list[Tensor], release: bool) -> list[Any]:
        """The adjoints of the sources: arrays, or tensors where another tape is live; None where unconnected."""
        if all(record[2].array.size <= _SMALL for record in self.records):
            return alone(self._swept, seeds, sources, release)  # type: ignore[no-any-return]
        return self._swept(seeds, sources, release)

    def _swept(self, seeds: list[tuple[Tensor, Any]], sources: list[Tensor], release: bool) -> list[Any]:
        """The adjoints, by a sweep."""
        plain = not LIVE.get()
        keep = {x.id for x in sources}
        sweep = _Sweep(self.tracked, plain, keep)
        for target, seed in seeds:
            if target.id in self.tracked or target.id in keep:
                given = plain and isinstance(seed, Tensor) and type(seed) is not Batch
                sweep.add(target, seed.array if given else seed, None)
        records = self.records if release else self.records.copy()
        adjoints = sweep.adjoints
        unreached: list[Record] = []
        with np.errstate(all="ignore"):
            while records:
                record = records.pop()
                if record[2].id in adjoints:
                    sweep.step(record)
                else:
                    unreached.append(record)
        self.connected |= keep & adjoints.keys()
        if release and not keep <= self.connected:
            self.records = unreached[::-1]  # explain_none reads them
        sweep.check(sources)
        return [adjoints.get(x.id) for x in sources]


@contextmanager
def resumed(recorders: Sequence[Any]) -> Iterator[None]:
    """Inside this `with`, those of these tapes that have stopped and can still be asked record on."""
    asleep = [x for x in recorders if isinstance(x, GradientTape) and not x._recording and not x._used]
    for tape in asleep:
        tape.__enter__()
    try:
        yield
    finally:
        for tape in asleep:
            tape._stop()


class _Sweep:
    """The state of one reverse pass: adjoints by the id of a tensor, and masks where not all of it is used."""

    def __init__(self, tracked: dict[int, bool], plain: bool, keep: set[int]) -> None:
        self.tracked = tracked
        self.plain = plain
        self.keep = keep
        self.adjoints: dict[int, Any] = {}
        self.masks: dict[int, Any] = {}
        self.own: set[int] = set()
        """The adjoints that are arrays of this pass alone, and may be added to in place."""
        self.lost: dict[int, str] = {}
        """Whose adjoint lacks a part, and what has no rule for it."""

    def check(self, sources: Sequence[Tensor]) -> None:
        """Refuse what would be no derivative: a part of it has no rule."""
        for x in sources:
            if x.id in self.lost:
                raise NoRuleError(self.lost[x.id], hint="a plain number there, or gradcalc.custom_gradient for a rule")

    def step(self, record: Record) -> None:
        """Pass the adjoint of a record's result on to its operands."""
        op, operands, result, wanted, settings = record
        key = result.id
        g = self.adjoints[key] if key in self.keep else self.adjoints.pop(key)
        mask = self.masks.pop(key, None) if self.masks else None
        if self.lost and key in self.lost:
            self.lost.update((x.id, self.lost[key]) for x, want in zip(operands, wanted, strict=True) if want)
        if self.plain and mask is not None and not mask.any():
            for x, want in zip(operands, wanted, strict=True):
                if want:
                    self.add(x, 0, np.broadcast_to(np.False_, x.shape))
            return
        taken = op is GETITEM and settings is not None and self.plain and mask is None
        if taken and self._put_back(operands[0], g, settings["index"]):  # type: ignore[index]
            return
        if self.plain:
            xs: Sequence[Any] = [x.array if isinstance(x, Tensor) else x for x in operands]
            y = result.array
        else:
            xs, y = operands, result
        parts = _parts(op, g, y, wanted, xs, settings or {})
        if op.steps and not self.plain:
            parts = [None if part is None else tied(part, *operands) for part in parts]
        if None in op.rules:
            self._lose(record)
        if settings is not None:
            self._through_array_op(record, parts, xs, mask)
            return
        for part, x, want in zip(parts, operands, wanted, strict=True):
            if not want or part is None:
                continue
            if mask is None and type(part) is not Masked:
                self.add(x, part, None)
            else:
                self._add_masked(op, part, x, mask)

    def _lose(self, record: Record) -> None:
        """Note whose adjoint lacks the part that has no rule."""
        op, operands, _, wanted, _ = record
        for i, (x, want, rule) in enumerate(zip(operands, wanted, op.rules, strict=True), 1):
            if want and rule is None:
                self.lost[x.id] = f"{op.name} has no derivative rule for its argument {i}"
                self.add(x, 0, None)

    def _put_back(self, x: Tensor, g: Any, index: Any) -> bool:
        """Add the adjoint of a part where it was taken, in place: as many parts as `x` has cost no more than `x`.

        False where it cannot be: many adjoints at once, an index that may name an element twice.
        """
        before = self.adjoints.get(x.id)
        if type(g) is Batch or type(before) is Batch or not x.ndim or not is_basic(index):
            return False
        if x.id not in self.own:
            self.adjoints[x.id] = np.zeros(x.shape, x.dtype) if before is None else np.array(before)
            self.own.add(x.id)
        self.adjoints[x.id][index] += g
        self.masks.pop(x.id, None)
        return True

    def _through_array_op(self, record: Record, parts: list[Any], xs: Sequence[Any], mask: Any) -> None:
        """The parts of an array op; a mask goes on where the op only moves elements about."""
        op, operands, result, _, settings = record
        assert settings is not None
        for i, part in enumerate(parts):
            if part is None:
                continue
            x, used = operands[i], None
            if type(part) is Masked:
                part, used = part.value, part.mask
            if mask is not None and not mask.any():  # nothing is used; but which path there is, values do not say
                part, used = _chosen(np.False_, part), np.broadcast_to(np.False_, x.shape)
            elif mask is not None and op.passes and self.tracked.get(x.id):
                alone = [j == i for j in range(len(operands))]
                arrays = [v.array if isinstance(v, Tensor) else v for v in operands]
                carried = _parts(op, mask.astype(float), result.array, alone, arrays, settings)[i]
                used = (carried.value if type(carried) is Masked else carried) != 0
            self.add(x, part, used if self.tracked.get(x.id) else None)

    def _add_masked(self, op: Any, part: Any, x: Tensor, mask: Any) -> None:
        """Add a contribution of an elementwise op under the masks of the result and of the rule."""
        used = mask
        if type(part) is Masked:
            used = part.mask if mask is None else part.mask & mask
            part = part.value
        if mask is not None and not op.passes:
            part = _chosen(mask, part)
        if not self.tracked.get(x.id):
            used = None
        elif used.shape != x.shape:
            used = unbroadcast(np.broadcast_to(used, np.broadcast_shapes(used.shape, x.shape)), x.shape)
        self.add(x, part, used)

    def add(self, x: Tensor, part: Any, mask: Any) -> None:
        """Add a contribution to the adjoint of a tensor."""
        array = x.array
        value = part.array if type(part) is Tensor else part
        if type(value) is not type(array) or (
            type(value) is np.ndarray and (value.shape != array.shape or value.dtype != array.dtype)
        ):
            part = _fitted(part, x)
        adjoints, key = self.adjoints, x.id
        if key not in adjoints:
            adjoints[key] = part
            if mask is not None:
                self.masks[key] = mask
            return
        adjoints[key] = adjoints[key] + part
        if self.masks:
            before = self.masks.pop(key, None)
            if before is not None and mask is not None:
                self.masks[key] = before | mask


def _kept(operand: Any) -> Any:
    """An operand as a record keeps it: safe from later assignments, also to the base of a view."""
    if isinstance(operand, Variable):
        return operand.snapshot()
    if type(operand) is np.ndarray and (operand.flags.writeable or operand.base is not None):
        return operand.copy()
    return operand


def _parts(op: Any, g: Any, y: Any, wanted: Sequence[bool], xs: Sequence[Any], settings: dict[str, Any]) -> list[Any]:
    """What the rules of an op pass on to its operands, None to those not wanted."""
    try:
        if op.variadic:
            return op.rules[0](g, y, wanted, *xs, **settings)  # type: ignore[no-any-return]
        return [
            rule(g, y, *xs, **settings) if want and rule else None for rule, want in zip(op.rules, wanted, strict=True)
        ]
    except NotTogether:
        each = [_parts(op, one, y, wanted, xs, settings) for one in g.apart()]
        return [_gathered(parts, x) for parts, x in zip(zip(*each, strict=True), xs, strict=True)]


def _gathered(parts: Sequence[Any], x: Any) -> Any:
    """The contributions of the adjoints in a batch to one operand, as one."""
    if all(part is None for part in parts):
        return None
    values: list[Any] = [part.value if type(part) is Masked else 0 if part is None else part for part in parts]
    values = [value if hasattr(value, "shape") else np.full(x.shape, value, x.dtype)[()] for value in values]
    shape = np.broadcast_shapes(*(value.shape for value in values))  # what was broadcast is summed after it is masked
    together = batched([np.broadcast_to(value, shape) for value in values])
    return Masked(together, parts[0].mask) if type(parts[0]) is Masked else together


def _chosen(mask: Any, part: Any) -> Any:
    """The contribution where the mask holds, 0 elsewhere."""
    if isinstance(part, Tensor):
        return run(ops.where, (mask, part, 0), None)
    return np.where(mask, part, 0)[()] if isinstance(part, np.ndarray | np.generic) else part


def _fitted(part: Any, x: Tensor) -> Any:
    """A contribution in the operand's shape and dtype: broadcasting and promotion undone."""
    if not isinstance(part, Tensor | np.ndarray | np.generic):
        return np.full(x.shape, part, x.dtype)[()]
    if part.shape != x.shape:
        part = unbroadcast(np.broadcast_to(part, np.broadcast_shapes(part.shape, x.shape)), x.shape)
    if part.dtype != x.dtype:
        part = cast(part, x.dtype) if isinstance(part, Tensor) else part.astype(x.dtype)
    return part[()] if type(part) is np.ndarray and not part.ndim else part


# -- questions and answers ---------------------------------------------------------------------------------------------


def _tensors(places: Sequence[Any]) -> list[Tensor]:
    """The sources, which must be tensors."""
    for place in places:
        if not isinstance(place, Tensor):
            raise TypeError(f"a source must be a variable or a tensor, not {type(place).__name__}")
    return list(places)


def _check_one(tensor: Any, what: str) -> None:
    """One tensor, where a structure would have no meaning."""
    if not isinstance(tensor, Tensor):
        kind = type(tensor).__name__
        raise TypeError(f"a Jacobian has one tensor for {what}, not a {kind}; try: a call for each, or np.concatenate")


def _seeds(target: Any, output_gradients: Any) -> list[tuple[Tensor, Any]]:
    """The floating targets, each with the adjoint that the sweep begins with."""
    targets = flatten(target)
    weights = [output_gradients] if isinstance(target, Tensor) else flatten(output_gradients)
    if output_gradients is None:
        weights = [None] * len(targets)
    if len(weights) != len(targets):
        raise ValueError(f"{len(weights)} output_gradients for {len(targets)} targets")
    seeds = []
    for target, weight in zip(targets, weights, strict=True):
        if not isinstance(target, Tensor):
            raise TypeError(f"a target must be a tensor, not {type(target).__name__}: nothing recorded made it")
        if target.dtype.kind != "f":
            warnings.warn(
                f"the target has dtype {target.dtype}: only floats have a gradient; write 3.0 for 3", stacklevel=3
            )
        elif weight is None:
            seeds.append((target, np.ones(target.shape, target.dtype) if target.ndim else target.dtype.type(1)))
        else:
            seeds.append((target, _weight(weight, target)))
    return seeds


def _weight(weight: Any, target: Tensor) -> Any:
    value = weight if isinstance(weight, Tensor) else constant(as_array(weight, target.dtype))
    if value.shape != target.shape:
        raise ValueError(f"output_gradients has shape {value.shape}, its target {target.shape}")
    return value


def _answer(adjoint: Any, source: Tensor, unconnected: UnconnectedGradients) -> Tensor | None:
    if adjoint is None:
        return None if unconnected is UnconnectedGradients.NONE else constant(np.zeros(source.shape, source.dtype))
    if type(adjoint) is Gathered:
        return IndexedSlices(adjoint) if adjoint.terms else Tensor(np.asarray(adjoint))
    return adjoint if isinstance(adjoint, Tensor) else Tensor(adjoint)


def _stack(rows: list[Any], shape: tuple[int, ...], source: Tensor, unconnected: UnconnectedGradients) -> Tensor | None:
    """Pieces of adjoints along a first axis as one tensor of shape `shape + source.shape`."""
    if rows and all(row is None for row in rows) and unconnected is UnconnectedGradients.NONE:
        return None
    zeros = np.zeros(shape + source.shape, source.dtype)
    if not rows or rows[0] is None:
        return constant(zeros)
    stacked = np.reshape(rows[0] if len(rows) == 1 else np.concatenate(rows), zeros.shape)
    return stacked if isinstance(stacked, Tensor) else Tensor(stacked[()])
