"""Loops and branches: Python's own, under TensorFlow's names, over structures of tensors. Imports tape.

Structures are lists, tuples and dicts; but where parts of tensors are mapped over, a list of nothing but numbers is a
tensor. What TensorFlow needs to build a graph (`parallel_iterations`, `swap_memory`, `infer_shape`,
`shape_invariants`, `strict`) changes nothing here; with `back_prop=False` no gradient flows through the result.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcalc.tape import nest
from gradcalc.tape.custom import stop_gradient
from gradcalc.tape.tensor import Tensor
from gradcalc.tf.arrays import stack
from gradcalc.tf.data import TensorSpec
from gradcalc.tf.defaults import as_tensor
from gradcalc.tf.tensor_array import TensorArray

__all__ = ["case", "cond", "foldl", "foldr", "map_fn", "scan", "switch_case", "vectorized_map", "while_loop"]
"""What `tf` itself has of these."""

Function = Callable[..., Any]
Branch = Callable[[], Any]

# -- structures --------------------------------------------------------------------------------------------------------


def _is_number(x: Any) -> bool:
    """A number, or nested lists of numbers."""
    return all(map(_is_number, x)) if isinstance(x, list) else isinstance(x, int | float | np.generic)


def _tensors(structure: Any) -> Any:
    """A structure with tensors for its values."""
    if isinstance(structure, dict):
        return {key: _tensors(item) for key, item in structure.items()}
    if isinstance(structure, tuple) or (isinstance(structure, list) and not _is_number(structure)):
        items = [_tensors(item) for item in structure]
        return type(structure)(*items) if hasattr(structure, "_fields") else type(structure)(items)
    return as_tensor(structure)


def _value(x: Any, dtype: Any = None) -> Any:
    """A tensor; an array of tensors as it is."""
    return x if isinstance(x, TensorArray) else as_tensor(x, dtype)


def _same(a: Any, b: Any) -> bool:
    """Two structures that differ in no more than their values, and in tuples for lists."""
    if isinstance(a, dict) or isinstance(b, dict):
        return (
            isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
        )
    if isinstance(a, list | tuple) or isinstance(b, list | tuple):
        both = isinstance(a, list | tuple) and isinstance(b, list | tuple) and len(a) == len(b)
        return both and all(map(_same, a, b))
    return True


def _like(value: Any, model: Any, what: str) -> Any:
    """A value in the structure of a model, its numbers as tensors of the model's floating dtypes."""
    if not _same(value, model):
        raise ValueError(f"{what}: the two structures don't have the same nested structure: {value!r} and {model!r}")
    pairs = zip(nest.flatten(value), nest.flatten(model), strict=True)
    return nest.pack(model, [_value(x, None if isinstance(x, Tensor) else _floating(y)) for x, y in pairs])


def _floating(x: Any) -> Any:
    return x.dtype if x.dtype.kind == "f" else None


def _parts(elems: Any, what: str, spread: bool = False) -> list[Any]:
    """The parts of a structure along the first axis of its tensors; `spread`: one part stands for as many as needed."""
    elems = _tensors(elems)
    leaves = nest.flatten(elems)
    if not all(x.ndim for x in leaves):
        raise ValueError(f"{what}: elements in elems must be 1+ dimensional tensors, not scalars")
    lengths = {len(x) for x in leaves}
    if spread and len(lengths) > 1:
        lengths -= {1}
    if len(lengths) != 1:
        raise ValueError(f"{what}: first dimensions {' and '.join(map(str, sorted(lengths)))} are not compatible")
    (n,) = lengths
    return [nest.apply(lambda x, i=i: x[i if len(x) == n else 0], elems) for i in range(n)]  # type: ignore[misc]


def _stacked(results: Sequence[Any], what: str) -> Any:
    """The values at each place of structures, stacked, in the structure of the first."""
    first = results[0]
    if not all(_same(result, first) for result in results):
        raise ValueError(f"{what}: the results don't have the same nested structure")
    rows = [nest.flatten(result) for result in results]
    return nest.pack(first, [None if column[0] is None else stack(column) for column in zip(*rows, strict=True)])


