"""Tensor and Variable: values, printing, assignment, NumPy's protocols, and conversions that would leave a tape."""

import copy
import math
import pickle
import statistics
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy import special

import gradcalc
from gradcalc import GradientTape, Tensor, Variable, constant
from tests.tape.differences import derivatives

# -- making ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "dtype", "shape"),
    [(3.0, "float64", ()), (3, "int64", ()), ([1.0, 2.0], "float64", (2,)), (np.float32(1), "float32", ()), (True, "bool", ()), ([], "float64", (0,))],
)  # fmt: skip
def test_dtypes_follow_numpy(value: Any, dtype: str, shape: tuple[int, ...]) -> None:
    for made in (constant(value), Variable(value)):
        assert (made.dtype, made.shape, made.ndim, made.size) == (dtype, shape, len(shape), math.prod(shape))


@pytest.mark.parametrize(
    ("value", "message"),
    [(1j, "this value is complex"), ("text", "this value is of dtype"), (None, "this value is None")],
)
def test_only_real_numbers_are_taken(value: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        constant(value)


def test_values_are_copied_in_and_out() -> None:
    a = np.array([1.0, 2.0])
    x, v = constant(a), Variable(a)
    a[:] = 0
    x.numpy()[:] = 0
    v.numpy()[:] = 0
    assert x.numpy().tolist() == v.numpy().tolist() == [1.0, 2.0]


def test_a_scalar_is_a_numpy_scalar() -> None:
    assert type(constant(2.0).numpy()) is np.float64
    assert type(np.sum(constant([1.0, 2.0])).numpy()) is np.float64
    assert constant(2.5).item() == 2.5
    assert constant([[1, 2]]).tolist() == [[1, 2]]


def test_printing() -> None:
    x = constant([1.0, 2.5], dtype=np.float32)
    assert str(x) == "Tensor([1.  2.5], shape=(2,), dtype=float32)"
    assert repr(x) == "<Tensor: shape=(2,), dtype=float32, numpy=array([1. , 2.5], dtype=float32)>"
    assert repr(constant(3.0)) == "<Tensor: shape=(), dtype=float64, numpy=3.0>"
    assert repr(constant([[1]])) == "<Tensor: shape=(1, 1), dtype=int64, numpy=\narray([[1]])>"
    v = Variable(3.0, name="w")
    assert str(v) == repr(v) == "<Variable 'w:0' shape=() dtype=float64, numpy=3.0>"
    assert f"{constant(3.14159):.2f} {constant(2.0)}" == "3.14 Tensor(2.0, shape=(), dtype=float64)"


def test_copies_are_tensors_of_their_own() -> None:
    v = Variable([1.0, 2.0], trainable=False, name="w")
    for twin in (copy.copy(v), copy.deepcopy(v), pickle.loads(pickle.dumps(v))):
        assert (twin.numpy().tolist(), twin.trainable, twin.name) == ([1.0, 2.0], False, "w:0")
        twin.assign([5.0, 6.0])
    assert v.numpy().tolist() == [1.0, 2.0]
    x = Variable(2.0)
    twin = copy.deepcopy(x)
    with GradientTape() as tape:
        y = x * twin**2
    assert [g.numpy() for g in tape.gradient(y, [x, twin])] == [4.0, 8.0]


# -- assigning ---------------------------------------------------------------------------------------------------------


def test_assigning() -> None:
    v = Variable([1.0, 2.0], dtype=np.float32)
    assert v.assign([3, 4]) is v
    v.assign_add([1.0, 1.0])
    v.assign_sub(constant([0.5, 0.0]))
    assert v.numpy().tolist() == [3.5, 5.0]
    assert v.dtype == np.float32
    with pytest.raises(ValueError, match=r"Variable:0 has shape \(2,\): a value of shape \(3,\) cannot be assigned"):
        v.assign([1.0, 2.0, 3.0])


def test_a_part_of_a_variable_is_assigned() -> None:
    v = Variable(np.zeros((2, 2)))
    v[0, 1].assign(5.0)
    v[1].assign([6.0, 7.0])
    assert v.numpy().tolist() == [[0.0, 5.0], [6.0, 7.0]]
    with GradientTape() as tape:
        y = v[1, 0] ** 2
    assert tape.gradient(y, v).numpy().tolist() == [[0.0, 0.0], [12.0, 0.0]]


def test_a_tensor_is_not_assigned_to() -> None:
    for x in (constant([1.0]), Variable([1.0])):
        with pytest.raises(TypeError, match=r"cannot be assigned to in place.*\n.*np\.where.*Variable\.assign"):
            x[0] = 2.0


# -- operators and NumPy's protocols -----------------------------------------------------------------------------------

X, Y = np.array([[1.5, -2.0], [0.5, 4.0]]), np.array([2.0, 3.0])
SAME_AS_NUMPY = [
    lambda x, y: x + y,
    lambda x, y: 2 - x,
    lambda x, y: x * y / 3,
    lambda x, y: 1 / y,
    lambda x, y: x**2 + y**-1 + 2.0**y,
    lambda x, y: x % y,
    lambda x, y: 7 % y,
    lambda x, y: x // y,
    lambda x, y: 7 // y,
    lambda x, y: abs(-x),
    lambda x, y: +x,
    lambda x, y: x @ y,
    lambda x, y: y @ x,
    lambda x, y: x < y,
    lambda x, y: (x >= y) | (x == 1.5),
    lambda x, y: (x > 0) & ~(x != 0.5),
    lambda x, y: (x > 0) ^ (y > 2),
    lambda x, y: x[0],
    lambda x, y: x[:, ::-1],
    lambda x, y: x[x > 0],
    lambda x, y: x[[1, 0], [0, 0]],
    lambda x, y: x[..., None],
    lambda x, y: x[np.newaxis, 1:, -1],
    lambda x, y: x.T,
    lambda x, y: x.reshape(4),
    lambda x, y: x.reshape((1, 4)),
    lambda x, y: x.transpose(1, 0),
    lambda x, y: x.astype(np.float32),
    lambda x, y: x.astype(int),
    lambda x, y: x.sum(axis=0),
    lambda x, y: x.mean(),
    lambda x, y: x.max(axis=1, keepdims=True),
    lambda x, y: x.argmax(axis=1),
    lambda x, y: np.sin(x, dtype=np.float32),
    lambda x, y: np.add.reduce(x, axis=1),
    lambda x, y: x + [1.0, 2.0],
    lambda x, y: [1.0, 2.0] * x,
    lambda x, y: np.float32(2) * y,
    lambda x, y: X - y,
]


@pytest.mark.parametrize("number", range(len(SAME_AS_NUMPY)))
def test_tensors_compute_as_arrays_do(number: int) -> None:
    function = SAME_AS_NUMPY[number]
    expected = function(X, Y)
    for x, y in ((constant(X), constant(Y)), (Variable(X), Variable(Y))):
        found = function(x, y)
        assert isinstance(found, Tensor)
        np.testing.assert_array_equal(found.numpy(), expected)
        assert found.dtype == expected.dtype


def test_a_tensor_is_a_sequence_of_its_rows() -> None:
    x = constant(X)
    assert len(x) == 2
    assert [row.numpy().tolist() for row in x] == X.tolist()
    with pytest.raises(TypeError, match="a scalar tensor has no length"):
        len(constant(1.0))


def test_comparing_with_none() -> None:
    assert (constant(X) == None) is False  # noqa: E711
    assert (constant(X) != None) is True  # noqa: E711


def test_tensors_are_keys() -> None:
    x = Variable(X)
    assert {x: 1}[x] == 1


def test_control_flow_by_values() -> None:
    x = Variable(2.0)
    with GradientTape() as tape:
        y = x * x if x > 1 else -x
    assert tape.gradient(y, x).numpy() == 4.0
    with pytest.raises(ValueError, match="ambiguous"):
        bool(constant([1.0, 2.0]) > 1)


# -- nothing detaches in silence ---------------------------------------------------------------------------------------

LEAVING: list[Callable[[Any, Any], Any]] = [
    lambda u, v: np.frompyfunc(lambda x: x * 2, 1, 1)(v),
    lambda u, v: np.frompyfunc(lambda x: x * 2, 1, 1)(u),
    lambda u, v: np.frompyfunc(lambda x, y: x * y, 2, 1).reduce(v),
    lambda u, v: np.frompyfunc(lambda x, y: x * y, 2, 1).outer(v, v),
    lambda u, v: np.vectorize(lambda x: x * 2)(v),
    lambda u, v: np.apply_along_axis(np.sum, 0, v),
    lambda u, v: np.array([[u, 1.0], [2.0, u]]),
    lambda u, v: np.array(v, dtype=object),
    lambda u, v: np.zeros(3).__setitem__(slice(None), v),
    lambda u, v: np.zeros(3).__iadd__(v),
    lambda u, v: np.zeros(3).dot(v),
    lambda u, v: np.fromiter(v, float),
    lambda u, v: np.nditer(v),
    lambda u, v: np.arange(u, 10.0),
    lambda u, v: np.float32(u),
    lambda u, v: complex(u),
    lambda u, v: np.add.at(np.zeros(3), [0], u),
    lambda u, v: np.add.reduceat(v, [0, 1]),
    lambda u, v: np.maximum.accumulate(v),
    lambda u, v: np.histogram(np.arange(3.0), weights=v),
    lambda u, v: np.bincount([0, 1, 1], weights=v),
    lambda u, v: np.random.default_rng(0).normal(v),
    lambda u, v: np.random.default_rng(0).normal(u),
    lambda u, v: np.ma.masked_invalid(v),
    lambda u, v: v * np.ma.masked_array([1.0, 2.0, 3.0], [0, 1, 0]),
    lambda u, v: v * np.matrix(np.eye(3)),
    lambda u, v: memoryview(v),
    lambda u, v: math.fsum(v),
    lambda u, v: math.hypot(u, u),
    lambda u, v: statistics.fmean(v),
    lambda u, v: statistics.stdev(v),
    lambda u, v: "%f" % u,  # noqa: UP031
    lambda u, v: special.logsumexp(v),
    lambda u, v: special.ber(v),
    lambda u, v: u * 1j,
    lambda u, v: 1j * u,
    lambda u, v: v + np.ones(3) * 1j,
    lambda u, v: np.exp(1j * u),
    lambda u, v: v @ (np.eye(3) * 1j),
    lambda u, v: np.concatenate([v, np.ones(2) * 1j]),
    lambda u, v: v.astype(complex),
    lambda u, v: np.sum(v, dtype=complex),
    lambda u, v: v * np.array([1.0, 2.0, 3.0], object),
    lambda u, v: v.astype(object),
    lambda u, v: u * Fraction(1, 3),
]


@pytest.mark.parametrize("number", range(len(LEAVING)))
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_leaving_the_tape_raises(number: int) -> None:
    x, y = Variable(2.5), Variable([1.5, 2.5, 3.5])
    with GradientTape(), pytest.raises((TypeError, ValueError, gradcalc.TapeError)) as caught:
        LEAVING[number](x * 1, y * 1)
    assert "object has no attribute" not in str(caught.value)


STAYING: list[tuple[Callable[[Any], Any], float]] = [
    (lambda u: sum([u, u]), 2),
    (lambda u: max(u, 1.0), 1),
    (lambda u: sorted([u * 2, u])[0], 1),
    (lambda u: pow(u, 2), 5),
    (lambda u: divmod(u, 2.0)[1], 1),
    (lambda u: math.prod([u, u]), 5),
    (lambda u: copy.copy(u * u), 5),
    (lambda u: copy.deepcopy({"a": u * u})["a"], 5),
    (lambda u: constant(u * u), 5),
    (lambda u: np.max(np.stack([u, u])), 1),
]


@pytest.mark.parametrize("number", range(len(STAYING)))
def test_python_s_own_functions_stay_on_the_tape(number: int) -> None:
    function, slope = STAYING[number]
    assert derivatives(function, 2.5, 1) == [slope]


def test_an_array_made_of_a_tensor_shares_no_memory_with_it() -> None:
    x = Variable([1.0, 2.0])
    array = np.asarray(x)
    with GradientTape() as tape:
        y = x * x
    array[:] = 100.0
    assert tape.gradient(y, x).numpy().tolist() == [2.0, 4.0]


def test_a_complex_result_of_a_recorded_value_names_the_operation() -> None:
    x = Variable([1.0, 2.0])
    with GradientTape(), pytest.raises(TypeError, match="add makes complex128 of a recorded value"):
        x + np.array([1j, 2.0])


# -- leaving the tape --------------------------------------------------------------------------------------------------

DETACHING = [
    (lambda u: np.array([u, u]), r"np\.stack\(\[u, v\]\)"),
    (lambda u: np.asarray(u), r"x\.numpy\(\)"),
    (lambda u: math.sin(u), r"np\.sin\(u\) for math\.sin\(u\)"),
    (lambda u: float(u), r"u\.numpy\(\)"),
    (lambda u: int(u), r"int\(u\.numpy\(\)\)"),
    (lambda u: np.full(3, u), r"u \* np\.ones\(3\)"),
    (lambda u: [1, 2, 3][u], r"int\(u\.numpy\(\)\)"),
    (lambda u: np.zeros(3).__setitem__(slice(2), u), "np.where for assignment in place"),
    (lambda u: np.add(np.zeros(3), u, out=np.zeros(3)), r"a = a \+ u"),
    (lambda u: u.item(), r"u\.numpy\(\)"),
    (lambda u: constant([u, u]), r"np\.stack"),
    (lambda u: np.r_[u, u], r"np\.stack"),
]


@pytest.mark.parametrize("number", range(len(DETACHING)))
def test_what_would_detach_in_silence_raises_under_a_live_tape(number: int) -> None:
    function, advice = DETACHING[number]
    x = Variable(1.0)
    with GradientTape():
        for u in (x * 1.0, x):
            with pytest.raises(gradcalc.DetachError, match=advice):
                function(u)
    assert issubclass(gradcalc.DetachError, TypeError)


def test_assigning_one_element_of_an_array_raises_under_a_live_tape() -> None:
    x = Variable(1.0)
    with GradientTape(), pytest.raises(ValueError, match="setting an array element") as caught:
        np.zeros(3)[0] = x
    assert isinstance(caught.value.__cause__, gradcalc.DetachError)  # whose words NumPy shows above its own
    assert "np.where, np.stack or a list for a[i] = u" in str(caught.value.__cause__)


def test_in_place_addition_to_an_array_raises_under_a_live_tape() -> None:
    x, total = Variable(1.0), np.zeros(2)
    with GradientTape(), pytest.raises(gradcalc.DetachError, match=r"a = a \+ u for a \+= u"):
        total += x
    total += x
    assert total.tolist() == [1.0, 1.0]


def test_values_that_no_live_tape_records_convert_freely() -> None:
    x, c = Variable(2.0), constant(2.0)
    with GradientTape() as tape:
        y = x * x
        assert math.sqrt(c) == 2**0.5
        assert np.array([c, c]).tolist() == [2.0, 2.0]
        assert y.numpy() == 4.0
        assert int(np.argmax(np.stack([c, c]))) == 0
    assert float(y) == 4.0
    assert np.asarray(y) == 4.0
    assert "xyz"[constant(1)] == "y"
    assert tape.gradient(y, x).numpy() == 4.0


def test_a_function_without_a_rule_is_named() -> None:
    x = Variable([1.0, 2.0])
    with GradientTape():
        with pytest.raises(gradcalc.NoRuleError, match=r"numpy\.roots has no derivative rule\n.*custom_gradient"):
            np.roots(x)
        with pytest.raises(gradcalc.NoRuleError, match=r"spacing has no derivative rule"):
            np.spacing(x)
        assert np.isfinite(x).numpy().tolist() == [True, True]
        assert np.argsort(x).numpy().tolist() == [0, 1]
    assert isinstance(np.spacing(x), Tensor)


def test_functions_of_numpy_that_fill_an_array_raise_under_a_live_tape() -> None:
    x, a = Variable([1.0, 2.0]), np.zeros(2)
    with GradientTape(), pytest.raises(gradcalc.DetachError, match=r"numpy\.copyto writes a recorded value"):
        np.copyto(a, x * 2)
    np.copyto(a, x * 2)
    assert a.tolist() == [2.0, 4.0]


def test_casting_passes_the_gradient_and_integers_cut_it() -> None:
    x = Variable([1.5, 2.5])
    with GradientTape(persistent=True) as tape:
        y = np.sum(x.astype(np.float32) ** 2)
        z = np.sum(x.astype(int) * 1.0)
    g = tape.gradient(y, x)
    assert (g.dtype, g.numpy().tolist()) == (np.float64, [3.0, 5.0])
    assert tape.gradient(z, x) is None


def test_a_tensor_and_a_graph_do_not_mix() -> None:
    graph = gradcalc.Graph()
    with pytest.raises(TypeError, match="belongs to a graph, not to a tape"):
        constant(1.0) + graph.ref(graph.input("x"))


def test_an_array_without_a_copy_is_read_only() -> None:
    x = constant([1.0, 2.0])
    for array in (np.asarray(x), np.array(x)):
        array[:] = 9
    with pytest.raises(ValueError, match="read-only"):
        np.array(x, copy=False)[0] = 9
    assert x.numpy().tolist() == [1.0, 2.0]


def test_shapes_equal_lists() -> None:
    shape = constant(np.ones((2, 3))).shape
    assert shape == [2, 3] and shape == (2, 3)
    assert [2, 3] == shape and not shape != [2, 3]  # noqa: SIM300, SIM202
    assert shape != [3, 2] and shape != [2] and shape is not None and shape != 2
    assert hash(shape) == hash((2, 3))


def test_references_stand_for_tensors_in_dicts() -> None:
    x, y = constant([1.0]), constant([1.0])
    assert x.ref() == x.ref() and x.ref() != y.ref() and x.ref() != x
    assert {x.ref(): 1, y.ref(): 2}[x.ref()] == 1
    assert x.ref().deref() is x


class Labelled:
    """As `xarray.DataArray`: axes with names, and a tensor or an array in it."""

    __array_priority__ = 60
    dims = ("i",)

    def __init__(self, data: Any) -> None:
        self.data = data

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.data)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return Labelled(getattr(ufunc, method)(*(x.data if isinstance(x, Labelled) else x for x in inputs), **kwargs))

    def __mul__(self, other: Any) -> Any:
        return Labelled(self.data * other)

    __rmul__ = __mul__

    def __eq__(self, other: object) -> Any:
        return Labelled(self.data == other)


def test_what_names_its_axes_takes_the_tensor_in() -> None:
    x, labelled = Variable([1.0, 2.0]), Labelled(np.array([3.0, 4.0]))
    with gradcalc.GradientTape(persistent=True) as tape:
        products = [x * labelled, labelled * x, np.multiply(x, labelled), np.multiply(labelled, x)]
    for product in products:
        assert isinstance(product, Labelled)
        assert tape.gradient(product.data, x).numpy().tolist() == [3.0, 4.0]
    assert isinstance(x == labelled, Labelled)
