"""Layers, models, losses, activations and initializers, with Keras's names and meaning. Imports tape.

Each module names in its `__all__` what is public here: no name is written again.
"""
# ruff: noqa: F403

from gradcalc.graph.names import clear_session as clear_session
from gradcalc.nn import activations as activations
from gradcalc.nn import (
    attention,
    config,
    convolution,
    functional,
    layer,
    layers,
    merging,
    models,
    noise,
    normalization,
    pooling,
    recurrent,
    saving,
    weights,
)  # fmt: skip
from gradcalc.nn import callbacks as callbacks
from gradcalc.nn import initializers as initializers
from gradcalc.nn import losses as losses
from gradcalc.nn import metrics as metrics
from gradcalc.nn import scores as scores
from gradcalc.nn.attention import *
from gradcalc.nn.config import *
from gradcalc.nn.convolution import *
from gradcalc.nn.functional import *
from gradcalc.nn.initializers import set_seed as set_seed
from gradcalc.nn.layer import *
from gradcalc.nn.layers import *
from gradcalc.nn.losses import *
from gradcalc.nn.merging import *
from gradcalc.nn.models import *
from gradcalc.nn.noise import *
from gradcalc.nn.normalization import *
from gradcalc.nn.pooling import *
from gradcalc.nn.recurrent import *
from gradcalc.nn.saving import *
from gradcalc.nn.weights import *

_MODULES = (
    attention, config, convolution, functional, layer, layers, losses, merging, models, noise, normalization, pooling,
    recurrent, saving, weights,
)  # fmt: skip
globals()["__all__"] = sorted(  # type checkers read the stars
    ["activations", "callbacks", "clear_session", "initializers", "losses", "metrics", "scores", "set_seed"]
    + [name for module in _MODULES for name in module.__all__]
)
