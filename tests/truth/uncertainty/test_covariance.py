"""Correlations and covariance matrices: what is read, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc import FileError, GradcalcError, Propagation, UsageError
from gradcalc.settings import Limits
from gradcalc.truth.uncertainty.covariance import read_matrix, to_correlations

AT = "x=1±0.1,y=2±0.2"


def u_of_sum(**options: Any) -> float:
    """The linear uncertainty of x + y."""
    options = {"at": AT, "monte_carlo": False} | options
    return float(gradcalc.propagate("x + y", **options).u)


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], str]:
    """What writes a text to a file and gives its name."""

    def write(text: str) -> str:
        path = tmp_path / "cov.csv"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n0.01,-0.01\n-0.01,0.04\n",
        "y,x\n0.04,-0.01\n-0.01,0.01\n",
        ",x,y\nx,0.01,-0.01\ny,-0.01,0.04\n",
        "name,x,y\ny,-0.01,0.04\nx,0.01,-0.01\n",
        "x,y\nx,0.01,-0.01\ny,-0.01,0.04\n",
        "\ufeffx;y\n# a comment\n\n1e-2;-1e-2\n-1e-2;+.04\n",
        "x\ty\n0.01\t-0.01\n-0.01\t0.04\n",
        "x,y,z\n0.01,-0.01,0\n-0.01,0.04,0\n0,0,1\n",
        '"x","y"\n"0.01","-0.01"\n"-0.01","0.04"\n',
    ],
)
def test_a_file_with_or_without_a_column_of_names(file: Callable[[str], str], text: str) -> None:
    assert u_of_sum(cov=file(text)) == pytest.approx(0.03**0.5, rel=1e-15)
    assert u_of_sum(cov=file(text), at="x=1,y=2") == pytest.approx(0.03**0.5, rel=1e-15)


def test_decimals_of_a_file_are_exact_and_what_it_lacks_keeps_its_own(file: Callable[[str], str]) -> None:
    found = gradcalc.propagate("x + y + z", f"{AT},z=0±0.3", cov=file("x,y\n0.01,0.02\n0.02,0.04\n"), monte_carlo=False)
    assert found.linear.u.certified.value == "0.4242640687119285146"
    assert found.correlations == {("x", "y"): 1.0}


@pytest.mark.parametrize(
    "given",
    [
        [[0.01, -0.01], [-0.01, 0.04]],
        np.array([[0.01, -0.01], [-0.01, 0.04]]),
        {("x", "x"): 0.01, ("x", "y"): -0.01, ("y", "y"): 0.04},
        {"x,x": 0.01, "y,x": -0.01, "y,y": 0.04},
        SimpleNamespace(columns=["y", "x"], to_numpy=lambda: np.array([[0.04, -0.01], [-0.01, 0.01]])),
    ],
)
def test_matrices_of_python(given: Any) -> None:
    assert u_of_sum(cov=given) == pytest.approx(0.03**0.5, rel=1e-15)


@pytest.mark.parametrize("given", ["x,y=-0.5", ["x,y=-0.5"], {"x,y": -0.5}, {("y", "x"): "-1/2"}, "y , x = -0.5"])
def test_correlations(given: Any) -> None:
    assert u_of_sum(corr=given) == pytest.approx(0.03**0.5, rel=1e-15)


def test_several_correlations_in_one_text() -> None:
    found = to_correlations("V,I=-0.36,V,phi=0.86;I,phi=-0.65", Limits())
    assert list(found) == [("V", "I"), ("V", "phi"), ("I", "phi")]
    assert list(to_correlations("x[0],x[1]=0.5", Limits())) == [("x[0]", "x[1]")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it holds no matrix"),
        ("x,y\n", "it holds no matrix"),
        ("1,2\n3,4\n", "its first line has no names"),
        ("x,x\n1,0\n0,1\n", "its first line has x twice"),
        ("x,\n1,0\n0,1\n", "a name in its first line is empty"),
        ("x,y\n1,0\n", "it has 2 names and 1 lines of numbers"),
        ("x,y\n0.01,0\n0,0.04,3\n", "line 3 has 3 numbers, not 2"),
        ("x,y\n0.01,a\n0,0.04\n", "line 2, column y: 'a' is no number"),
        ("x,y\n0.01,nan\nnan,0.04\n", "line 2, column y: 'nan' is no number"),
        ("x,y\n0.01,1e999999\n0,0.04\n", "line 2, column y: '1e999999' is no number"),
        ("n,x,y\nx,0.01,0\nz,0,0.04\n", "line 3 is called z, the columns x, y"),
        ("x,y\n0.01,0.001\n0.002,0.04\n", "it is not symmetric: y, x has 0.002, x, y has 0.001"),
        ("x,y\n-0.01,0\n0,0.04\n", "the variance of x is negative: -0.01"),
        ("x,y\n0.01,0.03\n0.03,0.04\n", "the covariance of y and x is larger than their uncertainties allow"),
        ("x,y\n0.02,0\n0,0.04\n", "x has the standard uncertainty 0.141421 here, and 0.1 with its value"),
        ("a,b\n1,0\n0,1\n", "it has a, b, and none of them has a value"),
    ],
)
def test_files_that_are_none(file: Callable[[str], str], text: str, message: str) -> None:
    path = file(text)
    with pytest.raises(FileError) as raised:
        u_of_sum(cov=path)
    assert raised.value.message == f"{path}: {message}" and raised.value.hint


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name in ("nowhere", "binary", ""):
        with pytest.raises(FileError):
            read_matrix(tmp_path / name)


def test_what_contradicts_itself_is_no_covariance_matrix(file: Callable[[str], str]) -> None:
    at = "x=0±1,y=0±1,z=0±1"
    corr = {"x,y": 0.9, "x,z": 0.9, "y,z": -0.9}
    with pytest.raises(UsageError, match="the correlations of x, y, z contradict each other"):
        gradcalc.propagate("x+y+z", at, corr=corr)
    with pytest.raises(FileError, match="not positive semidefinite"):
        gradcalc.propagate("x+y+z", at, cov=file("x,y,z\n1,.9,.9\n.9,1,-.9\n.9,-.9,1\n"))
    singular: Propagation = gradcalc.propagate("x+y-2*z", at, corr={"x,y": 1, "x,z": 1, "y,z": 1}, monte_carlo=False)
    assert singular.u == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"corr": "x,y=2"}, "the correlation of x and y is 2, which is not from -1 to 1"),
        ({"corr": "x,z=0.5"}, "corr names z, which has no value"),
        ({"corr": "x,y=0.5", "at": "x=1±1,y=2"}, "y has no uncertainty, so it is not correlated"),
        ({"corr": "x,x=0.5"}, "x is correlated with itself by 1"),
        ({"corr": ["x,y=0.5", "y,x=0.5"]}, "the correlation of y and x is given twice"),
        ({"corr": "x=0.5"}, "a correlation is of two names"),
        ({"corr": "x,y"}, "a correlation is of two names"),
        ({"corr": "x,y=[1,2]"}, "the correlation of x and y is a number"),
        ({"corr": {"x": 0.5}}, "'x' is no pair of names"),
        ({"corr": 3}, "corr holds no correlations"),
        ({"cov": [[1, 0]]}, "cov is no matrix of 2 rows and columns, one for each of x, y"),
        ({"cov": [[float("inf"), 0], [0, 1]]}, "cov holds inf, which is no finite number"),
        ({"cov": {"x,y": 0.1, "y,x": 0.2}}, "cov: it is not symmetric: x, y and y, x differ"),
        ({"cov": [[0.01, 0], [0, 0.04]], "corr": "x,y=0.5"}, "the correlation of x and y is in cov and in corr"),
    ],
)
def test_what_is_no_correlation(options: dict[str, Any], message: str) -> None:
    with pytest.raises(GradcalcError) as raised:
        u_of_sum(**options)
    assert raised.value.message == message
