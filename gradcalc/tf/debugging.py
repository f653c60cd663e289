"""`tf.debugging`: checks of values. Imports the defaults and NumPy.

Each raises what is an `AssertionError` and an
`InvalidArgumentError`, with what differs.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcalc.tape.errors import told
from gradcalc.tf.defaults import as_tensor


def assert_near(
    x: Any, y: Any, rtol: float | None = None, atol: float | None = None, message: str | None = None,
    summarize: Any = None, name: str | None = None,
) -> None:  # fmt: skip
    """Every element of `x` is within `atol + rtol * |y|` of that of `y`; both are 10 eps of the dtype by default."""
    x, y = as_tensor(x).array, as_tensor(y).array
    near = 10 * float(np.finfo(x.dtype).eps)
    rtol, atol = near if rtol is None else rtol, near if atol is None else atol
    _checked(lambda: np.testing.assert_allclose(x, y, rtol, atol, err_msg=message or ""))


def assert_equal(x: Any, y: Any, message: str | None = None, summarize: Any = None, name: str | None = None) -> None:
    """Every element of `x` equals that of `y`."""
    _checked(lambda: np.testing.assert_array_equal(as_tensor(x).array, as_tensor(y).array, message or ""))


def assert_all_finite(x: Any, message: str, name: str | None = None) -> Any:
    """No element is infinite or nan; returns `x`."""
    if not np.isfinite(as_tensor(x).array).all():
        raise told(AssertionError(message or "a tensor has elements that are infinite or nan"))
    return x


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Any:
    """No element is infinite or nan; returns the tensor."""
    return assert_all_finite(tensor, message)


def _checked(check: Callable[[], None]) -> None:
    """A check of NumPy, whose error is TensorFlow's too."""
    try:
        check()
    except AssertionError as error:
        raise told(error) from None
