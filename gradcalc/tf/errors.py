"""`tf.errors`: TensorFlow's. What ops raise where arrays do not fit is an `InvalidArgumentError`. Imports tape."""
# ruff: noqa: F403

from gradcalc.tape import errors
from gradcalc.tape.errors import *

globals().update(
    {
        "".join("_" * (i > 0 and c.isupper()) + c for i, c in enumerate(kind)).upper(): number
        for number, kind in enumerate(errors.CODES, 1)
    },
    OK=0,
)
