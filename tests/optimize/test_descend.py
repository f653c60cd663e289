"""descend: the right end, the forecast, the post-mortem, data, bounds, schedules."""

import json
import math
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc.optimize.descend import descend
from gradcalc.optimize.descent.answer import Descent


def note(descent: Descent, kind: str) -> Any:
    """The only note of a kind."""
    (found,) = [note for note in descent.notes if note.kind == kind]
    return found


def test_the_forecast_warns_before_plain_descent_diverges() -> None:
    found = descend("12*x**2 + y**2", {"x": 1, "y": 1}, learning_rate=0.9)
    assert note(found, "forecast").message == (
        "lr 0.9 is above 2/λmax = 0.0833 at the start: plain descent will diverge on such curvature; try 0.042"
    )
    assert (found.status, found.exit_code) == ("diverged", 1)
    assert found.end.at == (1.0, 1.0)
    assert note(found, "post_mortem").message == (
        "the lowest value, 13, was at step 0 (x = 1, y = 1); lr 0.042 works from the same start"
    )
    assert descend("12*x**2 + y**2", {"x": 1, "y": 1}, learning_rate=0.042).status != "diverged"


@pytest.mark.parametrize(
    ("name", "below", "above"), [("sgd", 0.99, 1.01), ("momentum", 0.99, 1.01), ("nesterov", 0.99, 1.01)]
)
def test_the_largest_stable_rate_is_the_border_of_divergence(name: str, below: float, above: float) -> None:
    curvature, m = 24.0, 0.9
    limit = {"sgd": 2, "momentum": 2 * (1 + m), "nesterov": 2 * (1 + m) / (1 + 2 * m)}[name] / curvature
    runs = [
        descend("12*x**2 + y**2", {"x": 1, "y": 1}, optimizer=name, learning_rate=limit * part, steps=3_000)
        for part in (below, above)
    ]
    assert [abs(run.watch[-1].at[0]) < 1 for run in runs] == [True, False]
    assert ["forecast" in [n.kind for n in run.notes] for run in runs] == [False, True]


def test_a_nan_is_traced_to_the_text() -> None:
    found = descend("y**2 + log(x)", {"x": 1, "y": 0}, learning_rate=0.7)
    born = note(found, "nan_origin")
    assert "nan first appears in log(x), at step 2" in born.message
    assert "y**2 + log(x)"[slice(*born.span)] == "log(x)"
    assert found.end.number == 1


def test_a_formula_without_a_minimum() -> None:
    found = descend("-x**2", {"x": 1}, learning_rate=0.9)
    assert (found.status, found.exit_code) == ("unbounded", 1)
    assert found.reason == "no minimum: the value still falls towards -inf as x grows"


@pytest.mark.parametrize("text", ["x*sin(y)", "x*y", "x*exp(y)", "x*tanh(y)", "x*y*cos(y)", "x - y^2", "x*(y - 1)"])
def test_what_is_linear_in_a_variable_has_no_minimum(text: str) -> None:
    found = descend(text, {"x": 1, "y": 1})
    assert (found.status, found.exit_code) == ("unbounded", 1)


def test_a_kink_on_the_path_is_told() -> None:
    found = descend("abs(x - 0.1) + y**2", {"x": 1, "y": 2}, learning_rate=0.3, steps=100)
    kink = note(found, "kink")
    assert "jump back and forth across a kink at x = 0.1" in kink.message
    assert (kink.variable, kink.left, kink.right) == ("x", -1.0, 1.0)
    smooth = descend("x**2", {"x": 1}, learning_rate=0.9, steps=30)
    assert "kink" not in [n.kind for n in smooth.notes]


def test_a_rate_that_keeps_the_steps_from_settling_is_told() -> None:
    found = descend("x*log(x)", {"x": 1}, learning_rate=0.9)
    assert "the largest stable rate where it ended" in note(found, "forecast").message


@pytest.mark.parametrize(
    ("text", "at", "kind"),
    [
        ("x**2 - y**2", {"x": 1, "y": 0}, "saddle"),
        ("x**2 + y**2", {"x": 1, "y": 1}, "minimum"),
        ("0*x + 1", {"x": 3}, "degenerate"),
    ],
)
def test_what_the_point_is(text: str, at: dict[str, float], kind: str) -> None:
    assert descend(text, at, learning_rate=0.3, steps=200).kind == kind


