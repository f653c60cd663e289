"""`tf.nest`: structures of values."""

import gradcalc.tf as tf


def test_nest_maps_structures() -> None:
    structure = {"a": [1, 2], "b": (3,)}
    assert tf.nest.flatten(structure) == [1, 2, 3]
    assert tf.nest.map_structure(lambda x, y: x + y, structure, structure) == {"a": [2, 4], "b": (6,)}
    assert tf.nest.pack_sequence_as(structure, [7, 8, 9]) == {"a": [7, 8], "b": (9,)}


def test_dicts_are_mapped_by_key() -> None:
    mapped = tf.nest.map_structure(lambda a, b: a - b, {"x": 1, "y": 2}, {"y": 10, "x": 20})
    assert mapped == {"x": -19, "y": -8}


def test_dicts_are_flattened_in_the_order_of_their_sorted_keys() -> None:
    structure = {"b": 1, "a": {"d": 2, "c": (3, 4)}}
    assert tf.nest.flatten(structure) == [3, 4, 2, 1]
    packed = tf.nest.pack_sequence_as(structure, "wxyz")
    assert packed == {"b": "z", "a": {"d": "y", "c": ("w", "x")}} and list(packed) == ["b", "a"]
    assert tf.nest.flatten({2: "two", "a": "letter", 1: "one"}) == ["one", "two", "letter"]
