"""`tf.keras.callbacks`: those of `gradcalc.nn`. Imports nn."""
# ruff: noqa: F403

from gradcalc.nn.callbacks import *
from gradcalc.nn.progress import ProgbarLogger as ProgbarLogger
