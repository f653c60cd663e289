"""`tf.keras.layers`: those of `gradcalc.nn`, and Keras's short names for them. Imports nn."""
# ruff: noqa: F401, I001
# mypy: implicit-reexport

from gradcalc.nn import (
    ELU, Activation, AveragePooling1D, AveragePooling2D, Conv1D, Conv2D, Dense, Dropout, Flatten,
    GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalMaxPooling1D, GlobalMaxPooling2D, Input, InputLayer, Layer,
    LeakyReLU, MaxPooling1D, MaxPooling2D, ReLU, Reshape, Softmax,
)  # fmt: skip
from gradcalc.tf.defaults import missing

AvgPool1D, AvgPool2D, MaxPool1D, MaxPool2D = AveragePooling1D, AveragePooling2D, MaxPooling1D, MaxPooling2D
GlobalAvgPool1D, GlobalAvgPool2D = GlobalAveragePooling1D, GlobalAveragePooling2D
GlobalMaxPool1D, GlobalMaxPool2D = GlobalMaxPooling1D, GlobalMaxPooling2D
Convolution1D, Convolution2D = Conv1D, Conv2D

__getattr__ = missing("tf.keras.layers", globals())
