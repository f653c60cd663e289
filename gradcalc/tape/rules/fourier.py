"""`numpy.fft` of tensors: complex numbers as two tensors. Imports rules.shapes, rules.elementwise, tensor, NumPy.

Tapes hold real numbers. A transform is one linear op of real and imaginary parts, stacked along the first axis; its
adjoint is the transform back with the other scale, and where it knows one half of a spectrum, the inner frequencies
count twice. Axes are counted from the last one.
"""

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from gradcalc.errors import NoRuleError
from gradcalc.tape.rules.shapes import implements, rearranged, refuse
from gradcalc.tape.tensor import Array, ArrayOp, Tensor, as_tensor

_ADJOINT = {None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho"}
"""The scale of a transform's adjoint."""


def _complex(s: Array) -> Array:
    return s[0] + 1j * s[1]


def _parts(x: Array) -> Array:
    return np.stack([x.real, x.imag])


def _times(s: Any, n: int, axis: int) -> Any:
    """How many frequencies of a whole spectrum of `n` each of its first half stands for."""
    times = np.full(n // 2 + 1, 2, s.dtype)
    times[0] = 1
    times[-1] = 2 - (n % 2 == 0 or n == 1)
    return times.reshape(-1, *(1,) * (-axis - 1))


FFT: ArrayOp = ArrayOp(
    "fft", lambda s, axis, norm: _parts(np.fft.fft(_complex(s), axis=axis, norm=norm)),
    lambda g, y, s, axis, norm: IFFT(g, axis=axis, norm=_ADJOINT[norm]),
)  # fmt: skip
IFFT: ArrayOp = ArrayOp(
    "ifft", lambda s, axis, norm: _parts(np.fft.ifft(_complex(s), axis=axis, norm=norm)),
    lambda g, y, s, axis, norm: FFT(g, axis=axis, norm=_ADJOINT[norm]),
)  # fmt: skip
RFFT: ArrayOp = ArrayOp(
    "rfft", lambda x, axis, norm: _parts(np.fft.rfft(x, axis=axis, norm=norm)),
    lambda g, y, x, axis, norm: IRFFT(
        g / _times(g, x.shape[axis], axis), n=x.shape[axis], axis=axis, norm=_ADJOINT[norm]
    ),
)  # fmt: skip
IRFFT: ArrayOp = ArrayOp(
    "irfft", lambda s, n, axis, norm: np.fft.irfft(_complex(s), n, axis=axis, norm=norm),
    lambda g, y, s, n, axis, norm: _times(g, n, axis) * RFFT(g, axis=axis, norm=_ADJOINT[norm]),
)  # fmt: skip


class ComplexTensor:
    """Complex numbers as two tensors, `real` and `imag`: what a transform makes of a tensor.

    It takes `+ - * /`, indices, `np.abs`, `np.conj`, `np.angle`, `np.real`, `np.imag`, and the transforms. A tape gives
    gradients of real tensors made of it.
    """

    holds_tensors = True

    def __init__(self, real: Any, imag: Any) -> None:
        self.real = real
        self.imag = imag

    @property
    def shape(self) -> Any:
        """The size along each axis."""
        return self.real.shape

    def numpy(self) -> Array:
        """The values as a complex array, off every tape."""
        return self.real.numpy() + 1j * self.imag.numpy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(np.asarray(self.real) + 1j * np.asarray(self.imag), dtype)

    def __len__(self) -> int:
        return len(self.real)

    def __repr__(self) -> str:
        return f"<ComplexTensor: shape={self.shape}, numpy={self.numpy()!r}>"

    def conj(self) -> "ComplexTensor":
        """The complex conjugate."""
        return ComplexTensor(self.real, -self.imag)

    def __getitem__(self, index: Any) -> "ComplexTensor":
        return ComplexTensor(self.real[index], self.imag[index])

    def __neg__(self) -> "ComplexTensor":
        return ComplexTensor(-self.real, -self.imag)

    def __abs__(self) -> Any:
        return np.hypot(self.real, self.imag)

    def __add__(self, other: Any) -> "ComplexTensor":
        real, imag = _pair(other)
        return ComplexTensor(self.real + real, self.imag + imag)

    def __mul__(self, other: Any) -> "ComplexTensor":
        real, imag = _pair(other)
        return ComplexTensor(self.real * real - self.imag * imag, self.real * imag + self.imag * real)

    def __truediv__(self, other: Any) -> "ComplexTensor":
        real, imag = _pair(other)
        size = np.hypot(real, imag)  # whose square may overflow
        return self * ComplexTensor(real / size / size, -imag / size / size)

    __radd__, __rmul__ = __add__, __mul__

    def __sub__(self, other: Any) -> "ComplexTensor":
        return self + -_as_complex(other)

    def __rsub__(self, other: Any) -> "ComplexTensor":
        return _as_complex(other) + -self

    def __rtruediv__(self, other: Any) -> "ComplexTensor":
        return _as_complex(other) / self

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if ufunc.__name__ not in _UFUNCS or method != "__call__" or kwargs:
            raise _without_rule(ufunc.__name__)
        first, *rest = inputs
        return _UFUNCS[ufunc.__name__](_as_complex(first), *rest)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function not in _OF_COMPLEX:
            raise _without_rule(f"{function.__module__}.{function.__name__}")
        return _OF_COMPLEX[function](*args, **kwargs)


def _without_rule(name: str) -> NoRuleError:
    return NoRuleError(
        f"{name} has no rule for complex tensors", hint="write it in x.real and x.imag, which are tensors"
    )


def _pair(x: Any) -> tuple[Any, Any]:
    """The real and the imaginary part of anything that complex tensors are combined with."""
    if isinstance(x, ComplexTensor | Tensor):
        return x.real, x.imag if isinstance(x, ComplexTensor) else 0.0
    x = np.asarray(x)
    return x.real, x.imag if x.dtype.kind == "c" else 0.0


def _as_complex(x: Any) -> ComplexTensor:
    real, imag = _pair(x)
    return x if isinstance(x, ComplexTensor) else ComplexTensor(as_tensor(real), as_tensor(imag))


_UFUNCS: dict[str, Callable[..., Any]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "negative": operator.neg, "absolute": abs, "conjugate": ComplexTensor.conj,
}  # fmt: skip


def _sized(x: Any, n: int, axis: int) -> Any:
    """The first `n` elements along an axis, zeros after the last."""
    if n < 1:
        raise ValueError(f"Invalid number of FFT data points ({n}) specified.")
    missing = n - x.shape[axis]
    if missing > 0:
        return np.pad(x, [(0, missing if i == x.ndim + axis else 0) for i in range(x.ndim)])
    return x[(..., slice(n), *(slice(None),) * (-axis - 1))] if missing else x


def _stacked(a: Any) -> Any:
    """The parts of a tensor or a complex one side by side along a new first axis."""
    real, imag = _pair(a)
    return np.stack([real, imag if isinstance(a, ComplexTensor) else np.zeros_like(real)])


def _whole(op: ArrayOp, a: Any, n: int | None, axis: int, norm: Any) -> ComplexTensor:
    return ComplexTensor(*op(_sized(_stacked(a), a.shape[axis] if n is None else n, axis), axis=axis, norm=norm))


def _rfft(a: Any, n: int | None, axis: int, norm: Any) -> ComplexTensor:
    if isinstance(a, ComplexTensor):
        raise TypeError("rfft takes real tensors; try: numpy.fft.fft")
    return ComplexTensor(*RFFT(_sized(a, a.shape[axis] if n is None else n, axis), axis=axis, norm=norm))


def _irfft(a: Any, n: int | None, axis: int, norm: Any) -> Tensor:
    n = 2 * (a.shape[axis] - 1) if n is None else n
    s = _sized(_stacked(a), n // 2 + 1 if n > 0 else n, axis)
    return IRFFT(s, n=n, axis=axis, norm=norm)  # type: ignore[no-any-return]


def _enter(function: Callable[..., Any], transform: Callable[..., Any]) -> Callable[..., Any]:
    """Let a transform, which counts its axis from the last, stand for NumPy's."""

    def rule(a: Any, n: int | None, axis: int, norm: Any, out: Any) -> Any:
        refuse(out=out)
        ndim = len(a.shape)
        return transform(a, n, normalize_axis_index(axis, ndim) - ndim, norm)

    return implements(function)(rule)


def _enter_over_axes(
    function: Callable[..., Any], each: Callable[..., Any], last: Callable[..., Any], ends: bool = False
) -> Callable[..., Any]:
    """Let a transform over axes stand for NumPy's: `last` along the last of them, first or (`ends`) after the others.

    The others, from the one before the last, take `each`.
    """

    def rule(a: Any, s: Any, axes: Any, norm: Any, out: Any) -> Any:
        refuse(out=out)
        *others, final = _sizes_and_axes(a, s, axes)
        steps = [(last, *final), *((each, *place) for place in reversed(others))]
        for transform, n, axis in steps[1:] + steps[:1] if ends else steps:
            a = transform(a, n, axis, norm)
        return a

    return implements(function)(rule)


def _sizes_and_axes(a: Any, s: Any, axes: Any) -> list[tuple[int | None, int]]:
    """The size (None: what the transform makes of that of `a`) and the axis of each transform, as NumPy reads them."""
    if axes is None:
        axes = range(-len(a.shape if s is None else s), 0)
    if not axes:
        raise ValueError("a Fourier transform over no axes; try: leave it out")
    s = [*[-1] * (len(axes) - 1), None] if s is None else s
    if len(s) != len(axes):
        raise ValueError("Shape and axes have different lengths.")
    return [(a.shape[axis] if n == -1 else n, axis) for n, axis in zip(s, axes, strict=True)]


def _hfft(a: Any, n: int | None, axis: int, norm: Any) -> Tensor:
    return _irfft(np.conj(a), n, axis, _ADJOINT.get(norm, norm))


def _ihfft(a: Any, n: int | None, axis: int, norm: Any) -> ComplexTensor:
    return _rfft(a, n, axis, _ADJOINT.get(norm, norm)).conj()


def _angle(z: Any, deg: bool = False) -> Any:
    angle = np.arctan2(z.imag, z.real)
    return np.degrees(angle) if deg else angle


def _linear(function: Callable[..., Any]) -> Callable[..., ComplexTensor]:
    """A function that acts on both parts alike."""
    return lambda a, *args, **kwargs: ComplexTensor(
        function(a.real, *args, **kwargs), function(a.imag, *args, **kwargs)
    )


_FFT, _IFFT = _enter(np.fft.fft, partial(_whole, FFT)), _enter(np.fft.ifft, partial(_whole, IFFT))
_RFFT, _IRFFT = _enter(np.fft.rfft, _rfft), _enter(np.fft.irfft, _irfft)
_SHIFTS = (np.fft.fftshift, np.fft.ifftshift)
for _shift in _SHIFTS:
    implements(_shift)(partial(rearranged, _shift))

_OF_COMPLEX: dict[Any, Callable[..., Any]] = {
    **{f: _linear(f) for f in (np.sum, np.mean, np.reshape, np.transpose, np.roll, *_SHIFTS)},
    np.real: operator.attrgetter("real"), np.imag: operator.attrgetter("imag"), np.angle: _angle,
    np.fft.fft: _FFT, np.fft.ifft: _IFFT, np.fft.rfft: _RFFT, np.fft.irfft: _IRFFT,
    np.fft.hfft: _enter(np.fft.hfft, _hfft), np.fft.ihfft: _enter(np.fft.ihfft, _ihfft),
    **{f: _enter_over_axes(f, _FFT, _FFT) for f in (np.fft.fft2, np.fft.fftn)},
    **{f: _enter_over_axes(f, _IFFT, _IFFT) for f in (np.fft.ifft2, np.fft.ifftn)},
    **{f: _enter_over_axes(f, _FFT, _RFFT) for f in (np.fft.rfft2, np.fft.rfftn)},
    **{f: _enter_over_axes(f, _IFFT, _IRFFT, ends=True) for f in (np.fft.irfft2, np.fft.irfftn)},
}  # fmt: skip
"""NumPy's functions of complex tensors."""
