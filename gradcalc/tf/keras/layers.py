"""`tf.keras.layers`: those of `gradcalc.nn`, and Keras's short names for them. Imports nn."""
# ruff: noqa: I001

from collections.abc import Callable
from typing import Any

from gradcalc.nn import (
    ELU as ELU, Activation as Activation, Add as Add, Average as Average, AveragePooling1D as AveragePooling1D,
    AveragePooling2D as AveragePooling2D, BatchNormalization as BatchNormalization, Concatenate as Concatenate,
    Conv1D as Conv1D, Conv2D as Conv2D, Dense as Dense, Dropout as Dropout, Embedding as Embedding, Flatten as Flatten,
    GlobalAveragePooling1D as GlobalAveragePooling1D, GlobalAveragePooling2D as GlobalAveragePooling2D,
    GlobalMaxPooling1D as GlobalMaxPooling1D, GlobalMaxPooling2D as GlobalMaxPooling2D, Input as Input,
    InputLayer as InputLayer, Lambda as Lambda, Layer as Layer, LayerNormalization as LayerNormalization,
    LeakyReLU as LeakyReLU, Maximum as Maximum, MaxPooling1D as MaxPooling1D, MaxPooling2D as MaxPooling2D,
    Minimum as Minimum, Multiply as Multiply, ReLU as ReLU, Reshape as Reshape, Softmax as Softmax,
    Subtract as Subtract,
)  # fmt: skip
from gradcalc.tf.defaults import described, missing

AvgPool1D, AvgPool2D, MaxPool1D, MaxPool2D = AveragePooling1D, AveragePooling2D, MaxPooling1D, MaxPooling2D
GlobalAvgPool1D, GlobalAvgPool2D = GlobalAveragePooling1D, GlobalAveragePooling2D
GlobalMaxPool1D, GlobalMaxPool2D = GlobalMaxPooling1D, GlobalMaxPooling2D
Convolution1D, Convolution2D = Conv1D, Conv2D


def _function(kind: type[Layer]) -> Callable[..., Any]:
    """A merging layer made and called at once."""
    return described(lambda inputs, **settings: kind(**settings)(inputs), kind)


add, subtract, multiply, average = _function(Add), _function(Subtract), _function(Multiply), _function(Average)
maximum, minimum, concatenate = _function(Maximum), _function(Minimum), _function(Concatenate)

missing("tf.keras.layers", globals())
