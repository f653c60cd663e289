"""`tf.keras.layers`: those of `gradcalc.nn`, and Keras's short names for them. Imports nn."""
# ruff: noqa: F403, F405, F821

from collections.abc import Callable
from typing import Any

from gradcalc.nn.convolution import *
from gradcalc.nn.layer import Layer as Layer
from gradcalc.nn.layers import *
from gradcalc.nn.normalization import *
from gradcalc.tf.defaults import described

del corr2d  # d2l's, not Keras's
AvgPool1D, AvgPool2D, MaxPool1D, MaxPool2D = AveragePooling1D, AveragePooling2D, MaxPooling1D, MaxPooling2D
GlobalAvgPool1D, GlobalAvgPool2D = GlobalAveragePooling1D, GlobalAveragePooling2D
GlobalMaxPool1D, GlobalMaxPool2D = GlobalMaxPooling1D, GlobalMaxPooling2D
Convolution1D, Convolution2D = Conv1D, Conv2D


def _function(kind: type[Layer]) -> Callable[..., Any]:
    """A merging layer made and called at once."""
    return described(lambda inputs, **settings: kind(**settings)(inputs), kind)


add, subtract, multiply, average = _function(Add), _function(Subtract), _function(Multiply), _function(Average)
maximum, minimum, concatenate = _function(Maximum), _function(Minimum), _function(Concatenate)
