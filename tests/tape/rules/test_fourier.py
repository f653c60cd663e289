"""Fourier transforms: values as NumPy's, adjoints against the matrix of the transform, complex tensors, errors."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc import GradientTape, Variable
from gradcalc.errors import DetachError, NoRuleError
from gradcalc.tape.rules.fourier import ComplexTensor
from tests.tape.differences import energy, extended, slope

RNG = np.random.default_rng(0)
SHAPES: list[tuple[tuple[int, ...], int]] = [((6,), -1), ((5,), 0), ((1,), 0), ((2,), 0), ((3, 4), 0), ((2, 3, 2), 1)]
TRANSFORMS: list[Callable[..., Any]] = [np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft]


def basis(shape: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Any]]:
    """The index and the array of each unit vector."""
    for i in np.ndindex(*shape):
        unit = np.zeros(shape)
        unit[i] = 1
        yield i, unit


def weighed(y: Any, weights: Any) -> Any:
    """The sum of the parts, each with a weight."""
    total = np.sum(np.real(y) * weights.real)
    return total + np.sum(np.imag(y) * weights.imag)


@pytest.mark.parametrize("norm", [None, "backward", "ortho", "forward"])
@pytest.mark.parametrize("function", TRANSFORMS, ids=lambda f: f.__name__)
def test_transforms_and_their_adjoints_are_right(function: Callable[..., Any], norm: Any) -> None:
    for shape, axis in SHAPES:
        for n in (None, 1, 2, 3, 4, 7, 8):
            if function is np.fft.irfft and n is None and shape[axis] == 1:
                continue
            x, z = Variable(RNG.normal(size=shape)), Variable(RNG.normal(size=shape))
            z = z if function is not np.fft.rfft else Variable(0 * z)
            with GradientTape() as tape:
                y = function(ComplexTensor(x * 1, z * 1) if function is not np.fft.rfft else x, n, axis, norm)
                expected = function(x.numpy() + 1j * z.numpy() if z.numpy().any() else x.numpy(), n, axis, norm)
                weights = RNG.normal(size=expected.shape) + 1j * RNG.normal(size=expected.shape)
                total = weighed(y, weights)
            np.testing.assert_allclose(y.numpy(), expected, rtol=1e-14, atol=1e-15)
            to_x, to_z = tape.gradient(total, [x, z], unconnected_gradients="zero")
            for i, unit in basis(shape):
                image = weighed(function(unit, n, axis, norm), weights)
                np.testing.assert_allclose(to_x.numpy()[i], image, atol=1e-13)
                if function is not np.fft.rfft:
                    image = weighed(function(1j * unit, n, axis, norm), weights)
                    np.testing.assert_allclose(to_z.numpy()[i], image, atol=1e-13)


H = np.array([0.3, -1.2, 0.8, 2.0, -0.4, 0.1])
SPECTRUM = np.fft.rfft(H)
PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "convolution": lambda x: np.fft.irfft(np.fft.rfft(x) * SPECTRUM, 6),
    "an array before": lambda x: np.fft.irfft(SPECTRUM * np.fft.rfft(x), 6),
    "convolution by fft": lambda x: np.fft.ifft(np.fft.fft(x) * np.fft.fft(H)).real,
    "power": lambda x: np.abs(np.fft.rfft(x)) ** 2,
    "power by the conjugate": lambda x: (np.fft.fft(x) * np.conj(np.fft.fft(x))).real,
    "a tensor before": lambda x: np.real(x[0] * np.fft.rfft(x) / x[1]),
    "numbers before": lambda x: np.imag((1j - np.fft.rfft(x)) / (2 / np.fft.rfft(x * x))),
    "tensors around": lambda x: np.abs(x[:4] - (np.fft.rfft(x) - x[:4])),
    "a tensor divided": lambda x: np.imag(np.sum(x[:4] / np.fft.rfft(x)[::-1])),
    "angles": lambda x: np.angle(np.fft.rfft(x))[1:3],
    "degrees": lambda x: np.angle(-np.fft.rfft(x)[1:3], deg=True) / 100,
    "delay": lambda x: np.fft.irfft(np.fft.rfft(x) * np.exp(-0.3j * np.arange(4)), 6),
    "mean": lambda x: np.mean(np.fft.fft(x) + 2j).real,
}


@extended
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_are_right(name: str) -> None:
    function, x = PROGRAMS[name], np.array([0.5, 1.3, 0.9, -0.7, 1.8, 0.2])
    way = np.cos(np.arange(6.0))
    variable = Variable(x)
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = function(variable)
            total = energy(lambda _: y, variable)
        first = inner.gradient(total, variable)
        along = np.sum(first * way)
    np.testing.assert_allclose(y.numpy(), function(x), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(along.numpy(), slope(function, (x,), [way]), rtol=1e-10)
    gradient = gradcalc.grad(lambda x: energy(function, x))
    h, second = 1e-4, outer.gradient(along, variable).numpy() @ way
    steps = [gradient(x + k * h * way) @ way for k in (1, -1, 2, -2)]
    np.testing.assert_allclose(second, (8 * (steps[0] - steps[1]) - (steps[2] - steps[3])) / (12 * h), rtol=1e-7)


OVER_AXES = [
    np.fft.fft2,
    np.fft.ifft2,
    np.fft.rfft2,
    np.fft.irfft2,
    np.fft.fftn,
    np.fft.ifftn,
    np.fft.rfftn,
    np.fft.irfftn,
]
PLACES: list[dict[str, Any]] = [
    {}, {"axes": (0, 1)}, {"axes": (1,)}, {"s": (3, 6), "axes": (1, 0)}, {"s": (-1, 2), "axes": (-1, 0)},
    {"axes": (0, 0)}, {"norm": "ortho"},
]  # fmt: skip
OF_HALVES: list[tuple[Any, dict[str, Any]]] = [
    (f, k)
    for f in (np.fft.hfft, np.fft.ihfft)
    for k in ({}, {"n": 3}, {"axis": 0, "norm": "ortho"}, {"norm": "forward"})
]
SHIFTS: list[tuple[Any, dict[str, Any]]] = [
    (f, k) for f in (np.fft.fftshift, np.fft.ifftshift) for k in ({}, {"axes": (0, 2)}, {"axes": 1})
]


@pytest.mark.parametrize("function, places", [*((f, k) for f in OVER_AXES for k in PLACES), *OF_HALVES, *SHIFTS])
def test_transforms_over_axes_are_numpys(function: Callable[..., Any], places: dict[str, Any]) -> None:
    x, z = RNG.normal(size=(2, 3, 4)), RNG.normal(size=(2, 3, 4))
    real = function in (np.fft.rfft2, np.fft.rfftn, np.fft.ihfft)
    a, b = Variable(x), Variable(z)
    with GradientTape() as tape:
        y = function(a if real else ComplexTensor(a * 1, b * 1), **places)
        expected = function(x if real else x + 1j * z, **places)
        weights = RNG.normal(size=expected.shape) + 1j * RNG.normal(size=expected.shape)
        total = weighed(y, weights)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(function(gradcalc.constant(x), **places).numpy(), function(x, **places), atol=1e-14)
    to_a, to_b = tape.gradient(total, [a, b], unconnected_gradients="zero")
    for i, unit in basis((2, 3, 4)):
        np.testing.assert_allclose(to_a.numpy()[i], weighed(function(unit, **places), weights), atol=1e-13)
        if not real:
            np.testing.assert_allclose(to_b.numpy()[i], weighed(function(1j * unit, **places), weights), atol=1e-13)


def test_a_blurred_image_has_the_gradient_of_its_filter() -> None:
    kernel, image, weights = RNG.normal(size=(4, 5)), RNG.normal(size=(4, 5)), RNG.normal(size=(4, 5))

    def blurred(x: Any) -> Any:
        return np.fft.irfft2(np.fft.rfft2(x) * np.fft.rfft2(kernel), s=(4, 5), axes=(0, 1))

    gradient = gradcalc.grad(lambda x: np.sum(weights * blurred(x)))(image)
    expected = np.fft.irfft2(np.fft.rfft2(weights) * np.conj(np.fft.rfft2(kernel)), s=(4, 5), axes=(0, 1))
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda x: np.fft.fft2(x, s=(2,)), "Shape and axes have different lengths"),
        (lambda x: np.fft.fftn(x, axes=()), "over no axes"),
        (lambda x: np.fft.hfft(x, norm="half"), "Invalid norm value half"),
        (lambda x: np.fft.fft2(x, s=(0, 1)), "data points"),
    ],
)
def test_wrong_axes_and_sizes_are_refused(wrong: Callable[[Any], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        wrong(gradcalc.constant(np.ones((2, 3))))


def test_jacobians_of_a_filter_are_its_matrix() -> None:
    matrix = np.stack([PROGRAMS["convolution"](unit) for _, unit in basis((6,))], axis=-1)
    np.testing.assert_allclose(gradcalc.jacobian(PROGRAMS["convolution"])(H), matrix, atol=1e-15)


def test_dtypes_stay() -> None:
    x = gradcalc.constant(np.float32([1, 2, 5]))
    assert np.fft.rfft(x).numpy().dtype == np.complex64
    assert np.fft.irfft(np.fft.rfft(x), 3).dtype == np.float32


def test_division_does_not_overflow() -> None:
    y = np.fft.rfft(gradcalc.constant([1e200, 3e200]))
    np.testing.assert_allclose((y / y).numpy(), [1, 1], rtol=1e-15)


def test_what_is_not_there_is_named() -> None:
    x = Variable([1.0, 2.0])
    with GradientTape() as tape:
        y = np.fft.rfft(x)
        for wrong, words in ((np.exp, "exp"), (np.median, "numpy.median"), (lambda y: np.power(2, y), "power")):
            with pytest.raises(NoRuleError, match=rf"{words} has no rule for complex tensors\ntry: .*x\.real"):
                wrong(y)
        with pytest.raises(DetachError):
            np.asarray(y)
        with pytest.raises(TypeError, match=r"rfft takes real tensors; try: numpy\.fft\.fft"):
            np.fft.rfft(y)
        for transform in TRANSFORMS:
            with pytest.raises(ValueError, match=r"Invalid number of FFT data points \(0\)"):
                transform(x, 0)
    with pytest.raises(TypeError, match="a target must be a tensor, not ComplexTensor"):
        tape.gradient(y, x)
    assert np.asarray(y).tolist() == [3, -1]
    assert (len(y), repr(y)) == (2, "<ComplexTensor: shape=(2,), numpy=array([ 3.+0.j, -1.+0.j])>")
