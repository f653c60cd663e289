"""Whole tutorials give TensorFlow's numbers, epoch by epoch: `keras.callbacks`, `data`.

Weights that Keras wrote are read: `saved_*.weights.h5` are of scripts/tf_weights.py, which also has Keras read ours.

`tutorials.json` says what `tutorials.py` finds with TensorFlow; scripts/tf_tutorials.py writes it. All is float32 in
both: numbers agree to 2e-5, which is what 30 epochs of Adam make of the last bit.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcalc.tf as tf
from tests.tf.tutorials import TUTORIALS, begin, saved_models

FOLDER = Path(__file__).parent
EXPECTED = json.loads((FOLDER / "tutorials.json").read_text(encoding="utf-8"))


@pytest.mark.filterwarnings("ignore:Gradients do not exist")  # in `structures` some outputs have no loss
@pytest.mark.parametrize("tutorial", TUTORIALS)
def test_a_tutorial_has_tensorflows_numbers(tutorial: Callable[[Any], Any]) -> None:
    found, expected = tutorial(tf), EXPECTED[tutorial.__name__]
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(np.ravel(found[name]), values, rtol=2e-5, atol=3e-6, err_msg=name)


def test_weights_of_keras_are_read() -> None:
    pytest.importorskip("h5py")
    models, expected = saved_models(tf), saved_models(tf)
    for name, model in models.items():
        model.load_weights(FOLDER / f"saved_{name}.weights.h5")
        pairs = zip(model.get_weights(), begin(expected[name]).get_weights(), strict=True)
        assert all((ours == theirs).all() for ours, theirs in pairs)
