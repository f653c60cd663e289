"""fit: estimates and errors against certified values, what is not identified, bounds, starts, losses, bad data.

With it `fit.model`, `fit.problem`, `fit.estimate`, `fit.spread`, `fit.answer`, `fit.profile`,
`fit.compare`, `fit.picture` and `optimize.read`.
"""

import json
import math
import pickle
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import gradcalc
from benchmarks import nist_linear
from benchmarks.nist import MODELS, regression
from gradcalc.errors import FileError, GradcalcError, UsageError
from gradcalc.optimize.fit.answer import Fit, write_residuals
from gradcalc.optimize.fit.compare import FitComparison, f_tail
from gradcalc.optimize.fit.picture import picture
from tests import ROOT

IRIS = str(ROOT / "examples" / "data" / "iris.csv")
SPEED = (
    "4 4 7 7 8 9 10 10 10 11 11 12 12 12 12 13 13 13 13 14 14 14 14 15 15 15 16 16 17 17 17 18 18 18 18 19 19 19 20 "
)
SPEED += "20 20 20 20 22 23 24 24 24 24 25"
DISTANCE = "2 10 4 22 16 10 18 26 34 17 28 14 20 24 28 26 34 34 46 26 36 60 80 20 26 54 32 40 32 40 50 42 56 76 84 36 "
DISTANCE += "46 68 32 48 52 56 64 66 54 70 92 93 120 85"
CARS = {"speed": list(map(float, SPEED.split())), "dist": list(map(float, DISTANCE.split()))}
"""Speeds and stopping distances of cars, as R has them (Ezekiel, 1930)."""


def fit(model: str, data: Any, at: Any = None, **settings: Any) -> Fit:
    """A fit by the public door."""
    return gradcalc.fit(model, data, at, **settings)


def notes(found: Fit, kind: str) -> list[str]:
    """What is told of a kind."""
    return [note.message for note in found.notes if note.kind == kind]


def test_a_line_is_fitted_as_by_r() -> None:
    found = fit("dist ~ a + b*speed", CARS)
    a, b = found.parameters
    assert (found.status, found.degrees_of_freedom, found.method) == ("converged", 48, "linear")
    assert [a.estimate, b.estimate] == pytest.approx([-17.5790948905109, 3.93240875912409], rel=1e-13)
    assert [a.standard_error, b.standard_error] == pytest.approx([6.758440169, 0.415512777], rel=1e-8)
    assert [a.t, b.t] == pytest.approx([-2.60105800, 9.46398999], rel=1e-8)
    assert [a.p, b.p] == pytest.approx([0.0123188162, 1.48983650e-12], rel=1e-7)
    assert b.interval == pytest.approx((3.096964, 4.767853), abs=1e-6)
    assert found.residual_standard_error == pytest.approx(15.37958675, rel=1e-8)
    assert found.r_squared == pytest.approx(0.651079381, rel=1e-8)
    assert [found.aic, found.bic] == pytest.approx([419.1568633, 424.8929324], abs=1e-6)


@pytest.mark.parametrize("name", ["Misra1a", "Eckerle4", "Nelson", "Rat43", "MGH09", "Lanczos3"])
def test_nist_nonlinear_with_standard_errors(name: str) -> None:
    problem = regression(name)
    y = "log(y)" if name == "Nelson" else "y"
    for start in problem.starts:
        found = fit(f"{y} ~ {MODELS[name]}", problem.columns, start)
        for each in found.parameters:
            assert each.estimate == pytest.approx(problem.certified[each.name], rel=2e-10)
            assert each.standard_error == pytest.approx(problem.errors[each.name], rel=1e-9)
        assert (found.status, found.exit_code) == ("converged", 0)
        assert found.rss == pytest.approx(problem.squares, rel=1e-9)


@pytest.mark.parametrize("problem", nist_linear.PROBLEMS, ids=lambda problem: problem.name)
def test_nist_linear(problem: nist_linear.Linear) -> None:
    assert min(problem.digits()) > 12
    assert problem.found.status == "converged"


def test_without_a_constant_r_squared_is_around_0() -> None:
    noint = next(each for each in nist_linear.PROBLEMS if each.name == "NoInt1").found
    assert noint.r_squared == pytest.approx(0.999365492298663, rel=1e-14)
    assert noint.fitness is not None and noint.fitness.about == "0"


