"""`tf.keras.optimizers.schedules`: the learning-rate schedules of `gradcalc.optimize`. Imports optimize."""
# ruff: noqa: I001

from gradcalc.optimize import (
    CosineDecay as CosineDecay, CosineDecayRestarts as CosineDecayRestarts, ExponentialDecay as ExponentialDecay,
    InverseTimeDecay as InverseTimeDecay, LearningRateSchedule as LearningRateSchedule,
    PiecewiseConstantDecay as PiecewiseConstantDecay, PolynomialDecay as PolynomialDecay,
)  # fmt: skip
from gradcalc.tf.defaults import missing

missing("tf.keras.optimizers.schedules", globals())