def _out(result: Any, back_prop: bool) -> Any:
    return result if back_prop else nest.apply(lambda x: stop_gradient(x) if isinstance(x, Tensor) else x, result)


# -- loops -------------------------------------------------------------------------------------------------------------


def map_fn(
    fn: Function, elems: Any, dtype: Any = None, parallel_iterations: int | None = None, back_prop: bool = True,
    swap_memory: bool = False, infer_shape: bool = True, name: str | None = None, fn_output_signature: Any = None,
) -> Any:  # fmt: skip
    """`fn` of each part along the first axis, stacked. Parts have the structure of `elems`, the result that of `fn`.

    `fn_output_signature` (or `dtype`) is a dtype or a `TensorSpec`, or a structure of them: that of what `fn` returns.

    Raises:
        ValueError: first dimensions differ, or results have another structure than they must have.
        TypeError: a result has another dtype than the signature says.
    """
    signature = dtype if fn_output_signature is None else fn_output_signature
    types = None if signature is None else _dtypes(signature)
    results = [fn(part) for part in _parts(elems, "map_fn")]
    if types is not None:
        results = [_typed(result, types) for result in results]
    if not results:
        like = nest.apply(lambda x: x.dtype, _tensors(elems)) if types is None else types
        return nest.apply(lambda kind: Tensor(np.zeros(0, kind)), like)
    return _out(_stacked(results, "map_fn"), back_prop)


def _dtypes(signature: Any) -> Any:
    """A signature with NumPy's dtypes for what it holds."""
    if isinstance(signature, dict):
        return {key: _dtypes(item) for key, item in signature.items()}
    if isinstance(signature, TensorSpec):
        return np.dtype(signature.dtype)
    if isinstance(signature, list | tuple):
        return type(signature)(map(_dtypes, signature))
    return np.dtype(signature)


def _typed(result: Any, types: Any) -> Any:
    """A result of `fn` in the structure and of the dtypes of its signature."""
    found = _like(result, nest.apply(lambda kind: np.zeros(0, kind), types), "map_fn")
    for x, kind in zip(nest.flatten(found), nest.flatten(types), strict=True):
        if x.dtype != kind:
            raise TypeError(f"map_fn: fn returned a tensor of {x.dtype}, and fn_output_signature says {kind}")
    return found


def vectorized_map(fn: Function, elems: Any, fallback_to_while_loop: bool = True, warn: bool = True) -> Any:
    """As `map_fn`; a tensor with one part lends it to all."""
    return _stacked([fn(part) for part in _parts(elems, "vectorized_map", spread=True)], "vectorized_map")


def while_loop(
    cond: Function, body: Function, loop_vars: Any, shape_invariants: Any = None, parallel_iterations: int = 10,
    back_prop: bool = True, swap_memory: bool = False, maximum_iterations: Any = None, name: str | None = None,
) -> Any:  # fmt: skip
    """The loop variables, after `body` as often as `cond` of them holds, but `maximum_iterations` times at most.

    `loop_vars` is a list or tuple of tensors or structures, which both functions take as arguments; a tensor or a dict
    by itself is one variable. The result has its structure.

    Raises:
        ValueError: there are no loop variables, or `body` returns another structure.
    """
    if isinstance(loop_vars, list | tuple) and not loop_vars:
        raise ValueError("while_loop: 'loop_vars' must be provided")
    alone = not isinstance(loop_vars, list | tuple)
    values = nest.apply(_value, [loop_vars] if alone else loop_vars)
    left = None if maximum_iterations is None else int(maximum_iterations)
    while (left is None or left > 0) and cond(*values):
        answer = body(*values)
        one = len(values) == 1 and not _same(answer, values)
        values = _like([answer] if one else answer, values, "while_loop")
        left = None if left is None else left - 1
    return _out(values[0] if alone else values, back_prop)


