"""Optimizers and learning-rate schedules, for the variables of a tape and for plain arrays alike. Imports NumPy.

Each module names in its `__all__` what is public here: no name is written again.
"""
# ruff: noqa: F403

from gradcalc.optimize import optimizers, schedules, state
from gradcalc.optimize.optimizers import *
from gradcalc.optimize.schedules import *
from gradcalc.optimize.state import *

globals()["__all__"] = sorted(optimizers.__all__ + schedules.__all__ + state.__all__)  # type checkers read the stars
