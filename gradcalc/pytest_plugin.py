"""A fixture for pytest: `assert_gradient`. Found by pytest where gradcalc is installed; nothing comes with it at start.

def test_the_gradient(assert_gradient):
    assert_gradient(loss, loss_gradient, at=[1.0, 2.0])
"""

from collections.abc import Callable

import pytest


@pytest.fixture(name="assert_gradient")
def _assert_gradient() -> Callable[..., None]:
    """`gradcalc.assert_gradient`, imported when a test asks for it."""
    from gradcalc.truth.claims.remainders import assert_gradient

    return assert_gradient
