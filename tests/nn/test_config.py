"""Configs of layers, losses and the like: Keras's keys and values, and the way back."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcalc.tf as tf
from gradcalc.nn.config import deserialize, serialize

KERAS = json.loads((Path(__file__).parent / "configs.json").read_text())
"""What Keras 3.15.1 with TensorFlow 2.21.0 writes: a config for each expression."""


def made(expression: str) -> Any:
    return eval(expression, {"K": tf.keras.layers, "keras": tf.keras, "np": np})


def plain(value: Any) -> Any:
    """As JSON has it."""
    return json.loads(json.dumps(value))


def unnamed(value: Any) -> Any:
    """Without names, which count up."""
    if isinstance(value, dict):
        return {key: unnamed(item) for key, item in value.items() if key != "name"}
    return list(map(unnamed, value)) if isinstance(value, list) else value


@pytest.mark.parametrize("expression", KERAS)
def test_configs_are_keras_s_and_come_back(expression: str) -> None:
    thing = made(expression)
    config = plain(serialize(thing))
    assert unnamed(config) == unnamed(KERAS[expression])
    assert plain(serialize(deserialize(config))) == config
    assert plain(type(thing).from_config(config["config"]).get_config()) == config["config"]
    again = plain(serialize(deserialize(KERAS[expression])))
    assert unnamed(again) == unnamed(config) and again["config"].get("name") == KERAS[expression]["config"].get("name")
