"""Exponentials and roots of matrices: known values, and derivatives of every order."""

import numpy as np
import pytest

from gradcalc import gradcheck
from gradcalc.tape.rules.matrix_functions import EXPM, SQRTM
from gradcalc.tape.tensor import constant

pytest.importorskip("scipy")
TURN = np.array([[0.0, 20.0], [-20.0, 0.0]])
A = np.array([[1.5, 0.3], [0.2, 2.5]])


def test_the_exponential_of_a_turn_is_a_rotation() -> None:
    c, s = np.cos(20), np.sin(20)
    np.testing.assert_allclose(EXPM(constant(TURN)).numpy(), [[c, s], [-s, c]], rtol=1e-13)
    np.testing.assert_allclose(EXPM(constant([TURN, -TURN])).numpy()[1], [[c, -s], [s, c]], rtol=1e-13)


def test_a_root_times_itself_is_the_matrix_and_nan_where_it_is_not_real() -> None:
    root = SQRTM(constant([A, A.T])).numpy()
    np.testing.assert_allclose(root @ root, [A, A.T], rtol=1e-13)
    assert np.isnan(SQRTM(constant([[-1.0, 0.0], [0.0, -1.0]])).numpy()).all()
    assert not np.isfinite(SQRTM(constant([[0.0, 1.0], [0.0, 0.0]])).numpy()).all()
    assert SQRTM(constant([[4.0]], np.float32)).dtype == np.float32


@pytest.mark.parametrize("function", [EXPM, SQRTM])
def test_derivatives_are_right(function: object) -> None:
    assert gradcheck(lambda x: np.sum(function(x)[..., 0] ** 2), np.stack([A, A + 1]))  # type: ignore[operator]


@pytest.mark.parametrize("shape", [(2, 3), (2,), ()])
def test_what_is_no_square_matrix_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="square matrices"):
        EXPM(constant(np.zeros(shape)))
