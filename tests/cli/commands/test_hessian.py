"""`gradcalc hessian` as a script meets it."""

import json

from tests.cli import run


def test_hessian_beside_the_symbolic_matrix() -> None:
    ran = run("hessian", "x**4 + y**2 + 1", "--at", "x=2,y=3", "--json", "--symbolic-timeout", "60")
    point = json.loads(ran.out)["points"][0]
    assert point["hessian"] == [[48.0, 0.0], [0.0, 2.0]]
    assert [[entry["formula"] for entry in row] for row in point["symbolic_hessian"]] == [["12*x**2", "0"], ["0", "2"]]
    assert point["certified_hessian"][0][0]["digits"] == 17
    assert (point["eigenvalues"], point["definiteness"], point["critical_point"]) == (
        [2.0, 48.0],
        "positive definite",
        None,
    )
