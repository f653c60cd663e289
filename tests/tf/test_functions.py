"""Calls of functions give TensorFlow's numbers, dtypes, gradients and second derivatives: `segments`, `special`, `math`.

`functions.json` says what the calls of `functions.py` come to with TensorFlow; scripts/tf_functions.py writes it. All is
float64 in both, but where the row's dtype is float32.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcalc.tf as tf
from gradcalc.errors import GradcalcError, NoRuleError
from tests.tf.functions import CALLS, RAISES, called

EXPECTED = json.loads((Path(__file__).parent / "functions.json").read_text(encoding="utf-8"))
FIRST_ALONE = {"unsorted_segment_prod zeros", "spence at 1", "ndtri ends"}
"""One of the two has nan for second derivatives, for 0 * inf in them: TensorFlow of the first two, this of the last."""


def test_there_is_a_number_for_every_call() -> None:
    names = [name for name, *_ in CALLS] + [f"raises: {name}" for name, _ in RAISES]
    assert len(set(names)) == len(names) and {*names, "from"} == EXPECTED.keys()


@pytest.mark.parametrize(("name", "call", "inputs"), CALLS, ids=[name for name, *_ in CALLS])
def test_a_call_has_tensorflows_numbers(name: str, call: Callable[..., Any], inputs: list[Any]) -> None:
    expected = EXPECTED[name]
    with np.errstate(all="ignore"):
        found = called(tf, call, inputs, NoRuleError)
    assert found["dtype"] == expected["dtype"]
    close = 1e-6 if expected["dtype"] == "float32" else 1e-10
    for what in ("value", "gradient", "second")[: 2 if name in FIRST_ALONE else 3]:
        if expected[what] is None:  # TensorFlow has no second derivative of this
            continue
        for ours, theirs in zip(found[what], expected[what], strict=True):
            same(ours, theirs, close, f"{name}: {what}")


def same(ours: Any, theirs: Any, close: float, what: str) -> None:
    """Equal numbers in equal shapes; None is as good as zeros."""
    if ours is None or theirs is None:
        assert not np.any([x for x in (ours, theirs) if x is not None]), what
        return
    assert np.shape(ours) == np.shape(theirs), what
    np.testing.assert_allclose(np.asarray(ours, float), np.asarray(theirs, float), close, close, err_msg=what)


@pytest.mark.parametrize(("name", "call"), RAISES, ids=[name for name, _ in RAISES])
def test_what_tensorflow_refuses_is_refused(name: str, call: Callable[[Any], Any]) -> None:
    expected = EXPECTED[f"raises: {name}"]
    assert expected is not None
    with pytest.raises((ValueError, TypeError, IndexError)) as caught:
        call(tf)
    assert not isinstance(caught.value, GradcalcError) and len(str(caught.value)) > 10
    if expected == "InvalidArgumentError" and not isinstance(caught.value, TypeError):  # what a wrong dtype is here
        assert isinstance(caught.value, tf.errors.InvalidArgumentError)
