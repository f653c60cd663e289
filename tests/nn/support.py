"""What the tests of nn share: arrays without a pattern, a model with weights everywhere, checks by rows of tables."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc.tape import GradientTape, Variable, constant


def over(table: Sequence[tuple[Any, ...]], check: Callable[..., None]) -> Callable[[tuple[Any, ...]], None]:
    """A test of every row of a table."""

    @pytest.mark.parametrize("row", table)
    def test(row: tuple[Any, ...]) -> None:
        check(*row)

    return test


def says(make: Callable[[], Any], message: str) -> None:
    """The call is refused, and says why."""
    with pytest.raises(ValueError, match=message):
        make()


def ramp(*shape: int) -> Any:
    return np.sin(np.arange(1.0, np.prod(shape) + 1)).reshape(shape)


def wave(shape: tuple[int, ...]) -> Any:
    return np.cos(np.arange(1.0, np.prod(shape) + 1)).reshape(shape)


class Net(nn.Model):
    """A subclass with layers in attributes, a list and a dict, and a variable of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Dense(4, activation="relu")
        self.blocks = [nn.Dense(3), nn.Dense(2)]
        self.heads = {"a": nn.Dense(1)}
        self.scale = Variable(2.0, dtype="float32")

    def call(self, x: Any) -> Any:
        x = self.hidden(x)
        for block in self.blocks:
            x = block(x)
        return self.heads["a"](x) * self.scale


def values_agree(make: Callable[[], nn.Layer], shape: Any, out: Any, expected: Any) -> None:
    """Value, shape and gradients of a layer on a ramp, or on a list of such, its weights waves, are those expected."""
    several = isinstance(shape, list)
    shapes = shape if several else [shape]
    layer, xs = make(), [Variable(ramp(*each) * (1 + i / 10)) for i, each in enumerate(shapes)]
    x = xs if several else xs[0]
    assert layer(x).shape == out
    for weight in layer.weights:
        weight.assign(wave(weight.shape))
    with GradientTape() as tape:
        y = layer(x)
        z = np.sum(y * ramp(*out))
    gradients = tape.gradient(z, [*xs, *layer.trainable_weights])
    found = [float(z), *(np.sum(g.numpy() * wave(g.shape)) for g in gradients)]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    unknown = [(None, *each[1:]) for each in shapes]
    assert layer.compute_output_shape(unknown if several else unknown[0]) == (None, *out[1:])
    assert y.dtype == np.float64


def second_derivatives_agree(make: Callable[[], nn.Layer], shape: Any, out: Any, expected: Any) -> None:
    """Nested tapes give one number, whether the inner gradient or the whole is differentiated."""
    layer, x = make(), Variable(ramp(*shape))
    layer(x)
    for weight in layer.weights:
        weight.assign(wave(weight.shape))
    direction = constant(wave(shape))

    def slope(at: Any) -> Any:
        """The derivative of sum(result**2 * ramp) along a direction."""
        with GradientTape() as tape:
            tape.watch(at)
            z = np.sum(layer(at) ** 2 * ramp(*out))
        return np.sum(tape.gradient(z, at) * direction)

    with GradientTape() as tape:
        along = slope(x)
    second = tape.gradient(along, x)
    found = 0.0 if second is None else np.sum(second.numpy() * direction.numpy())
    with GradientTape() as outer:
        step = constant(0.0)
        outer.watch(step)
        again = slope(x.snapshot() + step * direction)
    whole = outer.gradient(again, step)
    assert found == pytest.approx(0.0 if whole is None else float(whole), rel=1e-9, abs=1e-10)
