"""What TensorFlow makes of Python's numbers; constants, variables, what is read from them."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.tf as tf
from tests.tf.results import check_gradient, check_result, over

RESULTS = [
    (lambda: tf.constant([1, 2]) / 2, [0.5, 1], "float64"),
    (lambda: tf.constant(5, shape=(2,)), [5, 5], "int32"),
    (lambda: tf.constant([1, 2, 3, 4], shape=(2, 2)), [[1, 2], [3, 4]], "int32"),
]

test_results_and_dtypes_are_tensorflows = over(RESULTS, check_result)


GRADIENTS: list[tuple[Callable[[Any], Any], list[float]]] = [
    (lambda x: tf.math.divide_no_nan(1.0, x), [-1 / 0.09, -1 / 2.89, -0.16]),
    (lambda x: tf.linalg.lstsq(tf.linalg.diag(x), tf.ones((3, 1))), [-1 / 0.09, -1 / 2.89, -0.16]),
]

test_gradients_flow_through_the_aliases = over(GRADIENTS, check_gradient)


DTYPES = [
    (3.0, "float32"), (3, "int32"), (True, "bool"), ([1, 2.5], "float32"), ([[1, 2], [3, 4]], "int32"), ([], "float32"),
    (2**40, "int64"), (np.float64(1), "float64"), (np.ones(2), "float64"), (np.arange(2), "int64"),
    ([np.float64(1.0)], "float64"), ([np.ones(2), np.ones(2)], "float64"), (np.float32(1), "float32"), (range(3), "int32"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "dtype"), DTYPES)
@pytest.mark.parametrize("make", [tf.constant, tf.Variable, tf.convert_to_tensor, tf.identity])
def test_python_numbers_become_32_bit_and_arrays_keep_their_dtype(make: Any, value: Any, dtype: str) -> None:
    assert make(value).dtype == dtype
    np.testing.assert_array_equal(make(value).numpy(), np.asarray(value))


@pytest.mark.parametrize("dtype", [tf.float64, "float64", np.float64, np.dtype("float64")])
def test_a_dtype_is_given_by_name_or_object(dtype: Any) -> None:
    made = [
        tf.constant(1, dtype), tf.Variable(1, dtype=dtype), tf.zeros(2, dtype), tf.cast(1, dtype), tf.range(3, dtype=dtype),
        tf.random.normal([2], dtype=dtype), tf.one_hot([0], 2, dtype=dtype), tf.eye(2, dtype=dtype),
    ]  # fmt: skip
    assert {x.dtype.name for x in made} == {"float64"}


def test_a_list_of_tensors_is_stacked_and_recorded() -> None:
    x = tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        packed = tf.convert_to_tensor([x, x * x, 1.0])
        total = tf.reduce_sum([x, x**2])
    assert packed.dtype == "float32"
    assert (tape.gradient(packed, x).numpy(), tape.gradient(total, x).numpy()) == (7, 7)


def test_what_is_read_from_a_variable_does_not_follow_it() -> None:
    x = tf.Variable(3.0)
    read = [tf.convert_to_tensor(x), tf.constant(x), tf.identity(x), x.value(), x.read_value()]
    x.assign(7.0)
    assert [y.numpy() for y in read] == [3.0] * 5
    with tf.GradientTape() as tape:
        y = x.value() ** 2
    assert tape.gradient(y, x).numpy() == 14


def test_convert_to_tensor_refuses_another_dtype() -> None:
    with pytest.raises(ValueError, match=r"tf\.cast converts it"):
        tf.convert_to_tensor(tf.constant(1.0), dtype=tf.float64)


def test_variables_have_tensorflows_arguments_and_survive_pickling() -> None:
    v = tf.Variable(lambda: [1.0, 2.0], trainable=False, name="w", dtype=tf.float64)
    assert (v.name, v.trainable, v.dtype) == ("w:0", False, "float64")
    again = pickle.loads(pickle.dumps(v))
    assert isinstance(again, tf.Variable)
    assert (again.name, again.trainable, again.numpy().tolist()) == ("w:0", False, [1.0, 2.0])
    assert isinstance(v, tf.Tensor) and tf.is_tensor(v) and not tf.is_tensor(1.0)


def test_a_part_of_a_variable_can_be_assigned() -> None:
    y = tf.Variable(tf.zeros((2, 3)))
    y[0, 1].assign(5)
    y[1:, ::2].assign(tf.ones((1, 2)))
    assert y.numpy().tolist() == [[0, 5, 0], [1, 0, 1]]


@pytest.mark.parametrize("make", [tf.constant, tf.Variable, tf.convert_to_tensor])
def test_fractions_are_not_cut_off_in_silence(make: Any) -> None:
    with pytest.raises(TypeError, match="not of int32"):
        make([1, 1.5], dtype=tf.int32)
    assert make(np.array([1.5]), dtype=tf.int32).numpy().tolist() == [1]


def test_variables_take_tensorflows_arguments() -> None:
    v = tf.Variable([1.0, 2.0], shape=(2,), name="v", constraint=lambda v: tf.clip_by_value(v, 0.0, 1.0))
    assert v.assign_add([1.0, 1.0], read_value=False) is None
    assert v.assign_sub(delta=[1.0, 1.0]) is v
    tf.keras.optimizers.SGD(1.0).apply_gradients([(tf.constant([2.0, 0.5]), v)])
    assert v.numpy().tolist() == [0, 1]
    with pytest.raises(ValueError, match=r"has shape \(2,\), not \(3,\)"):
        tf.Variable([1.0, 2.0], shape=(3,))
    assert copy.deepcopy(tf.Variable(1.0, trainable=False, name="w")).name == "w:0"
