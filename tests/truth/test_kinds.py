"""The words for the kind of a point: the same in `hessian` and `descend`, in data and on the screen."""

import pytest

from gradcalc import descend, differentiate
from gradcalc.truth.kinds import certain_signs, definiteness, kind_by_signs, numerical_signs, said


@pytest.mark.parametrize(
    ("eigenvalues", "word", "kind"),
    [
        ([1, 2], "positive definite", "minimum"),
        ([-2, -1], "negative definite", "maximum"),
        ([-1, 1], "indefinite", "saddle"),
        ([-1, 0, 1], "indefinite", "saddle"),
        ([0, 1], "positive semidefinite", "degenerate"),
        ([-1, 0], "negative semidefinite", "degenerate"),
        ([1e-20, -1e-20], "zero", "degenerate"),
    ],
)
def test_signs_say_what_a_point_is(eigenvalues: list[float], word: str, kind: str) -> None:
    signs = numerical_signs(eigenvalues, 1e-12)
    assert (definiteness(signs), kind_by_signs(signs)) == (word, kind)


@pytest.mark.parametrize(
    ("eigenvalues", "signs"),
    [([1, 2], (True, False, False)), ([-1, 1e-9, 3], (True, True, False)), ([1e-9, 1], None), ([0.0], None)],
)
def test_signs_within_the_error_are_none(eigenvalues: list[float], signs: object) -> None:
    assert certain_signs(eigenvalues, 1e-6) == signs


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("minimum", "local minimum"),
        ("numerically maximum", "numerically local maximum"),
        ("minimum at a kink", "local minimum at a kink"),
        ("saddle", "saddle"),
        ("degenerate", "degenerate"),
        ("not stationary", "not stationary"),
    ],
)
def test_what_a_hessian_shows_is_local(kind: str, text: str) -> None:
    assert said(kind) == text


@pytest.mark.parametrize(
    ("formula", "kind"),
    [("x**2 + y**2", "minimum"), ("-x**2 - y**2", "maximum"), ("x**2 - y**2", "saddle"), ("x**4 + 0*y", "degenerate")],
)
def test_hessian_and_descend_say_the_same_of_a_point(formula: str, kind: str) -> None:
    at = {"x": 0, "y": 0}
    report = differentiate(formula, at, order=2, symbolic=False)
    made = descend(formula, at, optimizer="sgd", learning_rate=0.1)
    assert report.points[0].curvature is not None and report.points[0].curvature.critical_point == kind
    if kind in ("maximum", "saddle"):  # where the value falls beside it, the descent goes on
        (note,) = made.notes
        assert note.kind == "went_on" and f"(x = 0, y = 0), a {kind}, where" in note.message
    else:
        assert made.kind == made.to_dict()["point"] == kind
        assert f"point {said(kind)}" in str(made.page())
    assert f"critical point: {said(kind)}" in str(report.page())
