"""The answer of `propagate`: JSON, rows, page."""

import gradcalc
from gradcalc import Propagation


def answer() -> Propagation:
    return gradcalc.propagate("V/I", "V=4.999±0.0032,I=0.019661(9.5e-6)", corr="V,I=-0.36", samples=50_000)


def test_the_contract_of_the_json() -> None:
    body = answer().to_dict()
    assert (body["schema"], body["command"], body["expression"]) == (1, "propagate", "V/I")
    assert body["value"] == 254.25970194801892 and body["certified_value"]["digits"] >= 16
    assert body["rounded"] == "254.26(24)"
    assert body["linear"]["u"] == 0.23660297183529755 and body["linear"]["degrees_of_freedom"] is None
    assert body["linear"]["certified"]["value"].startswith("0.2366029718352975")
    assert set(body["second_order"]) >= {"mean", "u"} and set(body["monte_carlo"]) >= {
        "mean",
        "u",
        "interval",
        "shortest",
    }
    assert [share["name"] for share in body["budget"]] == ["V", "I"]
    assert abs(sum(share["share"] for share in body["budget"]) - 1) < 1e-15
    assert body["linear_is_valid"] is True and body["seed"] == 0 and body["level"] == 0.95
    assert body["inputs"][0] == {"name": "V", "value": 4.999, "u": 0.0032, "law": "normal"}
    assert body["correlations"] == [{"names": ["V", "I"], "r": -0.36}]


def test_rows() -> None:
    titles, *rows = answer().records()
    assert titles == ("result", "what", "name", "value", "u", "low", "high", "share")
    assert [row[1] for row in rows] == ["linear", "second order", "Monte Carlo", "shortest", "budget", "budget"]


def test_every_medium() -> None:
    found = answer()
    for medium in ("terminal", "html", "markdown", "latex"):
        assert "254.26(24)" in found.drawn(medium), medium
    shown = found.drawn("terminal")
    assert "linear answer valid" in shown and "expanded U = 0.46, k = 1.96" in shown
    assert "│ V     │    4.9990(32) │ normal │     50.8621 │   0.16 │ 60.2 % │" in shown


def test_several_results_are_told_one_by_one_and_together() -> None:
    shown = gradcalc.propagate("[x + y, x - y]", "x=1±0.1,y=2±0.1", monte_carlo=False).drawn("terminal")
    assert "f[0] = 3.00(14)" in shown and "f[1] = -1.00(14)" in shown and "correlation" in shown
