"""explain_none: every cause of a None is told, and nothing else."""

from typing import Any

import numpy as np
import pytest

from gradcalc import GradientTape, Variable, constant, explain_none, stop_gradient


@pytest.mark.parametrize("asked_first", [True, False])
@pytest.mark.parametrize("persistent", [True, False])
def test_a_constant_that_was_never_watched(asked_first: bool, persistent: bool) -> None:
    x, c = Variable(1.0), constant(2.0)
    with GradientTape(persistent=persistent) as tape:
        y = x * c
    if asked_first:
        assert tape.gradient(y, c) is None
    assert explain_none(tape, y, c).startswith("The source was never watched: it is not a Variable. tape.watch(source)")


def why(function: Any, source: Any, **settings: Any) -> str:
    with GradientTape(**settings) as tape:
        y = function(source)
    assert tape.gradient(y, source) is None
    return explain_none(tape, y, source)


def test_variables_that_were_never_watched() -> None:
    assert "the variable is not trainable" in why(lambda v: v * 2, Variable(1.0, trainable=False))
    assert "watch_accessed_variables=False" in why(lambda v: v * 2, Variable(1.0), watch_accessed_variables=False)
    assert "did not see the variable read" in why(lambda v: Variable(2.0) * 2, Variable(1.0))


@pytest.mark.parametrize(
    ("cut", "name"),
    [
        (lambda v: stop_gradient(v * v), "stop_gradient"),
        (lambda v: (v * 3).astype(np.int32) * 1.0, "a cast to int32"),
        (lambda v: np.argmax(v * np.ones(2)) * 1.0, "numpy.argmax, whose result is int64"),
        (lambda v: (v > 0) * 1.0, "gt, whose result is bool"),
    ],
)
def test_cuts_are_named(cut: Any, name: str) -> None:
    other = Variable(3.0)
    assert f"ends in {name}: no gradient flows there" in why(lambda v: cut(v) * other, Variable(2.0))


def test_a_target_from_outside() -> None:
    x = Variable(2.0)
    with GradientTape() as tape:
        y = x * x
    z = y * 2
    assert tape.gradient(z, x) is None
    assert "computed outside the tape's `with`" in explain_none(tape, z, x)
    with GradientTape() as tape:
        y = x * x
        with tape.stop_recording():
            z = y * 2
    assert tape.gradient(z, x) is None
    assert "computed outside the tape's `with` (or while it did not record)" in explain_none(tape, z, x)


def test_no_way() -> None:
    x, other = Variable(2.0), Variable(3.0)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = other * 2
        seen = x.numpy() * other
    assert tape.gradient(y, x) is None
    assert "saw no operation on the source" in explain_none(tape, y, x)
    assert "saw no operation on the source" in explain_none(tape, seen, x)
    with GradientTape() as tape:
        x * 5
        y = other * 2
    assert tape.gradient(y, x) is None
    assert "none leads to the target" in explain_none(tape, y, x)


def test_dtypes_and_types() -> None:
    x, n = Variable(2.0), constant(3)
    with GradientTape() as tape:
        y = x * n
    assert "source has dtype int64" in explain_none(tape, y, n)
    assert "target has dtype int64" in explain_none(tape, n, x)
    assert "source is of type float" in explain_none(tape, y, 3.0)


@pytest.mark.parametrize("persistent", [True, False])
def test_a_connected_source_is_called_so(persistent: bool) -> None:
    x = Variable(2.0)
    with GradientTape(persistent=persistent) as tape:
        y = x * x
    assert "It is not None" in explain_none(tape, y, x)
    tape.gradient(y, x)
    assert "It is not None" in explain_none(tape, y, x)