def test_weights_and_sigma_are_two_ways_to_say_the_same() -> None:
    data = {"x": [1.0, 2, 3, 4, 5], "y": [2.1, 3.9, 6.2, 7.8, 10.1], "s": [0.1, 0.2, 0.1, 0.3, 0.2]}
    data["w"] = [1 / s**2 for s in data["s"]]
    first, second = fit("y ~ a*x + b", data, sigma="s"), fit("y ~ a*x + b", data, weights="w")
    x, y, w = (np.array(data[name]) for name in "xyw")
    matrix = np.array([[w @ x**2, w @ x], [w @ x, w.sum()]])
    a, b = np.linalg.solve(matrix, [w @ (x * y), w @ y])
    rss = float(w @ (y - a * x - b) ** 2)
    errors = np.sqrt(np.diag(np.linalg.inv(matrix)))
    for found in (first, second):
        assert list(found.at.values()) == pytest.approx([a, b], rel=1e-12)
        assert found.rss == pytest.approx(rss, rel=1e-10)
        scaled = [each.standard_error for each in found.parameters]
        assert scaled == pytest.approx(errors * math.sqrt(rss / 3), rel=1e-10)
    likelihood = -2.5 * (math.log(2 * math.pi) + 1 - math.log(5) - np.log(w).sum() / 5 + math.log(rss))
    assert first.aic == pytest.approx(2 * 3 - 2 * likelihood, rel=1e-12)
    known = fit("y ~ a*x + b", data, sigma="s", absolute_sigma=True)
    assert [each.standard_error for each in known.parameters] == pytest.approx(errors, rel=1e-12)


NOISE = [0.02, -0.03, 0.01, 0.04, -0.02, -0.01, 0.03, -0.04]
X = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]


@pytest.mark.parametrize(
    ("model", "rule", "names"),
    [
        ("y ~ a*b*x", "a*b", "a b"),
        ("y ~ a*x/b", "a/b", "a b"),
        ("y ~ (a + b)*x + c", "a + b", "a b"),
        ("y ~ exp(a - b - x) + c*x", "a - b", "a b"),
        ("y ~ a*x + b*z + c", "", "a b"),
        ("y ~ a*x + 0*b", "", "b"),
    ],
)
def test_what_the_data_do_not_identify_is_named(model: str, rule: str, names: str) -> None:
    data = {"x": X, "z": [3 * x for x in X], "y": [2 * x + 1 + e for x, e in zip(X, NOISE, strict=True)]}
    at = dict.fromkeys([name for name in "abc" if name in model.replace("exp", "")], 1.25)
    found = fit(model, data, at)
    assert (found.status, found.exit_code) == ("not identified", 1)
    (lost,) = found.unidentified
    assert " ".join(sorted(lost)) == names
    assert math.hypot(*lost.values()) == pytest.approx(1)
    (told,) = notes(found, "identified")
    assert told.startswith(f"{rule} is determined, " if rule else "the data tell nothing of ")
    for each in found.parameters:
        assert math.isnan(each.standard_error) == (each.name in lost)
        assert math.isfinite(each.estimate)
    assert found.to_dict()["unidentified"] == [dict(lost)]


def test_an_estimate_on_a_bound_has_no_error() -> None:
    data = {"x": X, "y": [2 * x + 1 + e for x, e in zip(X, NOISE, strict=True)]}
    found = fit("y ~ a*x + b", data, {"a": 1, "b": 1}, bounds={"b": (-1, 0.5)}, certify=True)
    a, b = found.parameters
    assert (found.status, b.estimate, found.proved, found.exit_code) == ("at a bound", 0.5, True, 0)
    assert math.isnan(b.standard_error)
    x, y = np.array(X), np.array(data["y"])
    assert a.estimate == pytest.approx(float(x @ (y - 0.5) / (x @ x)), rel=1e-14)
    inside = fit("y ~ a*x + b", data, {"a": 1, "b": 1}, bounds={"b": (-1, 5)})
    assert inside.status == "converged"


