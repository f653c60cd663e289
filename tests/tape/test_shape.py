"""Shapes as TensorFlow has them: what is unknown, what fits."""

import pickle
from collections.abc import Callable
from typing import Any

import pytest

import gradcalc.tf as tf

S = tf.TensorShape


def test_a_shape_is_a_tuple_of_sizes_that_may_be_unknown() -> None:
    assert (
        S([2, 3]) == [2, 3] == S((2, 3)) and S([2, 3]) == (2, 3) and S([None, 3]) == S([None, 3]) != S(None) == S(None)
    )
    assert S([2, 3])[0] == 2 and S([2, 3])[1:] == S([3]) and S([None, 3])[0] is None and S(None)[0] is None
    assert (S(None).rank, S([2, 3]).rank, len(S([2])), S(5).as_list(), S([2, 3]).ndims) == (None, 2, 1, [5], 2)
    assert repr(S([None, 2])) == "TensorShape([None, 2])" and repr(S(None)) == "TensorShape(None)"
    assert (str(S([None, 2])), str(S(None))) == ("(None, 2)", "<unknown>") and S([None]).as_list() == [None]
    assert not S(None) and S([]) and list(S([2, 3])) == [2, 3] and S(tf.constant([2, 3])) == (2, 3)
    for shape in (S(None), S([None, 2]), S([])):
        assert pickle.loads(pickle.dumps(shape)) == shape == S(shape) and hash(shape) == hash(S(shape))


def test_shapes_are_compared_and_joined() -> None:
    assert S([2, 3]).is_fully_defined() and not S([None, 3]).is_fully_defined() and not S(None).is_fully_defined()
    assert (S([2, 3]).num_elements(), S([None, 3]).num_elements(), S([]).num_elements()) == (6, None, 1)
    assert (
        S([None, 3]).is_compatible_with([2, 3])
        and not S([2]).is_compatible_with([3])
        and S(None).is_compatible_with([1])
    )
    assert S([None, 3]).merge_with([2, None]) == [2, 3] and S(None).with_rank(2) == S([None, None])
    assert S([1]).concatenate([2]) == S([1]) + [2] == [1] + S([2]) == [1, 2] and S([1]) + None == S(None)
    assert S([2, 3]).most_specific_compatible_shape([2, 4]) == S([2, None])
    assert S([2, 3]).most_specific_compatible_shape([2]) == S(None)
    assert S([2, 3]).is_subtype_of(S([None, 3])) and not S([None, 3]).is_subtype_of(S([2, 3]))
    assert S([2]).is_subtype_of(S(None)) and not S(None).is_subtype_of(S([2]))


def test_a_tensor_s_shape_is_one() -> None:
    x = tf.ones(S([2, 3]))
    assert isinstance(x.shape, S) and x.shape == S([2, 3]) and S([2, 3]) == x.shape and x.shape == (2, 3)
    assert x.shape.is_compatible_with([None, 3]) and x.shape.as_list() == [2, 3] and x.shape.rank == 2
    assert tf.reshape(tf.ones(6), S([2, 3])).shape == x.shape and isinstance(x.shape, tuple)


WRONG: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: S([None]).merge_with([2, 3]), ValueError, r"Shapes \(None,\) and \(2, 3\) are not compatible"),
    (lambda: len(S(None)), ValueError, "Cannot take the length"), (lambda: S("a"), TypeError, "Failed to convert 'a'"),
    (lambda: S(None).as_list(), ValueError, "not defined on an unknown"), (lambda: S([-1, 2]), ValueError, "-1 must be >= 0"),
    (lambda: S([None, 3]).assert_is_compatible_with([2, 4]), ValueError, "are incompatible"),
    (lambda: S([2.5]), TypeError, "Failed to convert"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "kind", "text"), WRONG)
def test_what_no_shape_is_or_knows_is_refused(make: Callable[[], Any], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        make()
