"""`tf.keras.optimizers`: those of `gradcalc.optimize`. Imports optimize."""
# ruff: noqa: F401
# mypy: implicit-reexport

from gradcalc.optimize import SGD, Adagrad, Adam, Optimizer, RMSprop
from gradcalc.tf.defaults import missing
from gradcalc.tf.keras.optimizers import schedules

__getattr__ = missing("tf.keras.optimizers", globals())
