"""`tf.keras.saving`: objects as configs, and models in files. Imports nn."""

from collections.abc import Callable
from typing import Any

from gradcalc.nn import config
from gradcalc.nn.config import custom_object_scope as custom_object_scope
from gradcalc.nn.config import register_keras_serializable as register_keras_serializable
from gradcalc.nn.saving import load_model as load_model
from gradcalc.nn.saving import save_model as save_model
from gradcalc.tf.defaults import Function, row, telling

CustomObjectScope = custom_object_scope
serialize_keras_object = row(config.serialize, "| obj")
deserialize_keras_object = row(config.deserialize, "| config, custom_objects=None, !safe_mode=True")


def written_and_read(get: Callable[[Any], Any], thing: str, read: str = "config") -> tuple[Function, Function]:
    """`serialize` and `deserialize` of a module whose objects `get` finds; what their arguments are called there."""

    def found(identifier: Any, custom_objects: Any) -> Any:
        """The object of a config, or of a name, with classes and functions by name that are not of this package."""
        with custom_object_scope(custom_objects or {}):
            return get(identifier)

    made = {"serialize": row(config.serialize, f"| {thing}")}
    made["deserialize"] = row(found, f"| {read}, custom_objects=None")
    telling(made | {"__name__": f"{__package__}.{thing}"})
    return made["serialize"], made["deserialize"]


telling(globals())