def test_fixed_parameters_stay() -> None:
    data = {"x": X, "y": [2 * x + 1 + e for x, e in zip(X, NOISE, strict=True)]}
    for at, fix in (({"a": 1, "b": 3}, ["b"]), (None, ["b=3"]), ({"a": 1}, "b=3"), ({"b": 3, "a": 1}, ("b=3", "b"))):
        found = fit("y ~ a*x + b", data, at, fix=fix)
        assert (found.at["b"], found.degrees_of_freedom) == (3.0, 7)
        x, y = np.array(X), np.array(data["y"])
        assert found.at["a"] == pytest.approx(float(x @ (y - 3) / (x @ x)), rel=1e-14)
        assert found.to_dict()["parameters"][1]["fixed"] is True


@pytest.mark.parametrize(
    ("loss", "influence"),
    [("huber", lambda r: np.clip(r, -0.5, 0.5)), ("cauchy", lambda r: r / (1 + (r / 0.5) ** 2))],
)
def test_a_loss_heeds_outliers_less(loss: Any, influence: Any) -> None:
    y = np.array([2 * x + 1 + e for x, e in zip(X, NOISE, strict=True)])
    y[3] += 5
    found = fit("y ~ a*x + b", {"x": X, "y": y}, {"a": 1, "b": 0}, loss=loss, loss_scale=0.5)
    x = np.array(X)
    psi = influence(y - found.at["a"] * x - found.at["b"])
    assert [abs(psi.sum()), abs(psi @ x)] == pytest.approx([0, 0], abs=1e-9)
    assert found.status == "converged" and all(each.standard_error > 0 for each in found.parameters)


def test_the_least_sum_of_absolute_values_passes_through_rows() -> None:
    """The best of all lines through two rows, as linear programming finds it."""
    y = [2 * x + 1 + e for x, e in zip(X, NOISE, strict=True)]
    y[3] += 5
    found = fit("y ~ a*x + b", {"x": X, "y": y}, loss="l1")
    lines = [((y[j] - y[i]) / (X[j] - X[i]), i) for i in range(8) for j in range(i + 1, 8)]
    sums = [(sum(abs(q - a * p - (y[i] - a * X[i])) for p, q in zip(X, y, strict=True)), a) for a, i in lines]
    assert (found.status, found.value) == ("converged", pytest.approx(min(sums)[0], rel=1e-13))
    assert found.at["a"] == pytest.approx(min(sums)[1], rel=1e-12)
    assert all(math.isnan(each.standard_error) for each in found.parameters)


def test_logistic_regression_is_a_likelihood() -> None:
    z = "(c + a*petal_length + b*petal_width)"
    found = fit(f"softplus({z}) - virginica*{z}", IRIS, {"a": 0, "b": 0, "c": 0}, nll=True)
    assert found.status == "converged"
    assert [found.at[name] for name in "abc"] == pytest.approx([5.754532, 10.446699, -45.272340], abs=1e-5)
    errors = [each.standard_error for each in found.parameters]
    assert errors == pytest.approx([2.3059, 3.7556, 13.6117], rel=1e-4)
    assert found.rss is None and found.aic == pytest.approx(2 * found.value + 6)
    robust = fit(f"softplus({z}) - virginica*{z}", IRIS, {"a": 0, "b": 0, "c": 0}, nll=True, robust=True)
    data = np.genfromtxt(IRIS, delimiter=",", names=True, usecols=("petal_length", "petal_width", "virginica"))
    rows = np.column_stack([data["petal_length"], data["petal_width"], np.ones(len(data))])
    p = 1 / (1 + np.exp(-rows @ [found.at[name] for name in "abc"]))
    inverse = np.linalg.inv((rows * (p * (1 - p))[:, None]).T @ rows)
    scores = rows * (p - data["virginica"])[:, None]
    expected = np.sqrt(np.diag(inverse @ (scores.T @ scores) @ inverse))
    assert [each.standard_error for each in robust.parameters] == pytest.approx(expected, rel=1e-6)


def test_prediction_has_bands() -> None:
    found = fit("dist ~ a + b*speed", CARS)
    made = found.predict({"speed": [10.0, 21.0]})
    assert made.value == pytest.approx([21.74499, 65.00149], abs=1e-5)
    low, high = made.interval
    assert [low[0], high[0]] == pytest.approx([15.46192, 28.02807], abs=1e-4)
    low, high = made.prediction_interval
    assert [low[0], high[0]] == pytest.approx([-9.809601, 53.29959], abs=1e-4)
    with pytest.raises(UsageError, match="no column speed"):
        found.predict({"sped": [1.0]})


