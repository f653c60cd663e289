"""`tf.keras.utils`: a seed, labels, sequences, configs. Imports tf.data, tf.random and NumPy."""

from typing import Any

import numpy as np

from gradcalc.graph import names as _names
from gradcalc.nn.initializers import generator as _generator
from gradcalc.tf.data import Dataset as _Dataset
from gradcalc.tf.defaults import only, row, telling
from gradcalc.tf.keras.saving import CustomObjectScope as CustomObjectScope
from gradcalc.tf.keras.saving import custom_object_scope as custom_object_scope
from gradcalc.tf.keras.saving import deserialize_keras_object as deserialize_keras_object
from gradcalc.tf.keras.saving import register_keras_serializable as register_keras_serializable
from gradcalc.tf.keras.saving import serialize_keras_object as serialize_keras_object
from gradcalc.tf.random import set_seed

clear_session = row(_names.clear_session, "| !free_memory=True")


def set_random_seed(seed: int) -> None:
    """Begin again: weights and random tensors repeat from here on; NumPy's and Python's own generators are not set."""
    set_seed(seed)


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """For each class number an array of `num_classes`, 1 at that place and 0 elsewhere."""
    labels = np.asarray(x, dtype=np.int64)
    labels = labels[..., 0] if labels.ndim > 1 and labels.shape[-1] == 1 else labels
    return np.eye(int(labels.max()) + 1 if num_classes is None else num_classes)[labels]


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """An array divided by its norms along an axis; those that are 0 count as 1."""
    norms = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.where(norms == 0, 1, norms)


def pad_sequences(
    sequences: Any, maxlen: int | None = None, dtype: Any = "int32", padding: str = "pre", truncating: str = "pre",
    value: Any = 0.0,
) -> Any:  # fmt: skip
    """Sequences as the rows of one array, filled up with `value` and cut off to `maxlen`, by default the longest.

    Args:
        sequences: lists of numbers, or of arrays of one shape.
        maxlen: how long all become.
        dtype: of the array.
        padding: whether to fill up before ("pre") or behind ("post").
        truncating: whether to cut off at the beginning or at the end.
        value: what to fill up with.
    """
    for what, where in (("padding", padding), ("truncating", truncating)):
        if where not in ("pre", "post"):
            raise ValueError(f"{what} is 'pre' or 'post', not {where!r}")
    size = max(map(len, sequences), default=0) if maxlen is None else maxlen
    inner = next((np.shape(sequence)[1:] for sequence in sequences if len(sequence)), ())
    filled = np.full((len(sequences), size, *inner), value, dtype)
    for filling, sequence in zip(filled, sequences, strict=True):
        kept = np.asarray(sequence[-size or len(sequence) :] if truncating == "pre" else sequence[:size], dtype)
        if len(kept):
            filling[slice(len(kept)) if padding == "post" else slice(-len(kept), None)] = kept
    return filled


def timeseries_dataset_from_array(
    data: Any, targets: Any, sequence_length: int, sequence_stride: int = 1, sampling_rate: int = 1,
    batch_size: int | None = 128, shuffle: bool = False, seed: int | None = None, start_index: int | None = None,
    end_index: int | None = None, format: str = "tf",
) -> _Dataset:  # fmt: skip
    """Batches of windows of a series, each with the target of its first step, if there are targets.

    Args:
        data: one row for each step.
        targets: one for each step that a window begins with, or None.
        sequence_length: how many rows a window has.
        sequence_stride: how many steps lie between the beginnings of windows.
        sampling_rate: how many steps lie between the rows of a window.
        batch_size: how many windows a batch has; None for windows by themselves.
        shuffle: whether windows come in random order.
        seed: of that order.
        start_index: the first step that counts.
        end_index: the first one behind those that count.
        format: "tf" alone.
    """
    only("tf", format=format)
    rows = np.asarray(data)[start_index:end_index]
    labels = None if targets is None else np.asarray(targets)[start_index:end_index]
    last = len(rows) - (sequence_length - 1) * sampling_rate
    starts = np.arange(0, last if labels is None else min(last, len(labels)), sequence_stride)
    if shuffle:
        _generator(seed).shuffle(starts)
    steps = np.arange(sequence_length) * sampling_rate

    def window(at: Any) -> Any:
        found = rows[at.numpy() + steps]
        return found if labels is None else (found, labels[at.numpy()])

    made = _Dataset.from_tensor_slices(starts).map(window)
    return made if batch_size is None else made.batch(batch_size)


telling(globals())
