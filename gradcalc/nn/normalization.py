"""Layers that normalize, over the batch, each row, groups or weights, as Keras 3's. Imports layers and initializers."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from gradcalc.nn import initializers
from gradcalc.nn.layer import Elementwise, Layer, plain_mask
from gradcalc.nn.layers import Wrapper

__all__ = [
    "BatchNormalization", "GroupNormalization", "LayerNormalization", "Normalization", "RMSNormalization",
    "SpectralNormalization", "UnitNormalization",
]  # fmt: skip


class _Normalization(Elementwise):
    """`gamma * (x - mean) / sqrt(variance + epsilon) + beta`, with a gamma and a beta for each place along the axes.

    Args of the constructors, which Keras has in its own order for each:
        axis: that of the features, or the axes of a row over which mean and variance are taken.
        momentum: how much of the moving mean and variance stays at each training call.
        epsilon: added to the variance.
        center: whether beta is added.
        scale: whether gamma is multiplied with.
        beta_initializer, gamma_initializer, ...: what the weights begin with.
        beta_regularizer, gamma_regularizer: penalties, to be found in `losses`.
        beta_constraint, gamma_constraint: what optimizers hold them to.
        common: the arguments of `Layer`.
    """

    takes_one = True
    axis: Any
    epsilon: float
    rms_scaling = False

    def __post_init__(self) -> None:
        _check_axis(self.axis)

    def build(self, input_shape: Any) -> None:
        self._axes = _sorted_axes(self.axis, input_shape)
        self._others = tuple(axis for axis in range(len(input_shape)) if axis not in self._axes)
        shape = tuple(input_shape[axis] for axis in self._axes)
        self.gamma = self._weight("gamma", shape) if self.scale or self.rms_scaling else None
        self.beta = self._weight("beta", shape) if self.center and not self.rms_scaling else None

    def _normal(self, x: Any, mean: Any, variance: Any) -> Any:
        """The formula, for a mean and a variance that broadcast."""
        factor = 1 / np.sqrt(variance + self.epsilon)
        if self.gamma is not None:
            factor = factor * self._spread(self.gamma)
        result = (x - mean) * factor
        return result if self.beta is None else result + self._spread(self.beta)

    def _spread(self, weight: Any) -> Any:
        """A weight with an axis of size 1 for each axis that it lacks."""
        return np.expand_dims(weight, self._others)


class BatchNormalization(_Normalization):
    """Normalizes over all axes but one, as Keras's BatchNormalization (Ioffe and Szegedy, 2015).

    While training by mean and variance of the batch, which move the moving ones; else, and if not trainable, by those.
    """

    _fixed: ClassVar[dict[str, Any]] = {
        "renorm": False, "renorm_clipping": None, "renorm_momentum": 0.99, "synchronized": False,
    }  # fmt: skip
    _also = tuple(_fixed)

    def __init__(
        self, axis: int = -1, momentum: float = 0.99, epsilon: float = 1e-3, center: bool = True, scale: bool = True,
        beta_initializer: Any = "zeros", gamma_initializer: Any = "ones", moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones", beta_regularizer: Any = None, gamma_regularizer: Any = None,
        beta_constraint: Any = None, gamma_constraint: Any = None, **common: Any,
    ) -> None: ...  # fmt: skip

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        for name in ("moving_mean", "moving_variance"):
            begin = getattr(self, f"{name}_initializer")
            setattr(self, name, self.add_weight((input_shape[self._axes[0]],), begin, trainable=False, name=name))

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The result for an input; while training, mean and variance are those of the steps that the mask counts.

        Raises:
            ValueError: the mask has not the input's axes but for the last.
        """
        x = self._float(inputs)
        counts = None if mask is None else plain_mask(mask)
        if counts is not None and counts.ndim != x.ndim - 1:
            raise ValueError(
                "The mask provided should be one dimension less than the inputs. Received: "
                f"mask.shape={counts.shape}, inputs.shape={x.shape}"
            )
        if not (training and self.trainable):
            return self._normal(x, self._spread(self.moving_mean), self._spread(self.moving_variance))
        if counts is None:
            mean, variance = _moments(x, self._others)
        else:
            counts = np.broadcast_to(counts[..., None], x.shape)
            number = np.sum(counts, self._others, x.dtype, keepdims=True) + x.dtype.type(1e-7)  # Keras's: may be 0
            mean = np.sum(np.where(counts, x, 0), self._others, keepdims=True) / number
            variance = np.sum(np.where(counts, x - mean, 0) ** 2, self._others, keepdims=True) / number
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            present = np.reshape(value.numpy(), moving.shape)
            moving.assign(moving.numpy() * self.momentum + present * (1 - self.momentum))
        return self._normal(x, mean, variance)


