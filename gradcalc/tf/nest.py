"""`tf.nest`: lists, tuples and dicts of values, in any depth. Imports tape."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from gradcalc.errors import only
from gradcalc.tape import nest


def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """The values in a structure, in order, those of a dict in the order of its sorted keys."""
    only(False, expand_composites=expand_composites)
    if isinstance(structure, dict):
        structure = [structure[key] for key in sorted(structure)]
    elif not isinstance(structure, list | tuple):
        return [structure]
    return [leaf for item in structure for leaf in flatten(item)]


def map_structure(func: Callable[..., Any], *structure: Any) -> Any:
    """The structure with `func` of the values at each place of all structures, which are alike.

    Raises:
        ValueError: they have not as many values.
    """
    leaves = [nest.flatten(nest.in_order(other, structure[0])) for other in structure]
    return nest.pack(structure[0], [func(*values) for values in zip(*leaves, strict=True)])


def pack_sequence_as(structure: Any, flat_sequence: Sequence[Any], expand_composites: bool = False) -> Any:
    """The structure with other values, given in the order of `flatten`.

    Raises:
        ValueError: they are not as many.
    """
    only(False, expand_composites=expand_composites)
    places = flatten(nest.pack(structure, itertools.count()))
    if len(places) != len(flat_sequence):
        raise ValueError(f"{len(flat_sequence)} values for a structure of {len(places)}")
    return nest.pack(structure, [value for _, value in sorted(zip(places, flat_sequence, strict=True), key=_place)])


def _place(pair: tuple[int, Any]) -> int:
    return pair[0]