def test_from_a_maximum_the_descent_goes_on() -> None:
    assert descend("-x**2", {"x": 0}, learning_rate=0.3, tolerance=1e-9).kind == "maximum"
    assert descend("-x**2", {"x": 0}, learning_rate=0.3).status == "unbounded"


def test_bounds() -> None:
    found = descend("(x - 3)**2 + y**2", {"x": 1, "y": 1}, optimizer="sgd", bounds={"x": (0, 2)})
    assert (found.at["x"], found.status, found.kind) == (2.0, "at a bound", "at a bound")
    assert all(0 <= step.at[0] <= 2 for step in found.watch)
    with pytest.raises(gradcalc.UsageError, match="bounds names z, which is no variable"):
        descend("x**2", {"x": 1}, bounds={"z": (0, 1)})
    with pytest.raises(gradcalc.UsageError, match="the bounds of x are 2 and 1"):
        descend("x**2", {"x": 1}, bounds={"x": (2, 1)})


def test_schedules() -> None:
    found = descend("x**2", {"x": 1}, optimizer="sgd", learning_rate=0.25, schedule="exponential:1:0.5", steps=3)
    x, rate, path = 1.0, 0.25, [1.0]
    for _ in range(3):
        x -= rate * (2 * x)
        rate /= 2
        path.append(x)
    np.testing.assert_allclose([step.at[0] for step in found.watch], path, rtol=1e-15)
    with pytest.raises(gradcalc.UsageError, match=r"no such schedule: cosin\ntry: cosine:STEPS"):
        descend("x**2", {"x": 1}, schedule="cosin:100")
    with pytest.raises(gradcalc.UsageError, match=r"the schedule is cosine\ntry: cosine:STEPS"):
        descend("x**2", {"x": 1}, schedule="cosine")


def line(rows: int) -> dict[str, Any]:
    random = np.random.default_rng(3)
    x = random.normal(size=rows)
    return {"x": x, "y": 2 * x + 1 + 0.01 * random.normal(size=rows)}


def test_data_as_arrays() -> None:
    data = line(500)
    found = descend("(w*x + b - y)^2", {"w": 0, "b": 0}, data=data, learning_rate=0.1, steps=300)
    slope, shift = np.polyfit(data["x"], data["y"], 1)
    assert (found.at["w"], found.at["b"]) == pytest.approx((slope, shift), rel=1e-12)
    assert (found.status, found.kind) == ("converged", "minimum")


def test_batches_are_reproducible() -> None:
    def run(seed: int) -> Descent:
        return descend(
            "(w*x + b - y)^2", {"w": 0, "b": 0}, data=line(100), optimizer="adam", batch_size=32, epochs=3, seed=seed
        )

    one, two, other = run(1), run(1), run(2)
    assert list(one.rows()) == list(two.rows()) != list(other.rows())
    assert one.steps == 3 * 4
    data = line(100)
    assert one.value == pytest.approx(((one.at["w"] * data["x"] + one.at["b"] - data["y"]) ** 2).mean(), rel=1e-13)


def test_an_interruption_gives_the_best_so_far() -> None:
    def interrupt(step: Any) -> None:
        if step.number == 20:
            raise KeyboardInterrupt

    found = descend("x**2", {"x": 1}, learning_rate=0.1, callback=interrupt)
    assert (found.status, found.exit_code, found.end.number, found.steps) == ("interrupted", 130, 20, 20)


