"""`tf.keras.utils`: a seed, one-hot labels, configs. Imports tf.random and NumPy."""

from typing import Any

import numpy as np

from gradcalc.tf.keras.saving import CustomObjectScope as CustomObjectScope
from gradcalc.tf.keras.saving import custom_object_scope as custom_object_scope
from gradcalc.tf.keras.saving import deserialize_keras_object as deserialize_keras_object
from gradcalc.tf.keras.saving import register_keras_serializable as register_keras_serializable
from gradcalc.tf.keras.saving import serialize_keras_object as serialize_keras_object
from gradcalc.tf.random import set_seed


def set_random_seed(seed: int) -> None:
    """Begin again: weights and random tensors repeat from here on; NumPy's and Python's own generators are not set."""
    set_seed(seed)


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """For each class number an array of `num_classes`, 1 at that place and 0 elsewhere."""
    labels = np.asarray(x, dtype=np.int64)
    labels = labels[..., 0] if labels.ndim > 1 and labels.shape[-1] == 1 else labels
    return np.eye(int(labels.max()) + 1 if num_classes is None else num_classes)[labels]
