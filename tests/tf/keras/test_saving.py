"""`tf.keras.saving`, and `serialize` and `deserialize` of each module of Keras."""

from typing import Any

import pytest

import gradcalc.tf as tf

keras = tf.keras
THINGS: list[tuple[Any, Any, str]] = [
    (keras.layers, keras.layers.Dense(3), "keras.layers"), (keras.losses, keras.losses.Huber(2.0), "keras.losses"),
    (keras.metrics, keras.metrics.Recall(0.25), "keras.metrics"),
    (keras.initializers, keras.initializers.HeNormal(3), "keras.initializers"),
    (keras.regularizers, keras.regularizers.L1L2(0.5), "keras.regularizers"),
    (keras.constraints, keras.constraints.UnitNorm(1), "keras.constraints"),
    (keras.optimizers, keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 9)), "keras.optimizers"),
    (keras.optimizers.schedules, keras.optimizers.schedules.CosineDecay(0.1, 9), "keras.optimizers.schedules"),
]  # fmt: skip


@pytest.mark.parametrize(("module", "thing", "home"), THINGS)
def test_each_module_writes_and_reads_its_own(module: Any, thing: Any, home: str) -> None:
    config = module.serialize(thing)
    assert config["module"] == home and config["class_name"] == type(thing).__name__
    again = module.deserialize(config)
    assert again.get_config() == thing.get_config()
    assert keras.saving.serialize_keras_object(thing) == config
    if module is not keras.optimizers.schedules:
        assert keras.saving.deserialize_keras_object(config).get_config() == thing.get_config()
        without = {"class_name": config["class_name"], "config": config["config"]}
        assert module.deserialize(without).get_config() == thing.get_config()


def test_names_and_custom_objects_are_read() -> None:
    assert keras.losses.deserialize("mse") is keras.losses.mean_squared_error
    config = {"class_name": "function", "config": "mine", "module": None, "registered_name": "mine"}
    assert keras.losses.deserialize(config, {"mine": test_names_and_custom_objects_are_read}).__name__.startswith(
        "test"
    )
    with pytest.raises(ValueError, match="Could not interpret loss identifier: mine"):
        keras.losses.deserialize(config)
