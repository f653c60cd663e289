"""BatchNormalization and LayerNormalization, as Keras 3's. Imports layer and initializers."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from gradcalc.nn.layer import Elementwise, plain_mask

__all__ = ["BatchNormalization", "LayerNormalization"]

_SMALL = 1e-7
"""What Keras adds to a number of steps, which may be 0."""


class _Normalization(Elementwise):
    """`gamma * (x - mean) / sqrt(variance + epsilon) + beta`, with a gamma and a beta for each place along the axes."""

    takes_one = True
    axis: Any
    epsilon: float
    rms_scaling = False

    def _keep(self, arguments: Mapping[str, Any]) -> None:
        """Keep the arguments of a constructor; the axis is checked."""
        axis = arguments["axis"]
        if not all(isinstance(n, int) for n in (axis if isinstance(axis, list | tuple) else [axis])):
            raise TypeError(f"Expected an int or a list/tuple of ints for the argument 'axis', but received: {axis!r}")
        super()._keep(arguments)
        self.epsilon = float(self.epsilon)

    def build(self, input_shape: Any) -> None:
        """Make gamma and beta."""
        ndim, axes = len(input_shape), (self.axis,) if isinstance(self.axis, int) else self.axis
        if not all(-ndim <= axis < ndim for axis in axes):
            raise ValueError(f"Axis {self.axis} is out of bounds for input shape {input_shape}.")
        self._axes = tuple(sorted(axis % ndim for axis in axes))
        self._others = tuple(axis for axis in range(ndim) if axis not in self._axes)
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

    Args:
        axis: that of the features.
        momentum: how much of the moving mean and variance stays at each training call.
        epsilon: added to the variance.
        center: whether beta is added.
        scale: whether gamma is multiplied with.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: what the weights
            begin with, of the shape `(features,)`.
        beta_regularizer, gamma_regularizer: penalties, to be found in `losses`.
        beta_constraint, gamma_constraint: what optimizers hold them to.
        common: the arguments of `Layer`.
    """

    _fixed: ClassVar[dict[str, Any]] = {
        "renorm": False, "renorm_clipping": None, "renorm_momentum": 0.99, "synchronized": False,
    }  # fmt: skip
    _also = tuple(_fixed)

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        self._keep(locals())
        self.momentum = float(momentum)

    def build(self, input_shape: Any) -> None:
        """Make gamma, beta, and the moving mean and variance."""
        super().build(input_shape)
        shape = (input_shape[self._axes[0]],)
        self.moving_mean = self.add_weight(shape, self.moving_mean_initializer, None, False, name="moving_mean")
        self.moving_variance = self.add_weight(
            shape, self.moving_variance_initializer, None, False, name="moving_variance"
        )

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
        mean, variance = self._moments(x, counts)
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            present = np.reshape(value.numpy(), moving.shape)
            moving.assign(moving.numpy() * self.momentum + present * (1 - self.momentum))
        return self._normal(x, mean, variance)

    def _moments(self, x: Any, counts: Any) -> tuple[Any, Any]:
        """Mean and variance of each feature, of the steps that count, or of all for None."""
        if counts is None:
            mean = np.mean(x, self._others, keepdims=True)
            return mean, np.mean((x - mean) ** 2, self._others, keepdims=True)
        counts = np.broadcast_to(counts[..., None], x.shape)
        number = np.sum(counts, self._others, x.dtype, keepdims=True) + x.dtype.type(_SMALL)
        mean = np.sum(np.where(counts, x, 0), self._others, keepdims=True) / number
        return mean, np.sum(np.where(counts, x - mean, 0) ** 2, self._others, keepdims=True) / number


class LayerNormalization(_Normalization):
    """Normalizes each row over an axis or several, as Keras's LayerNormalization (Ba et al., 2016).

    Args:
        axis: over which mean and variance are taken; gamma and beta have its size.
        epsilon: added to the variance.
        center: whether beta is added.
        scale: whether gamma is multiplied with.
        beta_initializer, gamma_initializer: what the weights begin with.
        beta_regularizer, gamma_regularizer: penalties, to be found in `losses`.
        beta_constraint, gamma_constraint: what optimizers hold them to.
        rms_scaling: whether the mean is not taken off, and there is a gamma, and no beta.
        common: the arguments of `Layer`.
    """

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        *,
        rms_scaling: bool = False,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        self._keep(locals())

    def call(self, inputs: Any) -> Any:
        """The result for an input."""
        x = self._float(inputs)
        mean = np.mean(x, self._axes, keepdims=True)
        variance = np.mean((x - mean) ** 2, self._axes, keepdims=True)
        return self._normal(x, 0 if self.rms_scaling else mean, variance)