def test_predictions_are_the_rows_of_csv() -> None:
    found = fit("dist ~ a + b*speed", CARS)
    made = found.predict({"speed": [10.0, 21.0]})
    head, *rows = list(replace(found, predictions=made).records())
    assert head[:4] == ("row", "foretold", "standard_error", "low") and [row[0] for row in rows] == [1, 2]
    assert rows[0][1:] == pytest.approx([21.74499, 3.12492, 15.46192, 28.02807, -9.809601, 53.29959], abs=1e-4)


def test_profile_intervals_are_those_of_the_likelihood() -> None:
    """Of a linear model they are Student's; of `exp(a)*x` the logarithms of those of the slope."""
    line = fit("dist ~ a + b*speed", CARS, profile=True)
    for each in line.parameters:
        assert each.profile == pytest.approx(each.interval, rel=1e-6)
    slope, log = fit("dist ~ a*speed", CARS), fit("dist ~ exp(a)*speed", CARS, {"a": 1}, profile=True)
    (low, high), (first, last) = slope.parameters[0].interval, log.parameters[0].profile or (0, 0)
    assert [math.exp(first), math.exp(last)] == pytest.approx([low, high], rel=1e-6)
    assert log.parameters[0].interval != pytest.approx((first, last), rel=1e-6)


def test_nested_models_are_compared_by_f() -> None:
    small, large = fit("dist ~ b*speed", CARS), fit("dist ~ a + b*speed", CARS)
    for pair in ((small, large), (large, small)):
        test = FitComparison(pair).test
        assert test and test.degrees == (1, 48)
        assert test.statistic == pytest.approx(2.60105800**2, rel=1e-8)
        assert test.p == pytest.approx(0.0123188162, rel=1e-7)
    assert FitComparison((small, fit("dist ~ c*speed^2", CARS))).test is None
    assert f_tail(3.0, 2, 6) == pytest.approx((1 + 3 * 2 / 6) ** -3, rel=1e-15)


def test_residuals_and_picture(tmp_path: Any) -> None:
    found = fit("dist ~ a + b*speed", CARS)
    write_residuals(found, tmp_path / "r.csv")
    rows = np.genfromtxt(tmp_path / "r.csv", delimiter=",", names=True)
    assert len(rows) == 50 and rows["residual"] @ rows["residual"] == pytest.approx(found.rss, rel=1e-12)
    made = picture(found)
    upper, lower = made.panels
    assert [layer.name for layer in upper.layers] == ["prediction", "curve", "fit", "data"]
    assert lower.y_label == "residual"
    (piece,) = upper.layers[1].pieces  # type: ignore[union-attr]
    x, low, high = piece[0]  # type: ignore[misc]
    band = found.predict({"speed": [x]}).interval
    assert (low, high) == pytest.approx((band[0][0], band[1][0]))
    several = picture(fit("z ~ a*x + b*y", {"x": [1, 2, 3, 4], "y": [1, 0, 2, 1], "z": [2, 3, 6, 7]}))
    assert several.panels[0].x_label == "foretold"


def test_it_pickles_and_shows_itself() -> None:
    found = pickle.loads(pickle.dumps(fit("dist ~ a + b*speed", CARS, certify=True)))
    assert found.proved and found.predict({"speed": [10.0]}).value == pytest.approx([21.74499], abs=1e-5)
    assert "standard error" in found._repr_html_() and "dist ~ a + b*speed" in found.summary()
    body = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert body["command"] == "fit" and body["schema"] == 1


