"""Lists, tuples and dicts of values, in any depth: taken apart and put together again. Standard library only."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any


def flatten(structure: Any) -> list[Any]:
    """The values in a structure of lists, tuples and dicts, in order; a value by itself is a list of one."""
    if isinstance(structure, dict):
        structure = structure.values()
    elif not isinstance(structure, (list, tuple)):
        return [structure]
    leaves = []
    for item in structure:
        if isinstance(item, (list, tuple, dict)):
            leaves += flatten(item)
        else:
            leaves.append(item)
    return leaves


def pack(structure: Any, values: Iterable[Any]) -> Any:
    """The same structure with other values, given in the order of `flatten`."""
    return _packed(structure, iter(values))


def _packed(structure: Any, values: Iterator[Any]) -> Any:
    if isinstance(structure, dict):
        return {key: _packed(item, values) for key, item in structure.items()}
    if isinstance(structure, (list, tuple)):
        items = [_packed(item, values) if isinstance(item, (list, tuple, dict)) else next(values) for item in structure]
        if isinstance(structure, list):
            return items
        return type(structure)(*items) if hasattr(structure, "_fields") else tuple(items)
    return next(values)


def apply(function: Callable[[Any], Any], structure: Any) -> Any:
    """The same structure with `function` of each value."""
    return pack(structure, map(function, flatten(structure)))


def in_order(structure: Any, like: Any) -> Any:
    """A structure with the keys of each dict in the order of those of `like`, so that `flatten` pairs their values."""
    if isinstance(like, dict) and isinstance(structure, dict) and like.keys() == structure.keys():
        return [in_order(structure[key], item) for key, item in like.items()]
    if isinstance(like, list | tuple) and isinstance(structure, list | tuple) and len(like) == len(structure):
        return [in_order(item, other) for item, other in zip(structure, like, strict=True)]
    return structure
