"""Optimizers and learning-rate schedules, for the variables of eager code and for plain arrays alike. Imports NumPy."""

from gradcalc.optimize.optimizers import SGD, Adagrad, Adam, Optimizer, RMSprop
from gradcalc.optimize.schedules import (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseTimeDecay,
    LearningRateSchedule,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from gradcalc.optimize.state import State

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "Optimizer",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "RMSprop",
    "State",
]
