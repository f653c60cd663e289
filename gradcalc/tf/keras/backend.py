"""`tf.keras.backend`: the dtype of layers, and what older notebooks ask. Imports nn."""

from typing import Any

from gradcalc.graph.names import clear_session as clear_session
from gradcalc.nn.initializers import floatx as floatx
from gradcalc.nn.initializers import set_floatx as set_floatx
from gradcalc.tf.dtypes import cast


def epsilon() -> float:
    """What Keras's losses keep away from 0 by."""
    return 1e-7


def image_data_format() -> str:
    """Channels come last."""
    return "channels_last"


def cast_to_floatx(x: Any) -> Any:
    """The values in the dtype of layers."""
    return cast(x, floatx())


def get_value(x: Any) -> Any:
    """The array in a variable."""
    return x.numpy()


def set_value(x: Any, value: Any) -> None:
    """Replace the value of a variable."""
    x.assign(value)
