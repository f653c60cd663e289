"""Lists, tuples and dicts of values, in any depth: taken apart and put together again. Standard library only.

The values of a dict are in the order of its sorted keys, as in TensorFlow: dicts with the same keys have one order.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any


def flatten(structure: Any) -> list[Any]:
    """The values in a structure of lists, tuples and dicts, in order; a value by itself is a list of one."""
    if isinstance(structure, dict):
        structure = [structure[key] for key in keys(structure)]
    elif not isinstance(structure, (list, tuple)):
        return [structure]
    leaves = []
    for item in structure:
        if isinstance(item, (list, tuple, dict)):
            leaves += flatten(item)
        else:
            leaves.append(item)
    return leaves


def keys(structure: dict[Any, Any]) -> list[Any]:
    """The keys in order; keys that do not compare, in the order of their types and of how they are shown."""
    try:
        return sorted(structure)
    except TypeError:
        return sorted(structure, key=lambda key: (type(key).__name__, repr(key)))


def pack(structure: Any, values: Iterable[Any]) -> Any:
    """The same structure with other values, given in the order of `flatten`."""
    return _packed(structure, iter(values))


def _packed(structure: Any, values: Iterator[Any]) -> Any:
    if isinstance(structure, dict):
        found = {key: _packed(structure[key], values) for key in keys(structure)}
        return {key: found[key] for key in structure}
    if isinstance(structure, (list, tuple)):
        items = [_packed(item, values) if isinstance(item, (list, tuple, dict)) else next(values) for item in structure]
        if isinstance(structure, list):
            return items
        return type(structure)(*items) if hasattr(structure, "_fields") else tuple(items)
    return next(values)


def apply(function: Callable[[Any], Any], structure: Any) -> Any:
    """The same structure with `function` of each value."""
    return pack(structure, map(function, flatten(structure)))