def test_many_rows_are_summed_by_kernels_the_same_for_any_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """J'J by a kernel leads where QR leads; bit for bit the same with 1, 2 and 3 threads."""
    x = np.linspace(0, 5, 99_000)
    data = {"x": x, "y": 2 * np.exp(-0.7 * x) + 0.3 + 0.05 * np.sin(1e5 * x), "w": 1 + x % 1}
    answers = []
    for count in (1, 2, 3):
        monkeypatch.setattr("os.cpu_count", lambda count=count: count)
        answers.append(fit("y ~ a*exp(-b*x) + c", data, {"a": 1, "b": 1, "c": 0}, weights="w"))
    assert answers[0].to_dict() == answers[1].to_dict() == answers[2].to_dict()
    assert answers[0].problem.squares is not None and answers[0].status == "converged"
    monkeypatch.setattr("gradcalc.optimize.fit.problem.NATIVE", 10**9)
    other = fit("y ~ a*exp(-b*x) + c", data, {"a": 1, "b": 1, "c": 0}, weights="w")
    assert other.problem.squares is None
    for one, two in zip(answers[0].parameters, other.parameters, strict=True):
        assert (one.estimate, one.standard_error) == pytest.approx((two.estimate, two.standard_error), rel=1e-9)
    body, others = answers[0].to_dict(), other.to_dict()
    for key in ("rss", "r_squared", "aic", "condition"):
        assert body[key] == pytest.approx(others[key], rel=1e-9)
    assert body["runs"]["count"] == others["runs"]["count"]
    assert [each["row"] for each in body["largest_residuals"]] == [each["row"] for each in others["largest_residuals"]]


def test_many_rows_that_do_not_identify_a_direction_are_told() -> None:
    x = np.linspace(0, 5, 60_000)
    found = fit("y ~ a*exp(b - x)", {"x": x, "y": 2 * np.exp(-x) + 0.01 * np.sin(1e5 * x)}, {"a": 1, "b": 1})
    assert found.status == "not identified" and set(found.unidentified[0]) == {"a", "b"}


def test_rows_that_lack_a_number_are_told_or_dropped() -> None:
    data = {"x": [1.0, 2, math.nan, 4, 5], "y": [2.0, math.nan, 6, 8, 10.5]}
    with pytest.raises(UsageError, match=r"no number in 2 rows: 2, 3 \(column y\)"):
        fit("y ~ a*x + b", data)
    found = fit("y ~ a*x + b", data, nulls="drop")
    assert (found.rows, found.dropped) == (3, 2)
    masked = np.ma.masked_array([1.0, 2, 9, 4, 5], [0, 0, 1, 0, 0])
    with pytest.raises(UsageError, match="no number in row 3"):
        fit("y ~ a*x", {"x": masked, "y": X[:5]})
    records = np.array([(1.0, 2.0), (2.0, 4.5)], dtype=[("x", float), ("y", float)])
    assert fit("y ~ a*x", records).at["a"] == pytest.approx(2.2)
    with pytest.raises(UsageError, match="y is infinite in row 2"):
        fit("y ~ a*x + b", {"x": [1, 2, 3], "y": [1, math.inf, 3]})
    with pytest.raises(GradcalcError, match="no finite value in 2 rows: 1, 2") as error:
        fit("log(y - 3) ~ a*x", {"x": [1, 2, 3, 4], "y": [1, 2, 7, 9]})
    assert error.value.exit_code == 3
    left = fit("log(y - 3) ~ a*x", {"x": [1, 2, 3, 4], "y": [1, 2, 7, 9]}, undefined="drop")
    assert (left.rows, left.dropped) == (2, 2)


BAD: Mapping[str, tuple[str, str]] = {
    "x,y\n1,2\n2,abc\n": ("line 3, column y: 'abc' is no number", "y ~ a*x"),
    "x,y\n": ("has columns but no rows", "y ~ a*x"),
    "": ("is empty", "y ~ a*x"),
}


@pytest.mark.parametrize("text", BAD)
def test_bad_files(text: str, tmp_path: Any) -> None:
    path = tmp_path / "d.csv"
    path.write_text(text)
    with pytest.raises(FileError, match=BAD[text][0]):
        fit(BAD[text][1], path)