class LayerNormalization(_Normalization):
    """Normalizes each row over an axis or several, as Keras's LayerNormalization (Ba et al., 2016).

    With `rms_scaling` the mean is not taken off, and there is a gamma, and no beta.
    """

    def __init__(
        self, axis: int | Sequence[int] = -1, epsilon: float = 1e-3, center: bool = True, scale: bool = True,
        beta_initializer: Any = "zeros", gamma_initializer: Any = "ones", beta_regularizer: Any = None,
        gamma_regularizer: Any = None, beta_constraint: Any = None, gamma_constraint: Any = None, *,
        rms_scaling: bool = False, **common: Any,
    ) -> None: ...  # fmt: skip

    def call(self, inputs: Any) -> Any:
        x = self._float(inputs)
        mean, variance = _moments(x, self._axes)
        return self._normal(x, 0 if self.rms_scaling else mean, variance)


class GroupNormalization(_Normalization):
    """Normalizes each row over groups of its features, as Keras's GroupNormalization (Wu and He, 2018).

    `groups` is their number; -1 stands for that of the features.
    """

    groups: int

    def __init__(
        self, groups: int = 32, axis: int = -1, epsilon: float = 1e-3, center: bool = True, scale: bool = True,
        beta_initializer: Any = "zeros", gamma_initializer: Any = "ones", beta_regularizer: Any = None,
        gamma_regularizer: Any = None, beta_constraint: Any = None, gamma_constraint: Any = None, **common: Any,
    ) -> None: ...  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.groups, int) or (self.groups <= 0 and self.groups != -1):
            raise ValueError(
                "Received an invalid value for argument `groups`, expected a positive integer (or `-1` for instance "
                f"normalization). Received: groups={self.groups}"
            )

    def build(self, input_shape: Any) -> None:
        size = input_shape[self.axis]
        if size is None:
            raise ValueError(
                f"Axis {self.axis} of input tensor should have a defined dimension but the layer received an input "
                f"with shape {input_shape}."
            )
        super().build(input_shape)
        self.groups = size if self.groups == -1 else self.groups
        if size < self.groups:
            raise ValueError(f"Number of groups ({self.groups}) cannot be more than the number of channels ({size}).")
        if size % self.groups:
            raise ValueError(f"Number of groups ({self.groups}) must be a multiple of the number of channels ({size}).")

    def call(self, inputs: Any) -> Any:
        x = self._float(inputs)
        last = np.moveaxis(x, self.axis, -1)
        parts = np.reshape(last, (*last.shape[:-1], self.groups, last.shape[-1] // self.groups))
        moments = _moments(parts, (*range(1, parts.ndim - 2), parts.ndim - 1))
        each = (np.repeat(np.squeeze(m, -1), parts.shape[-1], axis=-1) for m in moments)
        mean, variance = (np.moveaxis(m, -1, self.axis) for m in each)
        return self._normal(x, mean, variance)


class RMSNormalization(Elementwise, takes_one=True):
    """`scale * x / sqrt(mean(x**2) + epsilon)` over an axis or several, as Keras's (Zhang and Sennrich, 2019)."""

    def __init__(self, axis: int | Sequence[int] = -1, epsilon: float = 1e-6, **common: Any) -> None: ...

    def build(self, input_shape: Any) -> None:
        self._axes = _sorted_axes(self.axis, input_shape)
        self.scale = self.add_weight([input_shape[axis] for axis in self._axes], "ones", name="scale")

    def call(self, inputs: Any) -> Any:
        x = self._float(inputs)
        others = tuple(axis for axis in range(x.ndim) if axis not in self._axes)
        size = np.mean(x**2, self._axes, keepdims=True) + self.epsilon
        return x * size**-0.5 * np.expand_dims(self.scale, others)


class UnitNormalization(Elementwise, takes_one=True):
    """`x / norm(x)` over an axis or several, as Keras's UnitNormalization; what is 0 stays so."""

    def __init__(self, axis: int | Sequence[int] = -1, **common: Any) -> None: ...

    def __post_init__(self) -> None:
        _check_axis(self.axis)

    def call(self, inputs: Any) -> Any:
        x = self._float(inputs)
        return x / np.sqrt(np.maximum(np.sum(x**2, _sorted_axes(self.axis, x.shape), keepdims=True), 1e-24))


class Normalization(Elementwise):
    """`(x - mean) / sqrt(variance)` of what `adapt` has seen, or of what is given; with `invert` the way back.

    As Keras's: for each place along `axis`, an axis or several, or of all elements if it is None.
    """

    takes_one = True
    input_mean: Any
    input_variance: Any

    def __init__(
        self, axis: int | Sequence[int] | None = -1, mean: Any = None, variance: Any = None, invert: bool = False,
        **common: Any,
    ) -> None: ...  # fmt: skip

    def __post_init__(self) -> None:
        if (self.input_mean is None) != (self.input_variance is None):
            raise ValueError("When setting values directly, both `mean` and `variance` must be set.")

    def build(self, input_shape: Any) -> None:
        self._axes = () if self.axis is None else _sorted_axes(self.axis, input_shape)
        self._others = tuple(axis for axis in range(len(input_shape)) if axis not in self._axes)
        self._places = tuple(input_shape[axis] for axis in self._axes)
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(self._places, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(self._places, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", "int32", trainable=False, name="count")

    def adapt(self, data: Any) -> None:
        """Take mean and variance from an array of rows, or from an iterable of batches, and forget those before."""
        if self.input_mean is not None:
            raise ValueError(
                "Cannot `adapt` a Normalization layer that is initialized with static `mean` and `variance`"
            )
        arrays = [np.asarray(x) for x in ([data] if hasattr(data, "shape") or isinstance(data, list) else data)]
        if not self.built:
            self.build((None, *arrays[0].shape[1:]))
            self.built = True
        shares = np.array([x.size for x in arrays]) / sum(x.size for x in arrays)
        means = np.stack([np.mean(x, self._others) for x in arrays])
        spreads = np.stack([np.var(x, self._others) for x in arrays])
        mean = np.tensordot(shares, means, 1)
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(np.tensordot(shares, spreads + (means - mean) ** 2, 1))

    def call(self, inputs: Any) -> Any:
        x = self._float(inputs)
        mean, deviation = self.mean, np.maximum(np.sqrt(self.variance), 1e-7)
        return mean + x * deviation if self.invert else (x - mean) / deviation

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "mean": self.input_mean, "variance": self.input_variance}

    @property
    def mean(self) -> Any:
        """The mean, of a shape that broadcasts with the input's; what was given, before the layer is built."""
        return self._seen(self.input_mean, "adapt_mean")

    @mean.setter
    def mean(self, value: Any) -> None:
        self.input_mean = value

    @property
    def variance(self) -> Any:
        """The variance, as `mean`."""
        return self._seen(self.input_variance, "adapt_variance")

    @variance.setter
    def variance(self, value: Any) -> None:
        self.input_variance = value

    def _seen(self, given: Any, weight: str) -> Any:
        if not hasattr(self, "_places"):
            return given
        value = getattr(self, weight) if given is None else np.asarray(given, self.dtype)
        return np.expand_dims(np.broadcast_to(value, self._places), self._others)


class SpectralNormalization(Wrapper):
    """A layer whose kernel is divided by its largest singular value at each training call, as Keras's layer has it.

    Miyato et al. 2018; the value is found by `power_iterations` steps of the power method, from the vector that the
    last call left.
    """

    def __init__(self, layer: Layer, power_iterations: int = 1, **common: Any) -> None: ...

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.power_iterations <= 0:
            raise ValueError(
                f"`power_iterations` should be greater than zero. Received: `power_iterations={self.power_iterations}`"
            )

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        make = initializers.TruncatedNormal(stddev=0.02)
        self.vector_u = self.add_weight((1, self._kernel().shape[-1]), make, trainable=False, name="vector_u")

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        kernel = self._kernel()
        rows = np.reshape(kernel.numpy(), (-1, kernel.shape[-1]))
        if training and rows.any():
            u = self.vector_u.numpy()
            for _ in range(self.power_iterations):
                v = _unit(u @ rows.T)
                u = _unit(v @ rows)
            self.vector_u.assign(u)
            kernel.assign(kernel.numpy() / (v @ rows @ u.T))
        return self.layer(inputs)

    def _kernel(self) -> Any:
        found = vars(self.layer).get("kernel", vars(self.layer).get("embeddings"))
        if found is None:
            raise ValueError(f"{type(self.layer).__name__} object has no attribute 'kernel' nor 'embeddings'")
        return found


def _unit(x: Any) -> Any:
    return x / np.sqrt(np.maximum(np.sum(x**2), 1e-14))


def _moments(x: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """Mean and variance over axes, which stay."""
    mean = np.mean(x, axes, keepdims=True)
    return mean, np.mean((x - mean) ** 2, axes, keepdims=True)


def _check_axis(axis: Any) -> None:
    if not all(isinstance(n, int) for n in (axis if isinstance(axis, list | tuple) else [axis])):
        raise TypeError(f"Expected an int or a list/tuple of ints for the argument 'axis', but received: {axis!r}")


def _sorted_axes(axis: Any, shape: Any) -> tuple[int, ...]:
    """The axes, counted from the first.

    Raises:
        ValueError: there is no such axis.
    """
    axes, ndim = (axis,) if isinstance(axis, int) else axis, len(shape)
    if not all(-ndim <= n < ndim for n in axes):
        raise ValueError(f"Axis {axis} is out of bounds for input shape {shape}.")
    return tuple(sorted(n % ndim for n in axes))
