"""Lines that become fewer: `lines` alone, on lines written by hand; what it makes of formulas is in `test_source`."""

import pytest

from gradcalc.language.targets.lines import Line, Reciprocals, divided_last, filled, read_alone


def shorter(*texts: str, results: str, sums: str) -> list[str]:
    """Lines such as `c = a / b`, made shorter."""
    lines = []
    for text in texts:
        name, one, op, other = text.replace("= ", "").split()
        lines.append(Line(name, f" {op} ", (one, other)))
    made = divided_last(lines, results.split(), sums.split(), [" + ", " - "], " / ")
    kept, places = read_alone(list(made), results.split())
    return [*(f"{line.name} = {line.value}" for line in kept), *places]


@pytest.mark.parametrize(
    ("lines", "results", "sums", "made"),
    [
        (("a = x / z", "b = y / z", "c = a + b"), "c", "c", ["v1 = x + y", "v2 = v1 / z", "v2"]),
        (("a = x / z", "b = y / z", "c = a - b"), "c", "c", ["v1 = x - y", "v2 = v1 / z", "v2"]),
        (("a = x / z", "b = y / z", "c = a + b"), "c", "", ["v1 = x / z", "v2 = y / z", "v3 = v1 + v2", "v3"]),
        (("a = x / z", "b = y / w", "c = a + b"), "c", "c", ["v1 = x / z", "v2 = y / w", "v3 = v1 + v2", "v3"]),
        (("a = x / z", "b = y / z", "c = a + b"), "c a", "c",
         ["v1 = x / z", "v2 = y / z", "v3 = v1 + v2", "v3", "v1"]),
        (("a = x / z", "b = y / z", "c = a + b", "d = u / z", "e = c + d"), "e", "c e",
         ["v1 = x + y", "v2 = v1 + u", "v3 = v2 / z", "v3"]),
        (("a = x * y", "b = x * x"), "b", "", ["v1 = x * x", "v1"]),
        (("a = x * y",), "a a x", "", ["v1 = x * y", "v1", "v1", "x"]),
    ],
)  # fmt: skip
def test_quotients_are_summed_first_and_what_nobody_reads_goes(
    lines: tuple[str, ...], results: str, sums: str, made: list[str]
) -> None:
    assert shorter(*lines, results=results, sums=sums) == made


def test_a_sum_of_several_keeps_what_has_another_denominator() -> None:
    lines = [Line("a", " / ", ("x", "z")), Line("b", " / ", ("y", "z")), Line("c", " + ", ("a", "u", "b"))]
    kept, places = read_alone(list(divided_last(lines, ["c"], {"c"}, [" + "], " / ")), ["c"])
    assert [line.value for line in kept] == ["x + y", "v1 / z", "v2 + u"] and places == ["v3"]


@pytest.mark.parametrize(
    ("written", "text"), [(" + ", "a + b"), ("f({1}, {0})", "f(b, a)"), ("max({all})", "max(a, b)"), (" ".join, "a b")]
)
def test_an_op_on_its_operands(written: str, text: str) -> None:
    assert filled(written, ["a", "b"]) == text


def test_quotients_over_one_divisor_are_products_where_it_is_ordinary() -> None:
    quotients = Reciprocals("1", " / ", "root({0})", " * ", "over({0}, {1}, {2})", "", often=3)
    lines = [Line(name, " / ", (name.upper(), "z")) for name in "abc"]
    kept, places = read_alone(list(quotients.used(lines, lambda name: name != "a")), ["a", "b", "c"])
    assert [line.value for line in kept] == ["A / z", "B / z", "C / z"]  # one is of the text itself
    kept, places = read_alone(list(quotients.used(lines, lambda name: True)), ["a", "b", "c"])
    assert [line.value for line in kept] == ["1 / z", *(f"over({x}, z, v1)" for x in "ABC")]
    assert places == ["v2", "v3", "v4"]
    one = Line("r", " / ", ("1", "z"))
    kept, places = read_alone(list(quotients.used([*lines[1:], one], lambda name: name != "r")), ["b", "c", "r"])
    assert [line.value for line in kept] == ["1 / z", "over(B, z, v1)", "over(C, z, v1)"] and places[-1] == "v1"
    rooted = [Line("z", "root({0})", ("y",)), *lines]
    kept, places = read_alone(list(quotients.used(rooted, lambda name: True)), ["a", "b"])
    assert [line.value for line in kept] == ["root(y)", "1 / v1", "A * v2", "B * v2"]
