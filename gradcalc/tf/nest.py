"""`tf.nest`: lists, tuples and dicts of values, in any depth. Imports tape."""

from collections.abc import Callable, Sequence
from typing import Any

from gradcalc.tape import nest

flatten = nest.flatten


def map_structure(func: Callable[..., Any], *structure: Any) -> Any:
    """The structure with `func` of the values at each place of all structures, which are alike.

    Raises:
        ValueError: they have not as many values.
    """
    leaves = [nest.flatten(nest.in_order(other, structure[0])) for other in structure]
    return nest.pack(structure[0], [func(*values) for values in zip(*leaves, strict=True)])


def pack_sequence_as(structure: Any, flat_sequence: Sequence[Any]) -> Any:
    """The structure with other values, given in the order of `flatten`."""
    return nest.pack(structure, flat_sequence)
