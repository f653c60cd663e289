"""`tf.keras.optimizers.schedules`: the learning-rate schedules of `gradcalc.optimize`. Imports optimize."""
# ruff: noqa: F403

from gradcalc.optimize.schedules import *