@pytest.mark.parametrize(
    ("model", "settings", "message"),
    [
        ("y = a*x", {}, "a model has two sides"),
        ("y ~", {}, "nothing stands on the right side"),
        ("z ~ a*x", {}, "z is no column of the data"),
        ("y ~ a*xx", {"at": {"a": 1}}, "xx is no column of the data"),
        ("y ~ a*x +", {}, "an operand is missing"),
        ("y ~ x", {}, "no parameter to find"),
        ("y ~ a*x", {"at": {"a": 1, "q": 2}}, "does not contain q"),
        ("y ~ a*x", {"sigma": "q"}, "q is no column"),
        ("y*a ~ x", {"at": {"a": 1}}, "the left side contains the parameter a"),
        ("y ~ a*x", {"bounds": {"q": (0, 1)}}, "names q, which is no parameter"),
        ("y ~ a*x", {"bounds": {"a": (3, 1)}}, "the bounds of a are 3 and 1"),
        ("y ~ a*x", {"level": 1.5}, "level is 1.5"),
        ("y ~ a*x", {"p0": [1]}, "fit takes no p0"),
        ("y ~ a*x", {"fix": ["q"]}, "q is fixed, and has no value"),
        ("y ~ a*x + b", {"fix": ["a=2", "b=1"]}, "the model has no parameter to find"),
    ],
)
def test_what_is_asked_wrongly(model: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(GradcalcError, match=message) as error:
        fit(model, {"x": [1, 2, 3], "y": [2, 4, 7]}, **settings)
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sigma": "x - 2"}, "the error of --sigma is not above 0 in"),
        ({"weights": "x - 2"}, "--weights has a negative one in"),
    ],
)
def test_errors_and_weights_that_are_none(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(GradcalcError, match=message.replace("--", "(--)?")) as error:
        fit("y ~ a*x", {"x": [1, 2, 3], "y": [2, 4, 7]}, **settings)
    assert error.value.exit_code == 3


def test_a_start_outside_of_its_bounds_is_told() -> None:
    found = fit(
        "y ~ a*exp(b*x)", {"x": X, "y": [2 * math.exp(0.3 * x) for x in X]}, {"a": 9, "b": 1}, bounds={"a": (0, 5)}
    )
    assert any("out of its bounds" in note for note in notes(found, "bounds"))


def test_few_rows_are_told() -> None:
    exact = fit("y ~ a*x + b", {"x": [1, 2], "y": [2, 4]})
    assert exact.degrees_of_freedom == 0 and notes(exact, "rows")
    assert [math.isnan(each.standard_error) for each in exact.parameters] == [True, True]
    none = fit("y ~ a*x + b", {"x": [1, 2, 3], "y": [3, 5, 7]})
    assert (none.rss, none.at) == (0.0, {"a": 2.0, "b": 1.0}) and notes(none, "residuals")
    short = fit("y ~ a*x^2 + b*x + c", {"x": [1, 2], "y": [2, 4]})
    assert short.status == "not identified" and "2 rows cannot determine 3 parameters" in notes(short, "rows")


@pytest.mark.parametrize(
    ("model", "y", "at", "told"),
    [
        ("y ~ a*x + b", [1e308, 3e307, 1.7e308, 1.0], None, "what is measured is about 2e[+]308"),
        ("y ~ a*exp(-b*x)", [1.0, 2.0, 1e160, 1.0], {"a": 1, "b": 1}, "what is measured is about 1e[+]160"),
        ("y ~ a*x + b", [1e-308, 3e-308, 1.7e-307, 1e-310], None, "what is measured is about 2e-307"),
        ("y ~ a*x + b", [1e-200, 3e-200, 1.7e-200, 1e-201], {"a": 0, "b": 0}, "what is measured is about 3e-200"),
        ("y ~ a*x^400", [1.0, 2.0, 3.0, 4.0], {"a": 1}, "the slope of the model in a is up to 7e[+]240"),
        ("y ~ a*(x + b)", [1.0, 2.0, 3.0, 4.0], {"a": 1, "b": 1e200}, "the slope of the model in a"),
    ],
)
def test_what_has_no_squares_in_doubles_is_refused(model: str, y: list[float], at: Any, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        fit(model, {"x": [1.0, 2.0, 3.0, 4.0], "y": y}, at)


@pytest.mark.parametrize("size", [1e-120, 1e-60, 1e60, 1e140])
def test_sizes_that_have_squares_change_nothing(size: float) -> None:
    y = np.array([1.0, 3.5, 4.0, 9.0])
    one, other = (fit("y ~ a*x + b", {"x": [1.0, 2.0, 3.0, 4.0], "y": y * unit}) for unit in (1.0, size))
    assert [each.t for each in other.parameters] == pytest.approx([each.t for each in one.parameters], rel=1e-12)
    assert other.r_squared == pytest.approx(one.r_squared, rel=1e-12)
