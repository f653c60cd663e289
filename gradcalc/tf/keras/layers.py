"""`tf.keras.layers`: those of `gradcalc.nn`, and Keras's short names for them. Imports nn."""
# ruff: noqa: F403, F405, F821

from collections.abc import Callable
from typing import Any

from gradcalc.nn.attention import *
from gradcalc.nn.config import deserialize as _deserialize
from gradcalc.nn.convolution import *
from gradcalc.nn.layer import Layer as Layer
from gradcalc.nn.layers import *
from gradcalc.nn.merging import *
from gradcalc.nn.noise import *
from gradcalc.nn.normalization import *
from gradcalc.nn.pooling import *
from gradcalc.nn.recurrent import *
from gradcalc.tf.defaults import described
from gradcalc.tf.keras.saving import written_and_read as _written_and_read

del corr2d  # d2l's, not Keras's
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = (
    GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D
)  # fmt: skip
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
Convolution1DTranspose, Convolution2DTranspose, Convolution3DTranspose = (
    Conv1DTranspose, Conv2DTranspose, Conv3DTranspose
)  # fmt: skip
SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D


def _function(kind: type[Layer]) -> Callable[..., Any]:
    """A merging layer made and called at once."""
    return described(lambda inputs, **settings: kind(**settings)(inputs), kind)


add, subtract, multiply, average = _function(Add), _function(Subtract), _function(Multiply), _function(Average)
maximum, minimum = _function(Maximum), _function(Minimum)


def concatenate(inputs: Any, axis: int = -1, **common: Any) -> Any:
    """A list of inputs joined along an axis."""
    return Concatenate(axis, **common)(inputs)


def dot(inputs: Any, axes: Any = -1, **common: Any) -> Any:
    """The products of two inputs, summed over an axis of each."""
    return Dot(axes, **common)(inputs)


serialize, deserialize = _written_and_read(_deserialize, "layer")
