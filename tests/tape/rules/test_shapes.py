"""Functions that shape, rearrange, join and choose: values as NumPy's, gradients of orders 1 and 2, errors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc import Variable
from gradcalc.errors import DetachError, NoRuleError
from gradcalc.tape.rules.shapes import implements
from gradcalc.tape.tensor import FUNCTIONS
from tests.tape.differences import check, derivatives, extended, points

MASK = np.array([[True, False, True, True], [False, False, True, False], [True, True, True, False]])
PLACES = np.array([[2, 0, 0], [1, -1, 2]])

ONE_MATRIX: dict[str, Callable[[Any], Any]] = {
    "reshape": lambda x: np.reshape(x, (2, -1)),
    "reshape in Fortran's order": lambda x: np.reshape(x, (6, 2), order="F"),
    "ravel": np.ravel,
    "ravel in Fortran's order": lambda x: np.ravel(x, order="F"),
    "transpose": np.transpose,
    "transpose by axes": lambda x: np.transpose(np.reshape(x, (3, 2, 2)), (2, 0, -2)),
    "permute_dims": lambda x: np.permute_dims(x, (1, 0)),
    "matrix_transpose": np.matrix_transpose,
    "swapaxes": lambda x: np.swapaxes(np.reshape(x, (3, 2, 2)), 0, -1),
    "moveaxis": lambda x: np.moveaxis(np.reshape(x, (3, 2, 2)), [0, 1], [2, 0]),
    "rollaxis": lambda x: np.rollaxis(np.reshape(x, (3, 2, 2)), 2),
    "expand_dims": lambda x: np.expand_dims(x, (0, -1)),
    "squeeze": lambda x: np.squeeze(np.reshape(x, (1, 12, 1)), 0),
    "broadcast_to": lambda x: np.broadcast_to(x, (2, 3, 4)),
    "broadcast_to along an axis of size 1": lambda x: np.broadcast_to(x[:, :1], (3, 5)),
    "broadcast_arrays": lambda x: np.broadcast_arrays(x, x[0]),
    "atleast_1d": lambda x: np.atleast_1d(x[0, 0], x),
    "atleast_2d": lambda x: np.atleast_2d(x[0]),
    "atleast_3d": np.atleast_3d,
    "concatenate": lambda x: np.concatenate([x, x[:1], np.ones((2, 4))]),
    "concatenate along the last axis": lambda x: np.concatenate((x, x[:, 1:]), axis=-1),
    "concatenate of everything": lambda x: np.concatenate([x, x[0], [3.0]], axis=None),
    "stack": lambda x: np.stack([x[0], x[1], [1.0, 2.0, 3.0, 4.0]], axis=-1),
    "stack of scalars": lambda x: np.stack([x[0, 0], 1.0, x[1, 1]]),
    "hstack": lambda x: np.hstack([x[0, 0], x[1], 2.0]),
    "vstack": lambda x: np.vstack([x, x[2]]),
    "dstack": lambda x: np.dstack([x, x * x]),
    "column_stack": lambda x: np.column_stack([x[:, 0], x]),
    "block": lambda x: np.block([[x, np.ones((3, 1))], [x[:1], 2.0]]),
    "append": lambda x: np.append(x, x[0]),
    "append along an axis": lambda x: np.append(x, x[:1], axis=0),
    "insert": lambda x: np.insert(x, 1, x[0, :3], axis=1),
    "insert in several places": lambda x: np.insert(x, [0, 2], x[0, 0]),
    "delete": lambda x: np.delete(x, [0, 2], axis=1),
    "split": lambda x: np.split(x, 2, axis=1),
    "array_split": lambda x: np.array_split(x, 2),
    "array_split at places out of order": lambda x: np.array_split(x, [2, 1]),
    "hsplit": lambda x: np.hsplit(x, [1, 3]),
    "vsplit": lambda x: np.vsplit(x, 3),
    "dsplit": lambda x: np.dsplit(np.reshape(x, (3, 2, 2)), 2),
    "unstack": lambda x: np.unstack(x, axis=1),
    "roll": lambda x: np.roll(x, 5),
    "roll along axes": lambda x: np.roll(x, (1, 2), axis=(0, 1)),
    "rot90": np.rot90,
    "flip": np.flip,
    "flip along an axis": lambda x: np.flip(x, -1),
    "fliplr": np.fliplr,
    "flipud": np.flipud,
    "tile": lambda x: np.tile(x, (2, 1, 2)),
    "repeat": lambda x: np.repeat(x, 2),
    "repeat by counts": lambda x: np.repeat(x, [1, 0, 3], axis=0),
    "pad": lambda x: np.pad(x, ((1, 0), (2, 1))),
    "pad with constants": lambda x: np.pad(x, 1, constant_values=((1, 2), (3, 4))),
    "pad by edges": lambda x: np.pad(x, 2, mode="edge"),
    "pad by reflection": lambda x: np.pad(x, 2, mode="reflect"),
    "pad symmetrically": lambda x: np.pad(x, (1, 3), mode="symmetric"),
    "pad by wrapping": lambda x: np.pad(x, ((0, 1), (5, 0)), mode="wrap"),
    "diag of a vector": lambda x: np.diag(x[0], 1),
    "diag of a matrix": lambda x: np.diag(x, -1),
    "diagflat": lambda x: np.diagflat(x[:2, :2]),
    "diagonal": lambda x: np.diagonal(np.reshape(x, (2, 2, 3)), 1, 0, 2),
    "tril": lambda x: np.tril(x, -1),
    "triu": np.triu,
    "triu of a vector": lambda x: np.triu(x[0]),
    "resize": lambda x: np.resize(x, (5, 3)),
    "meshgrid": lambda x: np.meshgrid(x[0], x[1, :3], [1.0, 2.0]),
    "meshgrid by rows": lambda x: np.meshgrid(x[0], x[:, 0], sparse=True, indexing="ij"),
    "sort": lambda x: np.sort(x),
    "sort along an axis": lambda x: np.sort(x, axis=0),
    "sort of everything": lambda x: np.sort(x, axis=None),
    "partition": lambda x: np.partition(x, 2),
    "take": lambda x: np.take(x, PLACES),
    "take along an axis": lambda x: np.take(x, PLACES, axis=1, mode="wrap"),
    "take_along_axis": lambda x: np.take_along_axis(x, PLACES[:, :1] % 3 * np.ones((1, 4), int), axis=0),
    "compress": lambda x: np.compress([True, False, True], x, axis=0),
    "extract": lambda x: np.extract(MASK, x),
    "choose": lambda x: np.choose([0, 2, 1, 0], [x[0], x[1], 2.0]),
    "select": lambda x: np.select([MASK, ~MASK & (np.arange(4) > 1)], [x, x * x], default=x[0, 0]),
    "where": lambda x: np.where(MASK, x, x[0] ** 2),
    "where with a number": lambda x: np.where(x > 1, x, 0.5),
    "copy": np.copy,
    "astype": lambda x: np.astype(x, x.dtype),
    "full_like": lambda x: np.full_like(x, x[0, 0]),
    "index": lambda x: x[1:, ::-2],
    "index by places": lambda x: x[[0, 2, 0], [1, 1, 1]],
    "index by a mask": lambda x: x[MASK],
}


@extended
@pytest.mark.parametrize("name", ONE_MATRIX)
def test_values_and_derivatives_are_right(name: str) -> None:
    check(ONE_MATRIX[name], *points((3, 4)))


@extended
@pytest.mark.parametrize(
    "name", ["ravel", "transpose", "flip", "concatenate", "tile", "sort", "tril", "where", "index"]
)
def test_negative_strides_make_no_difference(name: str) -> None:
    (x,) = points((4, 3))
    check(ONE_MATRIX[name], x.T[::-1, ::-1])


EVERY_SHAPE: dict[str, Callable[[Any], Any]] = {
    "reshape": lambda x: np.reshape(x, -1), "ravel": np.ravel, "transpose": np.transpose, "squeeze": np.squeeze,
    "expand_dims": lambda x: np.expand_dims(x, 0), "atleast_2d": np.atleast_2d, "flip": np.flip,
    "broadcast_to": lambda x: np.broadcast_to(x, (2, *x.shape)), "stack": lambda x: np.stack([x, x]),
    "hstack": lambda x: np.hstack([x, x]), "block": lambda x: np.block([x, x]), "roll": lambda x: np.roll(x, 1),
    "tile": lambda x: np.tile(x, 2), "repeat": lambda x: np.repeat(x, 2), "pad": lambda x: np.pad(x, 1),
    "append": lambda x: np.append(x, 1.0), "sort": lambda x: np.sort(x, axis=None), "copy": np.copy,
    "where": lambda x: np.where(x > 1, x, 0), "full_like": lambda x: np.full_like(x, np.sum(x)),
}  # fmt: skip


@extended
@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 0, 3), (2, 1, 3)])
@pytest.mark.parametrize("name", EVERY_SHAPE)
def test_scalars_and_empty_arrays_work(name: str, shape: tuple[int, ...]) -> None:
    check(EVERY_SHAPE[name], *points(shape))


@pytest.mark.parametrize("name", ONE_MATRIX)
def test_float32_stays(name: str) -> None:
    x = gradcalc.Variable(points((3, 4))[0].astype(np.float32))
    with gradcalc.GradientTape() as tape:
        result = ONE_MATRIX[name](x)
        first = result[0] if isinstance(result, list | tuple) else result
    plain = ONE_MATRIX[name](x.numpy())
    assert first.dtype == (plain[0] if isinstance(plain, list | tuple) else plain).dtype
    assert tape.gradient(first, x).dtype == np.float32


def test_linspace_between_tensors() -> None:
    for options in ({}, {"num": 5, "endpoint": False}, {"num": 1}, {"axis": -1, "num": 4}):
        for shapes in (((), ()), ((3,), ()), ((2, 1), (3,))):
            start, stop = points(*shapes)
            a, b = gradcalc.Variable(start), gradcalc.Variable(stop)
            with gradcalc.GradientTape() as tape:
                line = np.linspace(a, b, **options)
                total = np.sum(line * line)
            np.testing.assert_array_equal(line.numpy(), np.linspace(start, stop, **options))
            n = options.get("num", 50)
            share = np.linspace(0, 1, n, options.get("endpoint", True)).reshape((n,) + (1,) * (line.ndim - 1))
            y = np.linspace(start, stop, **{**options, "axis": 0})
            for found, weight, x in zip(tape.gradient(total, [a, b]), (1 - share, share), (start, stop), strict=True):
                whole = np.sum(2 * y * weight, axis=0)
                extra = whole.ndim - np.ndim(x)
                whole = whole.sum(tuple(range(extra)))
                whole = whole.sum(tuple(i for i, size in enumerate(np.shape(x)) if size == 1), keepdims=True)
                np.testing.assert_allclose(found.numpy(), whole, rtol=1e-13)
    line, step = np.linspace(gradcalc.Variable(1.0), 3.0, 5, retstep=True)
    assert step.numpy() == 0.5


def test_a_plain_array_takes_a_tensor_as_an_index() -> None:
    index = gradcalc.constant([1, 0])
    table = np.array([3.0, 4.0])
    assert np.take_along_axis(table, index, 0).numpy().tolist() == [4.0, 3.0]
    assert np.repeat(gradcalc.constant(table), index).numpy().tolist() == [3.0]
    assert np.delete(table, gradcalc.constant(1)).numpy().tolist() == [3.0]


def test_memory_order_is_followed() -> None:
    x = gradcalc.Variable(np.asfortranarray(np.arange(6.0).reshape(2, 3)))
    for function in (lambda a: np.ravel(a, order="A"), lambda a: np.ravel(a, order="K")):
        with gradcalc.GradientTape() as tape:
            y = function(x)
        assert y.numpy().tolist() == function(x.array).tolist()
        assert tape.gradient(y, x, output_gradients=np.arange(6.0)).numpy().tolist() == [[0, 2, 4], [1, 3, 5]]


def test_arguments_by_name() -> None:
    x = gradcalc.Variable([1.0, 2.0])
    assert np.roll(a=x, shift=1).numpy().tolist() == [2.0, 1.0]
    assert np.flip(m=x).numpy().tolist() == [2.0, 1.0]
    assert np.diag(v=x).shape == (2, 2)


@pytest.mark.parametrize(
    "function",
    [
        lambda u: np.sum(u),
        lambda u: np.sum(np.concatenate([u[1:], u])),
        lambda u: np.sum(np.stack([u, u])),
        lambda u: np.sum(np.reshape(np.transpose(np.tile(u, (2, 1))), -1)),
        lambda u: np.sum(np.roll(np.pad(u, 1), 1)),
        lambda u: np.mean(np.cumsum(u)),
        lambda u: np.sum(np.broadcast_to(u, (2, 3)), axis=0)[1],
    ],
)
def test_what_where_does_not_choose_does_no_harm(function: Callable[[Any], Any]) -> None:
    x = gradcalc.Variable([-1.0, 0.0, 2.0])
    with gradcalc.GradientTape() as tape, np.errstate(all="ignore"):
        y = function(np.where(x > 0, np.log(x), 0.0))
    assert np.isfinite(tape.gradient(y, x).numpy()).all()


def test_masks_pass_through_what_stands_before_where() -> None:
    x = gradcalc.Variable([-1.0, 0.0, 2.0])
    with gradcalc.GradientTape() as tape, np.errstate(all="ignore"):
        y = np.sum(np.select([np.flip(x) > 0], [np.flip(np.roll(np.log(np.concatenate([x])), 3))], 0.0))
    assert tape.gradient(y, x).numpy().tolist() == [0.0, 0.0, 0.5]


def test_arrays_like_a_recorded_one_are_constants() -> None:
    x = gradcalc.Variable([1.0, 2.0])
    with gradcalc.GradientTape() as tape:
        y = x * np.ones_like(x) + np.zeros_like(x)
        assert np.shape(x) == (2,) and np.ndim(x) == 1 and np.size(x) == 2
        assert np.array_equal(x, [1.0, 2.0]) and np.allclose(x, [1.0, 2.0])
        assert np.isclose(x, 1.0).numpy().tolist() == [True, False]
    assert tape.gradient(y, x).numpy().tolist() == [1.0, 1.0]


def test_numpy_raises_its_own_errors() -> None:
    x = gradcalc.Variable(np.ones((2, 3)))
    for wrong in (
        lambda: np.sum(x, axis=2),
        lambda: np.concatenate([x, x], axis=5),
        lambda: np.stack([x, x], axis=4),
        lambda: np.swapaxes(x, 0, 2),
        lambda: np.split(x, 2, axis=3),
        lambda: np.sort(x, axis=2),
    ):
        with pytest.raises(np.exceptions.AxisError):
            wrong()
    for wrong in (
        lambda: np.reshape(x, (4, 2)),
        lambda: np.transpose(x, (0,)),
        lambda: np.broadcast_to(x, (2, 4)),
        lambda: np.concatenate([x, np.ones((2, 4))]),
        lambda: np.split(x, 2, axis=1),
        lambda: np.dsplit(x, 2),
        lambda: np.vsplit(x[0], 2),
        lambda: np.squeeze(x, 0),
        lambda: np.select([x > 0], [x, x]),
        lambda: np.pad(x, 1, mode="nonsense"),
    ):
        with pytest.raises(ValueError):
            wrong()


def test_writing_into_arrays_is_refused() -> None:
    x = gradcalc.Variable([1.0, 2.0])
    place = np.zeros(2)
    with gradcalc.GradientTape():
        for write in (
            lambda: np.cumsum(x, out=place),
            lambda: np.take(x, [0, 1], out=place),
            lambda: np.concatenate([x[:1], x[1:]], out=place),
            lambda: np.add.at(place, [0, 1], x),
            lambda: np.fill_diagonal(np.eye(2), x),
        ):
            with pytest.raises(DetachError, match="array"):
                write()
    for write in (lambda: np.add.at(x, 0, 1.0), lambda: np.fill_diagonal(x, 1.0), lambda: np.sum(place, out=x)):
        with pytest.raises(DetachError):
            write()
    with pytest.raises(TypeError, match=r"out= is not taken.*\n?.*try"):
        np.sum(x, None, None, place)
    assert x.numpy().tolist() == [1.0, 2.0] and place.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("function", [np.corrcoef, np.unique, np.roots, np.sort_complex, lambda x: np.histogram(x)[1]])
def test_what_has_no_rule_says_so(function: Callable[[Any], Any]) -> None:
    x = gradcalc.Variable([1.0, 2.0, 4.0])
    with (
        gradcalc.GradientTape(),
        pytest.raises(NoRuleError, match=r"numpy.* has no derivative rule\s+try: .*custom_gradient"),
    ):
        function(x)


def test_padding_by_statistics_has_no_rule() -> None:
    x = gradcalc.Variable([1.0, 2.0, 4.0])
    with gradcalc.GradientTape():
        with pytest.raises(NoRuleError, match="mode mean"):
            np.pad(x, 1, mode="mean")
        with pytest.raises(NoRuleError, match="mode reflect"):
            np.pad(x, 1, mode="reflect", reflect_type="odd")


# -- what is dropped ---------------------------------------------------------------------------------------------------

DROPPED = [
    lambda x: np.log(x)[x > 0],
    lambda x: np.log(x[:, None] * np.ones(2))[x > 0],
    lambda x: np.log(x * np.ones((2, 1)))[:, np.array([False, True])],
    lambda x: np.compress([False, True], np.log(x)),
    lambda x: np.extract([False, True], np.log(x)),
    lambda x: np.take(np.log(x), [1]),
    lambda x: np.delete(np.log(x), 0),
    lambda x: np.choose([0, 1], [x * 0, np.log(x)]),
    lambda x: np.max(np.log(x)),
]


@pytest.mark.parametrize("number", range(len(DROPPED)))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_elements_that_are_dropped_do_no_harm(number: int) -> None:
    for order in derivatives(DROPPED[number], [0.0, 2.0], 2):
        assert order[0] == 0
        assert np.isfinite(order).all()


# -- NumPy's signatures ------------------------------------------------------------------------------------------------


def test_arguments_are_taken_by_position_and_by_name_as_numpy_takes_them() -> None:
    x = Variable([[3.0, 1.0], [2.0, 5.0]])
    calls: list[Callable[[Any], Any]] = [
        lambda a: np.sum(a, 0, None, None, True),
        lambda a: np.sum(a=a, axis=0, out=None, keepdims=True),
        lambda a: np.max(a, 1, None, True, 4.0),
        lambda a: np.median(a, overwrite_input=True, keepdims=True),
        lambda a: np.median(a, 1, None, True),
        lambda a: np.quantile(a, 0.25, 0, None, False, "linear", True),
        lambda a: np.compress(a=a, condition=[True, False], axis=1),
        lambda a: np.hsplit(ary=a, indices_or_sections=2)[1],
        lambda a: np.copy(a, order="C", subok=True),
        lambda a: np.linspace(0.0, a, 3, device="cpu"),
        lambda a: np.choose([0, 1], a, None, "wrap"),
        lambda a: np.var(a, 0, None, None, 1, True, where=True),
        lambda a: np.linalg.eigvalsh(a=a, UPLO="U"),
        lambda a: np.linalg.matrix_norm(a, keepdims=True),
    ]
    for call in calls:
        np.testing.assert_allclose(call(x).numpy(), call(x.numpy()), rtol=1e-14)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda a: np.sum(a, 0, None, np.zeros(2)), "out="),
        (lambda a: np.trace(a, 0, 0, 1, None, np.zeros(())), "out="),
        (lambda a: np.max(a, 0, np.zeros(2)), "out="),
        (lambda a: np.var(a, mean=1.0), "mean="),
        (lambda a: np.nanvar(a, where=[True, False]), "where="),
        (lambda a: np.outer(a, a, np.zeros((4, 4))), "out="),
    ],
)
def test_an_argument_that_has_no_meaning_on_a_tape_is_refused_by_name(call: Any, name: str) -> None:
    with pytest.raises(TypeError, match=f"{name} is not taken where a tensor takes part; try: leave it out"):
        call(Variable([[3.0, 1.0], [2.0, 5.0]]))


def test_a_rule_names_what_it_uses_and_has_numpys_defaults() -> None:
    def of_numpy(a: Any, axis: int = -1, out: Any = None, subok: bool = True, keepdims: Any = np._NoValue) -> None:
        """A function with a signature."""

    rule = implements(of_numpy)(lambda a, axis, keepdims: (a, axis, keepdims))
    entered = FUNCTIONS.pop(of_numpy)
    assert rule(1) == entered(1) == (1, -1, False)
    assert entered(1, 2, None, False, True) == entered(keepdims=True, axis=2, a=1, subok=False) == (1, 2, True)
    with pytest.raises(TypeError, match="out= is not taken"):
        entered(1, 2, [])
    with pytest.raises(TypeError, match="more"):
        entered(1, more=2)
    whole = implements(of_numpy)(lambda a, axis, out, subok, keepdims: a)
    assert FUNCTIONS.pop(of_numpy) is whole