def _fold(fn: Function, elems: Any, initializer: Any, reverse: bool, what: str) -> list[Any]:
    """What `fn(accumulated, part)` comes to after each part, from the first or from the last."""
    parts = _parts(elems, what)[:: -1 if reverse else 1]
    if not parts and initializer is None:
        raise ValueError(f"{what}: elems are empty, and there is no initializer")
    values = [parts.pop(0) if initializer is None else nest.apply(_value, initializer)]
    for part in parts:
        values.append(_like(fn(values[-1], part), values[-1], what))
    return values


def foldl(
    fn: Function, elems: Any, initializer: Any = None, parallel_iterations: int = 10, back_prop: bool = True,
    swap_memory: bool = False, name: str | None = None,
) -> Any:  # fmt: skip
    """`fn(accumulated, part)` over the parts along the first axis, from the first to the last."""
    return _out(_fold(fn, elems, initializer, False, "foldl")[-1], back_prop)


def foldr(
    fn: Function, elems: Any, initializer: Any = None, parallel_iterations: int = 10, back_prop: bool = True,
    swap_memory: bool = False, name: str | None = None,
) -> Any:  # fmt: skip
    """`fn(accumulated, part)` over the parts along the first axis, from the last to the first."""
    return _out(_fold(fn, elems, initializer, True, "foldr")[-1], back_prop)


def scan(
    fn: Function, elems: Any, initializer: Any = None, parallel_iterations: int = 10, back_prop: bool = True,
    swap_memory: bool = False, infer_shape: bool = True, reverse: bool = False, name: str | None = None,
) -> Any:  # fmt: skip
    """All that `foldl` (`foldr`, if `reverse`) comes to, stacked at the place of the part that led to it."""
    values = _fold(fn, elems, initializer, reverse, "scan")[0 if initializer is None else 1 :]
    if not values:
        return nest.apply(lambda x: Tensor(np.zeros((0, *x.shape), x.dtype)), nest.apply(as_tensor, initializer))
    return _out(_stacked(values[:: -1 if reverse else 1], "scan"), back_prop)


# -- branches ----------------------------------------------------------------------------------------------------------


def cond(pred: Any, true_fn: Branch | None = None, false_fn: Branch | None = None, name: str | None = None) -> Any:
    """What one of two functions returns."""
    for which, branch in (("true_fn", true_fn), ("false_fn", false_fn)):
        if not callable(branch):
            raise TypeError(f"cond: {which!r} must be a function that takes no arguments, not {branch!r}")
    assert true_fn is not None and false_fn is not None
    return true_fn() if pred else false_fn()


def case(
    pred_fn_pairs: Any, default: Branch | None = None, exclusive: bool = False, strict: bool = False,
    name: str = "case",
) -> Any:  # fmt: skip
    """What the function beside the first condition that holds returns; else what `default` does.

    Raises:
        ValueError: no condition holds and there is no `default`, or more than one does and they are `exclusive`.
    """
    pairs = pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs
    chosen = [branch for pred, branch in pairs if pred]
    if exclusive and len(chosen) > 1:
        raise ValueError(f"case: {len(chosen)} conditions hold, and they are exclusive")
    branch = chosen[0] if chosen else default
    if branch is None:
        raise ValueError("case: no condition holds, and there is no default")
    return branch()


def switch_case(branch_index: Any, branch_fns: Any, default: Branch | None = None, name: str = "switch_case") -> Any:
    """What the function of that number returns: in a list, or in a dict or pairs by number; of any other, `default`.

    Without `default`, the last function stands for any other number.

    Raises:
        ValueError: the numbers are not 0, 1, 2, ...
    """
    pairs = branch_fns.items() if isinstance(branch_fns, dict) else branch_fns
    numbered = dict(enumerate(pairs) if all(map(callable, branch_fns)) else pairs)
    if sorted(numbered) != list(range(len(numbered))):
        raise ValueError(f"switch_case: branches are numbered from 0 to {len(numbered) - 1}, not {sorted(numbered)}")
    return numbered.get(int(branch_index), default or numbered[len(numbered) - 1])()
