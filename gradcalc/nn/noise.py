"""Layers that act while training alone, by random numbers: the dropouts and noises, as Keras 3's. Imports layer."""
# ruff: noqa: D101

import math
from collections.abc import Sequence
from typing import Any

from gradcalc.nn import initializers
from gradcalc.nn.layer import Elementwise

__all__ = [
    "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D", "SpatialDropout2D",
    "SpatialDropout3D",
]  # fmt: skip


class _Noise(Elementwise):
    """What changes its input at random while training, and else does nothing; `seed` gives it numbers of its own."""

    rate: float = 1.0
    noise_shape: Any = None

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self._noisy(inputs) if training and self.rate else inputs

    def _noisy(self, x: Any) -> Any:
        raise NotImplementedError

    def _normal(self, x: Any, mean: float, deviation: float) -> Any:
        """Normal numbers of the shape and dtype of an array."""
        return (self._source or initializers.generator()).normal(mean, deviation, x.shape).astype(x.dtype)

    def _shape(self, x: Any) -> list[int]:
        """The shape of the noise: `noise_shape`, with the input's sizes where it says nothing."""
        return [n if m is None else m for m, n in zip(self.noise_shape or x.shape, x.shape, strict=True)]


class Dropout(_Noise):
    """While training, sets a share `rate` of the elements to 0 and scales the others up; else changes nothing.

    Srivastava et al. 2014, as Keras's Dropout. Along an axis where `noise_shape` is 1 all elements share one fate; None
    there stands for the input's size. `seed` gives the layer random numbers of its own.
    """

    def __init__(
        self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None, **common: Any
    ) -> None: ...

    def _noisy(self, x: Any) -> Any:
        return x * self._kept(self.rate, self._shape(x), x.dtype)


class _SpatialDropout(Dropout):
    """Dropout of whole channels, each at all of its places, as of Tompson et al. 2015."""

    def __init__(self, rate: float, data_format: str | None = None, seed: int | None = None, **common: Any) -> None: ...

    def _shape(self, x: Any) -> list[int]:
        channels = 1 if self.data_format == "channels_first" else x.ndim - 1
        return [n if axis in (0, channels) else 1 for axis, n in enumerate(x.shape)]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make another, as Keras has them."""
        config = super().get_config() | {"dtype": self.dtype}
        return {name: value for name, value in config.items() if name != "trainable"}


class SpatialDropout1D(_SpatialDropout, axes=1):
    """Dropout of whole channels of `(rows, steps, channels)`, as Keras's SpatialDropout1D."""

    def __init__(self, rate: float, seed: int | None = None, **common: Any) -> None: ...


# fmt: off
class SpatialDropout2D(_SpatialDropout, axes=2): ...
class SpatialDropout3D(_SpatialDropout, axes=3): ...
# fmt: on


class AlphaDropout(_Noise):
    """Dropout that keeps mean and variance of what `selu` gives (Klambauer et al. 2017), as Keras's AlphaDropout."""

    def __init__(
        self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None, **common: Any
    ) -> None: ...

    def _noisy(self, x: Any) -> Any:
        low = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946
        scale = ((1 - self.rate) * (1 + self.rate * low**2)) ** -0.5
        kept = ((self._source or initializers.generator()).random(self._shape(x)) >= self.rate).astype(x.dtype)
        return scale * (x * kept + low * (1 - kept)) - scale * low * self.rate


class GaussianDropout(_Noise):
    """Times normal numbers of mean 1 and of the variance of a dropout, while training, as Keras's GaussianDropout."""

    def __init__(self, rate: float, seed: int | None = None, **common: Any) -> None: ...

    def _noisy(self, x: Any) -> Any:
        return x * self._normal(x, 1, math.sqrt(self.rate / (1 - self.rate)))


class GaussianNoise(_Noise):
    """Plus normal numbers of mean 0 and deviation `stddev`, while training, as Keras's GaussianNoise."""

    def __init__(self, stddev: float, seed: int | None = None, **common: Any) -> None: ...

    def _noisy(self, x: Any) -> Any:
        return x + self._normal(x, 0, self.stddev)
