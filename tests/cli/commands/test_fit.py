"""`gradcalc fit` as a user and a script meet it: tables, JSON, CSV, exit codes."""

import csv
import io
import json
from pathlib import Path

import pytest

from gradcalc.optimize.fit import estimate
from tests.cli import Ran, run

DATA = "x,y,s\n1,2.1,0.1\n2,3.9,0.2\n3,6.2,0.1\n4,7.8,0.3\n5,10.1,0.2\n"


@pytest.fixture
def data(tmp_path: Path) -> str:
    """A file of five rows."""
    path = tmp_path / "d.csv"
    path.write_text(DATA)
    return str(path)


def fit(*words: str) -> Ran:
    """`gradcalc fit` in this process."""
    return run("fit", *words)


def test_the_table_tells_all(data: str) -> None:
    ran = fit("y ~ a*x + b", "--data", data)
    assert (ran.code, ran.err) == (0, "")
    for part in ("model y ~ a*x + b", "data 5 rows", "standard error", "95 % interval", "on 3 degrees of freedom",
                 "AIC", "converged", "largest residuals row"):  # fmt: skip
        assert part in ran.out


def test_json_is_the_contract(data: str) -> None:
    ran = fit("y ~ a*x + b", "--data", data, "--at", "a=1,b=1", "--sigma", "s", "--level", "0.9", "--certify", "--json")
    body = json.loads(ran.out)
    assert list(body)[:3] == ["schema", "command", "expression"] and body["proved"] is True
    a, b = body["parameters"]
    assert set(a) >= {"name", "estimate", "standard_error", "t", "p", "interval", "certified"}
    assert float(a["certified"]["value"]) == pytest.approx(a["estimate"], rel=1e-15)
    assert a["interval"][0] < a["estimate"] < a["interval"][1]
    assert body["correlation"][0][0] == 1.0 and body["correlation"][0][1] == body["correlation"][1][0]
    keys = {"rss", "residual_standard_error", "degrees_of_freedom", "r_squared", "aic", "bic", "status"}
    assert keys <= set(body) and body["status"] == "converged" and body["level"] == 0.9


def test_csv_has_a_row_for_each_parameter(data: str) -> None:
    rows = list(csv.reader(io.StringIO(fit("y ~ a*x + b", "--data", data, "--fix", "b=0", "--format", "csv").out)))
    assert rows[0] == ["parameter", "estimate", "standard_error", "t", "p", "low", "high"]
    assert [row[0] for row in rows[1:]] == ["a", "b"] and rows[2][1:3] == ["0.0", ""]


@pytest.mark.parametrize("medium", ["latex", "html", "markdown"])
def test_every_medium(medium: str, data: str) -> None:
    ran = fit("y ~ a*x + b", "--data", data, "--format", medium)
    assert ran.code == 0 and "degrees of freedom" in ran.out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["y ~ (a + b)*x", "--at", "a=1,b=1"], 1, "a + b is determined"),
        (["y ~ a*q", "--at", "a=1"], 2, "q is no column"),
        (["y ~ a*x", "--at", "a=1", "--at", "a=2"], 2, "gives several points"),
        (["y ~ a*log(x - 3)"], 3, "no finite value in 3 rows: 1, 2, 3"),
        (["y ~ a*x", "--robust"], 2, "robust is for a likelihood"),
        (["y ~ a*x", "--bounds", "a=3"], 2, "a=3 is no bound"),
        (["y ~ a*x", "--sigma", "s", "--weights", "s"], 2, "both sigma and weights"),
    ],
)
def test_exit_codes(words: list[str], code: int, message: str, data: str) -> None:
    ran = fit(*words, "--data", data)
    assert ran.code == code and message in " ".join((ran.out + ran.err).split())


def test_files_and_another_model(data: str, tmp_path: Path) -> None:
    out, new = tmp_path / "r.csv", tmp_path / "new.csv"
    new.write_text("x\n6\n7\n")
    ran = fit("y ~ a*x", "--data", data, "--compare", "y ~ a*x + b", "--predict", str(new), "--residuals", str(out),
              "--json")  # fmt: skip
    body = json.loads(ran.out)
    assert ran.code == 0 and len(body["compare"]) == 2 and body["f_test"]["degrees_of_freedom"] == [1, 3]
    assert [each["row"] for each in body["compare"][0]["predictions"]] == [1, 2]
    assert len(out.read_text().splitlines()) == 6
    assert fit("y ~ a*x", "--data", data, "--residuals", data).code == 2
    assert fit("y ~ a*x", "--data", data, "--residuals", "/no/such/r.csv").code == 4
    assert fit("y ~ a*x", "--data", data, "--plot", "-", "--json").code == 2


def test_a_fit_needs_data() -> None:
    assert (fit("y ~ a*x").code, fit("y ~ a*x", "--data", "/no/such.csv").code) == (2, 4)


def test_an_interrupted_fit_says_so(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(estimate, "estimated", stop)
    assert fit("y ~ a*x", "--data", data).code == 130


def test_the_passes_over_streamed_rows_are_told(data: str) -> None:
    streamed = ["y ~ a*x + b", "--data", data, "--at", "a=1,b=0", "--memory", "0"]
    count = json.loads(fit(*streamed, "--json").out)["passes"]
    assert f"rows, read in {count} passes" in fit(*streamed).out
    assert fit(*streamed, "--predict", data, "--json").code == 2
