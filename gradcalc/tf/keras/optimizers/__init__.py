"""`tf.keras.optimizers`: those of `gradcalc.optimize`. Imports optimize."""
# ruff: noqa: I001

from gradcalc.optimize import SGD as SGD, Adagrad as Adagrad, Adam as Adam, Optimizer as Optimizer, RMSprop as RMSprop
from gradcalc.tf.defaults import missing
from gradcalc.tf.keras.optimizers import schedules as schedules

missing("tf.keras.optimizers", globals())
