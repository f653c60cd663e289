"""`tf.keras.optimizers.schedules`: the learning-rate schedules of `gradcalc.optimize`. Imports optimize."""
# ruff: noqa: F401, I001
# mypy: implicit-reexport

from gradcalc.optimize import (
    CosineDecay, CosineDecayRestarts, ExponentialDecay, InverseTimeDecay, LearningRateSchedule, PiecewiseConstantDecay,
    PolynomialDecay,
)  # fmt: skip
from gradcalc.tf.defaults import missing

__getattr__ = missing("tf.keras.optimizers.schedules", globals())
