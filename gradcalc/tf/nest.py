"""`tf.nest`: lists, tuples and dicts of values, in any depth. Imports tape."""

from collections.abc import Callable, Sequence
from typing import Any

from gradcalc.errors import only
from gradcalc.tape import nest


def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """The values in a structure, in order, those of a dict in the order of its sorted keys."""
    only(False, expand_composites=expand_composites)
    return nest.flatten(structure)


def map_structure(
    func: Callable[..., Any], *structure: Any, check_types: bool = True, expand_composites: bool = False
) -> Any:
    """The structure with `func` of the values at each place of all structures, which are alike.

    Raises:
        ValueError: they have not as many values.
    """
    only(False, expand_composites=expand_composites)
    leaves = [nest.flatten(other) for other in structure]
    return nest.pack(structure[0], [func(*values) for values in zip(*leaves, strict=True)])


def pack_sequence_as(structure: Any, flat_sequence: Sequence[Any], expand_composites: bool = False) -> Any:
    """The structure with other values, given in the order of `flatten`.

    Raises:
        ValueError: they are not as many.
    """
    only(False, expand_composites=expand_composites)
    if (count := len(nest.flatten(structure))) != len(flat_sequence):
        raise ValueError(f"{len(flat_sequence)} values for a structure of {count}")
    return nest.pack(structure, flat_sequence)
