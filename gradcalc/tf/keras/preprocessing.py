"""`tf.keras.preprocessing`: the older place of what `tf.keras.utils` has. Imports utils."""

from types import SimpleNamespace

from gradcalc.tf.keras.utils import pad_sequences, timeseries_dataset_from_array

sequence = SimpleNamespace(pad_sequences=pad_sequences)
__all__ = ["sequence", "timeseries_dataset_from_array"]