def test_the_json_is_the_contract_s() -> None:
    found = descend("x**2 + log(y)*0 + sum(z^4)", {"x": 1, "y": 2, "z": [1, 2]}, learning_rate=0.1, steps=3_000)
    body = json.loads(json.dumps(found.to_dict()))
    assert set(body) >= {
        "schema",
        "command",
        "expression",
        "status",
        "at",
        "value",
        "gradient_norm",
        "steps",
        "optimizer",
        "trace",
    }
    assert body["command"] == "descend"
    assert body["at"]["z"] == found.at["z"]
    assert len(body["trace"]) == 2
    assert len(replace(found, told_steps=1_000).to_dict()["trace"]) == 1_000
    assert [body["trace"][i]["step"] for i in (0, -1)] == [0, 3_000]
    assert body["trace"][0] == {
        "step": 0,
        "value": 18.0,
        "gradient_norm": 1044**0.5,
        "at": {"x": 1.0, "y": 2.0, "z": [1.0, 2.0]},
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optimizer": "addam"}, "no such optimizer: addam\ntry: adam"),
        ({"optimizer": "bfgs", "learning_rate": 0.1}, "bfgs takes no learning rate"),
        ({"learning_rate": -1.0}, "the learning rate is -1: it must be a number above 0"),
        ({"learning_rate": math.nan}, "the learning rate is nan"),
        ({"steps": 3, "epochs": 2}, "both steps and epochs are given"),
        ({"batch_size": 3}, "batches and epochs need data"),
        ({"lr": 3}, "descend takes no lr\ntry: did you mean learning_rate?"),
        ({"steps": "a"}, "steps is 'a': it must be a whole number"),
        ({"learning_rate": "a"}, "learning_rate is 'a': it must be a number"),
        ({"bounds": 3}, "bounds is 3: it must be a mapping"),
    ],
)
def test_settings_that_do_not_fit(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(gradcalc.UsageError) as caught:
        descend("x**2", {"x": 1}, **settings)
    assert message in str(caught.value)


def test_a_name_without_value_or_column() -> None:
    with pytest.raises(gradcalc.UsageError, match="no value for y"):
        descend("x**2 + y", {"x": 1})
    with pytest.raises(gradcalc.UsageError, match=r"no value for y, and the data have no such column: z"):
        descend("x**2 + y", {"x": 1}, data={"z": [1.0]})
    with pytest.raises(gradcalc.UsageError, match="the formula names no column"):
        descend("x**2", {"x": 1}, data={"z": [1.0]})


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": ""},
        {"schedule": ""},
        {"schedule": "exponential:10:nan"},
        {"schedule": "polynomial:10:-5"},
        {"schedule": "cosine:inf"},
        {"bounds": {"x": (float("inf"), float("inf"))}},
    ],
)
def test_a_setting_without_sense_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(gradcalc.UsageError):
        descend("x^2", {"x": 1}, **settings)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"x": [1, 2, 3], "y": [1, 2]}, r"columns need one length, not 0: of the shapes x has \(3,\), y has \(2,\)"),
        ({"x": [1], "y": [1, 2]}, "columns need one length"),
        ({"x": [], "y": []}, "columns need one length"),
        ({"x": [[1, 2]], "y": [[1, 2]]}, "columns need one length"),
        ({"x": ["a"], "y": [1]}, "the data's x is no column of numbers: could not convert string to float: 'a'"),
        ({"x": [[1], [1, 2]], "y": [1]}, "the data's x is no column of numbers"),
    ],
)
def test_arrays_that_are_no_columns_are_refused(data: dict[str, Any], message: str) -> None:
    with pytest.raises(gradcalc.UsageError, match=message):
        descend("(w*x - y)^2", {"w": 0}, data=data)


def test_rows_are_reduced_to_a_mean_or_a_sum() -> None:
    with pytest.raises(gradcalc.UsageError, match="reduce must be mean or sum, not 'max'"):
        descend("(w*x - y)^2", {"w": 0}, data={"x": [1.0], "y": [2.0]}, reduce="max")


def test_data_that_hand_out_an_arrow_stream() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"x": [1, 2, 3, None], "y": [2.0, 4.0, 6.0, 1.0], "text": ["a", "b", "c", "d"]})
    found = descend("(w*x - y)^2", {"w": 0}, data=table, nulls="drop")
    assert found.at["w"] == pytest.approx(2)
    with pytest.raises(gradcalc.UsageError, match="data of the type list are no columns"):
        descend("(w*x - y)^2", {"w": 0}, data=[1, 2])


@pytest.mark.parametrize("data", [None, {"y": [1.0, 2.0]}])
def test_a_descent_pickles(data: Any) -> None:
    found = descend("(m-3)^2" if data is None else "(m-y)^2", {"m": 0}, data=data)
    again = pickle.loads(pickle.dumps(found))
    assert again.to_dict() == found.to_dict()
    assert again.objective.value([1.0]) == found.objective.value([1.0])


def test_columns_of_dates_and_texts_are_refused_by_name() -> None:
    for column in (np.array(["2020-01-01", "2020-01-02"], "datetime64[ns]"), ["a", "b"]):
        with pytest.raises(gradcalc.UsageError, match="the data's x is no column of numbers"):
            descend("(a*x-y)^2", {"a": 0}, data={"x": column, "y": [1, 2]})
