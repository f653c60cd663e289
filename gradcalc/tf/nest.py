"""`tf.nest`: lists, tuples and dicts of values, in any depth. Imports eager."""

from collections.abc import Callable, Sequence
from typing import Any

from gradcalc.eager import nest
from gradcalc.tf.defaults import missing

flatten = nest.flatten


def map_structure(func: Callable[..., Any], *structure: Any) -> Any:
    """The structure with `func` of the values at each place of all structures, which are alike."""
    return nest.pack(structure[0], map(func, *map(nest.flatten, structure)))


def pack_sequence_as(structure: Any, flat_sequence: Sequence[Any]) -> Any:
    """The structure with other values, given in the order of `flatten`."""
    return nest.pack(structure, flat_sequence)


__getattr__ = missing("tf.nest", globals())
