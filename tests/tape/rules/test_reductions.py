"""Reductions, running sums and products, differences, statistics, softmax: values, gradients of orders 1 and 2."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special

import gradcalc
from gradcalc.errors import DetachError, NoRuleError
from gradcalc.tape.rules.reductions import log_softmax, logsumexp, softmax
from tests.tape.differences import check, extended, points

AXES: list[dict[str, Any]] = [
    {}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 2)}, {"axis": (2, -2), "keepdims": True},
    {"keepdims": True}, {"axis": ()},
]  # fmt: skip
REDUCTIONS = [np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std, np.ptp, np.amax, np.amin]
REDUCTIONS += [np.nansum, np.nanmean, np.nanprod, np.nanmax, np.nanmin, np.nanvar, np.nanstd, np.median]
SOFT = [logsumexp, softmax, log_softmax]


def differentiable(function: Callable[..., Any], settings: dict[str, Any]) -> bool:
    """NumPy takes these settings, and the spread of one element alone is no kink."""
    spreads = {np.std, np.nanstd, np.ptp, np.var, np.nanvar, np.median}
    return not (settings.get("axis") == () and function in spreads)


@extended
@pytest.mark.parametrize("settings", AXES, ids=str)
@pytest.mark.parametrize("function", REDUCTIONS, ids=lambda f: f.__name__)
def test_reductions_are_right(function: Callable[..., Any], settings: dict[str, Any]) -> None:
    if differentiable(function, settings):
        check(lambda x: function(x, **settings), *points((2, 3, 2)))


OTHERS: dict[str, Callable[[Any], Any]] = {
    "sum in a dtype": lambda x: np.sum(x, axis=0, dtype=np.result_type(x.dtype, np.float64)),
    "sum from a value": lambda x: np.sum(x, axis=0, initial=x[0, 0]),
    "sum of some": lambda x: np.sum(x, axis=1, where=[True, False, True, True]),
    "mean of some": lambda x: np.mean(x, axis=1, where=np.eye(3, 4, dtype=bool), keepdims=True),
    "mean of some, without axes": lambda x: np.mean(x, where=np.eye(3, 4, dtype=bool)),
    "prod from a value": lambda x: np.prod(x, axis=0, initial=2),
    "prod of some": lambda x: np.prod(x, where=np.tri(3, 4, dtype=bool)),
    "max of some": lambda x: np.max(x, axis=1, initial=0.5, where=np.tri(3, 4, dtype=bool)),
    "min with a start": lambda x: np.min(x, axis=1, initial=0.9),
    "var of freedom": lambda x: np.var(x, axis=1, ddof=1),
    "std with a correction": lambda x: np.std(x, correction=1.5),
    "nanvar of freedom": lambda x: np.nanvar(x, axis=0, ddof=1),
    "average": lambda x: np.average(x, axis=1),
    "average by weights": lambda x: np.average(x, weights=x * x),
    "average along an axis": lambda x: np.average(x, axis=0, weights=x[:, 0], keepdims=True),
    "average, returned": lambda x: np.average(x, axis=1, weights=[1, 2, 3, 4], returned=True),
    "cumsum": np.cumsum,
    "cumsum along an axis": lambda x: np.cumsum(x, axis=0),
    "cumprod": np.cumprod,
    "cumprod along an axis": lambda x: np.cumprod(x, axis=-2),
    "cumulative_sum": lambda x: np.cumulative_sum(x, axis=1, include_initial=True),
    "cumulative_prod": lambda x: np.cumulative_prod(x, axis=0, include_initial=True),
    "nancumsum": lambda x: np.nancumsum(x, axis=1),
    "nancumprod": lambda x: np.nancumprod(x),
    "add.reduce": np.add.reduce,
    "add.reduce of all": lambda x: np.add.reduce(x, axis=None),
    "multiply.reduce": lambda x: np.multiply.reduce(x, axis=(0, 1)),
    "maximum.reduce": lambda x: np.maximum.reduce(x, axis=1, keepdims=True),
    "minimum.reduce": np.minimum.reduce,
    "add.accumulate": np.add.accumulate,
    "multiply.accumulate": lambda x: np.multiply.accumulate(x, axis=1),
    "logaddexp.reduce": np.logaddexp.reduce,
    "diff": np.diff,
    "diff twice": lambda x: np.diff(x, n=2, axis=0),
    "diff of none": lambda x: np.diff(x, n=0),
    "diff with ends": lambda x: np.diff(x, prepend=0.0, append=x[:, :2]),
    "ediff1d": lambda x: np.ediff1d(x, to_begin=x[0, 0], to_end=[1.0, 2.0]),
    "trapezoid": np.trapezoid,
    "trapezoid by steps": lambda x: np.trapezoid(x, dx=x[:, 1:] ** 2),
    "trapezoid over places": lambda x: np.trapezoid(x, x[:, 0] ** 2, axis=0),
    "trapezoid over many places": lambda x: np.trapezoid(x, x * x, axis=0),
    "gradient": np.gradient,
    "gradient by steps": lambda x: np.gradient(x, 0.5, 2.0, edge_order=2),
    "gradient over places": lambda x: np.gradient(x, np.array([0.0, 0.4, 1.5, 2.0]), axis=1, edge_order=2),
    "gradient at the edges": lambda x: np.gradient(x, np.array([0.0, 0.4, 1.5, 2.0]), axis=-1),
    "median of an odd number": lambda x: np.median(x, axis=0),
    "median of an even number": lambda x: np.median(x, axis=1, keepdims=True),
    "quantile": lambda x: np.quantile(x, 0.3, axis=1),
    "quantiles": lambda x: np.quantile(x, [0.0, 0.7, 1.0], axis=0, keepdims=True),
    "percentile": lambda x: np.percentile(x, [10, 55]),
}


@extended
@pytest.mark.parametrize("name", OTHERS)
def test_values_and_derivatives_are_right(name: str) -> None:
    check(OTHERS[name], *points((3, 4)))


@extended
@pytest.mark.parametrize(
    "name", ["cumsum", "cumprod along an axis", "gradient", "average by weights", "diff with ends"]
)
def test_negative_strides_make_no_difference(name: str) -> None:
    (x,) = points((4, 3))
    check(OTHERS[name], x.T[::-1, ::-1])


def reference(function: Callable[..., Any], axis: Any) -> Callable[[Any], Any]:
    """What the soft functions are by definition."""

    def plain(x: Any) -> Any:
        total = np.sum(np.exp(x), axis=axis, keepdims=True)
        if function is logsumexp:
            return np.log(np.sum(np.exp(x), axis=axis))
        return np.exp(x) / total if function is softmax else x - np.log(total)

    return lambda x: function(x, axis=axis) if isinstance(x, gradcalc.Tensor) else plain(x)


@extended
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2)], ids=str)
@pytest.mark.parametrize("function", SOFT)
def test_soft_functions_are_right(function: Callable[..., Any], axis: Any) -> None:
    check(reference(function, axis), *points((2, 3, 2)))


INF = math.inf
EXTREME = [
    [0.0, 1000.0, -1000.0], [-INF, 0.0, 1.0], [-INF, -INF, -INF], [INF, 0.0, 1.0], [INF, INF, -INF], [math.nan, 0.0, 1.0],
    [1e308, 1e308, 0.0], [-1e-300, 1e-300, 0.0],
]  # fmt: skip


@pytest.mark.parametrize("values", EXTREME, ids=str)
@pytest.mark.parametrize("function", SOFT)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_soft_functions_of_extremes_are_those_of_scipy(function: Callable[..., Any], values: list[float]) -> None:
    expected = getattr(special, function.__name__)(values, axis=-1)
    np.testing.assert_allclose(function(values, axis=-1), expected, rtol=1e-15)
    np.testing.assert_allclose(function(gradcalc.constant(values), axis=-1).numpy(), expected, rtol=1e-15)


def test_the_gradient_of_logsumexp_is_exact_where_its_value_is_large() -> None:
    x = gradcalc.Variable(np.float32([[1000, 1000], [-3e4, -3e4 - 1]]))
    with gradcalc.GradientTape() as tape:
        y = logsumexp(x, axis=1)
    share = 1 / (1 + math.exp(-1))
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), [[0.5, 0.5], [share, 1 - share]], rtol=2e-7)


@pytest.mark.parametrize(
    "values, expected",
    [
        ([0.0, 1000.0, -1000.0], [0.0, 1.0, 0.0]), ([-INF, 0.0, 0.0], [0.0, 0.5, 0.5]), ([-INF, -INF], [0.0, 0.0]),
        ([INF, 0.0], [1.0, 0.0]), ([INF, INF, 1.0], [0.5, 0.5, 0.0]),
    ],
)  # fmt: skip
def test_gradient_of_logsumexp_at_extremes(values: list[float], expected: list[float]) -> None:
    x = gradcalc.Variable(values)
    with gradcalc.GradientTape() as tape:
        y = logsumexp(x)
    assert tape.gradient(y, x).numpy().tolist() == expected


def test_soft_functions_take_lists_integers_and_empty_axes() -> None:
    assert softmax([0, 0]).tolist() == [0.5, 0.5]
    assert logsumexp([[0, 0]], axis=1, keepdims=True).tolist() == [[math.log(2)]]
    assert logsumexp(np.zeros((2, 0)), axis=1).tolist() == [-INF, -INF]
    assert logsumexp(np.zeros((0, 2)), axis=1).shape == (0,)
    assert logsumexp(3.0) == 3.0
    assert softmax(np.zeros((0, 2))).shape == (0, 2)
    for function in SOFT:
        assert function(np.zeros(2, np.float32), axis=0).dtype == np.float32
        with pytest.raises(np.exceptions.AxisError):
            function(gradcalc.constant([1.0]), axis=1)


@pytest.mark.parametrize(
    "values", [[2.0, 3.0, 5.0], [2.0, 0.0, 5.0], [0.0, 3.0, 0.0], [0.0, 0.0, 0.0], [1e-200, 1e-200, 1e200]]
)
def test_products_need_no_dividing(values: list[float]) -> None:
    a, b, c = values
    x = gradcalc.Variable(values)
    with gradcalc.GradientTape(persistent=True) as outer:
        with gradcalc.GradientTape(persistent=True) as tape:
            whole, running = np.prod(x), np.sum(np.cumprod(x) * [1.0, 10.0, 100.0])
        first, second = tape.gradient(whole, x), tape.gradient(running, x)
    close = {"rtol": 1e-15}
    np.testing.assert_allclose(first.numpy(), [b * c, a * c, a * b], **close)
    np.testing.assert_allclose(outer.jacobian(first, x).numpy(), [[0, c, b], [c, 0, a], [b, a, 0]], **close)
    expected = [1 + 10 * b + 100 * b * c, 10 * a + 100 * a * c, 100 * a * b]
    np.testing.assert_allclose(second.numpy(), expected, **close)
    expected = [[0, 10 + 100 * c, 100 * b], [10 + 100 * c, 0, 100 * a], [100 * b, 100 * a, 0]]
    np.testing.assert_allclose(outer.jacobian(second, x).numpy(), expected, **close)


@pytest.mark.parametrize("function", [np.max, np.min, np.amax, np.maximum.reduce])
def test_ties_share_equally(function: Callable[..., Any]) -> None:
    x = gradcalc.Variable(
        [[2.0, 2.0, 2.0], [2.0, 5.0, 5.0]] if function is not np.min else [[2.0] * 3, [9.0, 5.0, 5.0]]
    )
    with gradcalc.GradientTape() as tape:
        y = np.sum(function(x, axis=1) * [3.0, 4.0])
    assert tape.gradient(y, x).numpy().tolist() == [[1.0, 1.0, 1.0], [0.0, 2.0, 2.0]]


def test_a_tie_with_the_initial_value_is_shared() -> None:
    x = gradcalc.Variable([1.0, 3.0])
    with gradcalc.GradientTape() as tape:
        y = np.max(x, initial=3.0)
    assert tape.gradient(y, x).numpy().tolist() == [0.0, 0.5]


def test_nothing_spreads_nothing() -> None:
    x = gradcalc.Variable([2.0, 2.0, 2.0])
    for function in (np.std, np.nanstd, np.ptp, np.var):
        with gradcalc.GradientTape() as tape:
            y = function(x)
        assert tape.gradient(y, x).numpy().tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "function, expected",
    [
        (np.nansum, [1, 1, 0]), (np.nanmean, [0.5, 0.5, 0]), (np.nanprod, [4, 2, 0]), (np.nanmax, [0, 1, 0]),
        (np.nanmin, [1, 0, 0]), (np.nanvar, [-1, 1, 0]), (np.nanstd, [-0.5, 0.5, 0]), (np.nancumsum, [3, 2, 0]),
    ],
)  # fmt: skip
def test_nan_is_left_out(function: Callable[..., Any], expected: list[float]) -> None:
    values = [2.0, 4.0, math.nan]
    x = gradcalc.Variable(values)
    with gradcalc.GradientTape() as tape:
        y = function(x)
        total = np.sum(y)
    np.testing.assert_array_equal(y.numpy(), function(np.array(values)))
    np.testing.assert_allclose(tape.gradient(total, x).numpy(), expected, rtol=2.3e-16)


@pytest.mark.filterwarnings("ignore:All-NaN:RuntimeWarning")
def test_nan_stays_where_numpy_keeps_it() -> None:
    rows = np.array([[math.nan, math.nan], [1.0, 2.0]])
    x = gradcalc.Variable(rows)
    for function in (np.nanmax, np.nanmin, np.median, np.max):
        np.testing.assert_array_equal(function(x, axis=1).numpy(), function(rows, axis=1))
    assert np.isnan(np.quantile(x, 0.5).numpy())


SIZES: list[tuple[Callable[[Any], Any], tuple[int, ...]]] = [
    (f, shape) for f in (np.sum, np.prod, np.cumsum, np.cumprod, np.nansum) for shape in [(), (0,), (0, 2), (1, 1)]
] + [(f, shape) for f in (np.mean, np.max, np.min, np.median, np.ptp, logsumexp) for shape in [(), (1,), (2, 1)]]


@pytest.mark.parametrize("function, shape", SIZES)
def test_scalars_and_empty_arrays_work(function: Callable[..., Any], shape: tuple[int, ...]) -> None:
    (value,) = points(shape)
    x = gradcalc.Variable(value)
    with gradcalc.GradientTape() as tape:
        y = function(x)
    np.testing.assert_allclose(y.numpy(), special.logsumexp(value) if function is logsumexp else function(value))
    gradient = tape.gradient(y, x)
    assert gradient.shape == shape
    assert isinstance(gradient.numpy(), np.ndarray) == bool(shape)
    assert np.isfinite(gradient.numpy()).all()


def test_reductions_along_empty_axes() -> None:
    x = gradcalc.Variable(np.zeros((2, 0, 3)))
    for function in (np.sum, np.prod, np.cumsum, np.cumprod, logsumexp):
        with gradcalc.GradientTape() as tape:
            y = function(x, axis=1)
        assert tape.gradient(y, x).shape == (2, 0, 3)
    with pytest.raises(ValueError, match="zero-size array"):
        np.max(x, axis=1)


@pytest.mark.parametrize(
    "function", REDUCTIONS + [np.cumsum, np.cumprod, np.diff, np.gradient, logsumexp, softmax], ids=lambda f: f.__name__
)
def test_float32_stays(function: Callable[..., Any]) -> None:
    x = gradcalc.Variable(points((5,))[0].astype(np.float32))
    with gradcalc.GradientTape() as tape:
        y = function(x)
    assert y.dtype == np.float32
    assert tape.gradient(y, x).dtype == np.float32


def test_a_dtype_is_a_cast() -> None:
    x = gradcalc.Variable(np.float32([1.5, 2.5]))
    for function in (np.sum, np.mean, np.prod, np.var, np.cumsum):
        with gradcalc.GradientTape() as tape:
            y = function(x, dtype=np.float64)
        assert y.dtype == np.float64
        assert tape.gradient(y, x).dtype == np.float32


def test_what_cannot_be_taken_says_so() -> None:
    x = gradcalc.Variable([1.0, 2.0])
    with gradcalc.GradientTape(), pytest.raises(NoRuleError, match="quantile with method='nearest'"):
        np.quantile(x, 0.5, method="nearest")
    with gradcalc.GradientTape():
        for lose in (lambda: np.max(x, initial=x[0]), lambda: np.quantile(x, x[0])):
            with pytest.raises(DetachError):
                lose()
    with pytest.raises(TypeError, match="mean= is not taken"):
        np.var(x, mean=1.0)
    with pytest.raises(ValueError, match="range"):
        np.percentile(x, 101)
    with pytest.raises(ZeroDivisionError, match="sum to zero"):
        np.average(x, weights=[1, -1])
    with pytest.raises(TypeError, match="Axis must be specified"):
        np.average(x, weights=[1.0])
    with pytest.raises(np.exceptions.AxisError):
        np.cumsum(x, axis=1)


def test_counts_and_places_are_plain() -> None:
    x = gradcalc.Variable([1.0, 0.0, 2.0])
    with gradcalc.GradientTape():
        assert np.count_nonzero(x) == 2
        assert np.argmax(x).numpy() == 2
        assert np.any(x > 1).numpy() and not np.all(x > 1).numpy()


def test_integers_are_reduced_as_numpy_does() -> None:
    whole = gradcalc.constant([4, 1, 3, 2])
    for function in (np.median, lambda x: np.quantile(x, 0.3), lambda x: np.percentile(x, [10, 90]), np.round):
        expected = function(np.array([4, 1, 3, 2]))
        np.testing.assert_array_equal(function(whole).numpy(), expected)
        assert function(whole).dtype == expected.dtype
    np.testing.assert_array_equal(np.diff(gradcalc.constant([1.0, 2.0]), n=0, prepend=5.0), [1.0, 2.0])


# -- sizes whose squares are no numbers --------------------------------------------------------------------------------

SIZES_OF_FLOATS = [
    (np.float64, 1e-200),
    (np.float64, 1e-310),
    (np.float64, 1e200),
    (np.float32, 1e-30),
    (np.float32, 1e30),
]
SCALED: dict[str, tuple[Callable[[Any], Any], list[float], float, list[float]]] = {
    "norm": (np.linalg.norm, [3, 4], 5, [0.6, 0.8]),
    "norm of a matrix": (lambda x: np.linalg.norm(np.reshape(x, (2, 1))), [3, 4], 5, [0.6, 0.8]),
    "norm along an axis": (lambda x: np.linalg.norm(np.stack([x, x]), axis=1)[0], [3, 4], 5, [0.6, 0.8]),
    "norm 3": (lambda x: np.linalg.norm(x, 3), [3, 4], 91 ** (1 / 3), [9 * 91 ** (-2 / 3), 16 * 91 ** (-2 / 3)]),
    "norm -2": (lambda x: np.linalg.norm(x, -2), [3, 4], 2.4, [0.512, 0.216]),
    "vector_norm": (np.linalg.vector_norm, [-3, 4], 5, [-0.6, 0.8]),
    "hypot": (lambda x: np.hypot(x[0], x[1]), [3, 4], 5, [0.6, 0.8]),
    "std": (np.std, [1, 3], 1, [-0.5, 0.5]),
    "std of one degree of freedom less": (lambda x: np.std(x, ddof=1), [1, 3], 2**0.5, [-(0.5**0.5), 0.5**0.5]),
    "nanstd": (lambda x: np.nanstd(np.append(x, np.nan)), [1, 3], 1, [-0.5, 0.5]),
}


@pytest.mark.parametrize("name", SCALED)
def test_norms_scale(name: str) -> None:
    function, at, value, slopes = SCALED[name]
    for dtype, size in SIZES_OF_FLOATS:
        x = gradcalc.Variable(np.array(at) * size, dtype=dtype)
        with gradcalc.GradientTape() as tape:
            y = function(x)
        close = 1e-12 if dtype is np.float64 else 1e-6
        np.testing.assert_allclose(y.numpy() / dtype(size), value, rtol=close)
        np.testing.assert_allclose(tape.gradient(y, x).numpy(), slopes, rtol=close)


def test_a_norm_that_is_no_number_has_the_gradient_of_its_direction_or_nan() -> None:
    for values, slopes in (
        ([1.5e308, 1.5e308], [0.5**0.5] * 2),
        ([math.inf, 1.0], [math.nan, 0.0]),
        ([0.0, 0.0], [0, 0]),
    ):
        x = gradcalc.Variable(values)
        with gradcalc.GradientTape() as tape:
            y = np.linalg.norm(x)
        np.testing.assert_allclose(tape.gradient(y, x).numpy(), slopes, rtol=1e-15)


def test_logsumexp_takes_weights() -> None:
    """As `scipy.special.logsumexp(a, b=b)`: a weight of 0 leaves its element out, and has a slope."""
    x, b = gradcalc.Variable([1.0, 2.0, 800.0, 3.0]), gradcalc.Variable([2.0, 0.5, 0.0, 0.0])
    with gradcalc.GradientTape() as tape:
        y = logsumexp(x, b=b)
    value = math.log(2 * math.e + 0.5 * math.exp(2))
    np.testing.assert_allclose(y.numpy(), value, rtol=1e-15)
    for_x, for_b = (g.numpy() for g in tape.gradient(y, [x, b]))
    np.testing.assert_allclose(for_x, [2 * math.exp(1 - value), 0.5 * math.exp(2 - value), 0, 0], rtol=1e-14)
    np.testing.assert_allclose(for_b[[0, 1, 3]], np.exp(np.array([1.0, 2.0, 3.0]) - value), rtol=1e-14)
    assert for_b[2] > 1e300
    rows = logsumexp(np.full((2, 2), 1000.0), axis=1, keepdims=True, b=gradcalc.constant([3.0, -1.0]))
    np.testing.assert_allclose(rows.numpy(), np.full((2, 1), 1000 + math.log(2)), rtol=1e-15)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_number_alone_has_a_first_axis_and_nothing_has_a_median() -> None:
    for function in (np.sum, np.max, np.prod, np.ptp, np.nanmean, np.nanstd, np.nansum):
        x = gradcalc.Variable(1.5)
        with gradcalc.GradientTape() as tape:
            y = function(x, axis=-1)
        assert y.numpy() == function(1.5, axis=-1)
        assert tape.gradient(y, x).numpy() == (0 if function in (np.ptp, np.nanstd) else 1)
    x = gradcalc.Variable(np.zeros((2, 0)))
    with gradcalc.GradientTape() as tape:
        y = np.median(x, axis=1)
    np.testing.assert_array_equal(y.numpy(), [math.nan, math.nan])
    assert tape.gradient(y, x).shape == (2, 0)
