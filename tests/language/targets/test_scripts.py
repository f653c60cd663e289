"""What `fortran`, `rust`, `julia`, `r`, `octave`, `excel` and `tex` write, as text; `scripts` is three of them.

That their numbers are right is seen where they are run: `truth/questions/test_export_languages.py`. Julia is not at hand
here: its files are made Python by a handful of rules, and that is run.
"""

import ast
import csv
import math
import random
import re
from typing import Any

import pytest

from gradcalc.arithmetic.floats import FUNCTIONS, Floats
from gradcalc.graph import ops
from gradcalc.language.formula import Formula, Variable
from gradcalc.language.parse import parse
from gradcalc.language.targets import excel, fortran, julia, octave, r
from gradcalc.language.targets.languages import LANGUAGES
from gradcalc.language.targets.source import made


def formula(text: str, order: int = 2) -> Formula:
    found = parse(text)
    return found.differentiated([Variable(name) for name in found.variables], order)


def file(text: str, word: str, order: int = 2, name: str = "f") -> str:
    whole = formula(text, order)
    return LANGUAGES[word].file(made(LANGUAGES[word], whole, whole.names, name, "by a test"))


RNG = random.Random(17)
DOUBLES = [0.0, 1.0, -2.5, 1e16, 1 / 3, 0.1, 2.0**-30, 5e-324, 1.7976931348623157e308, math.pi] + [
    RNG.choice((-1, 1)) * math.ldexp(RNG.random(), RNG.randint(-300, 300)) for _ in range(300)
]


def test_numbers_are_read_back_to_the_bit() -> None:
    for value in DOUBLES:
        plain = fortran.number(value).strip("()").replace("d", "e")
        assert float(plain) == value == float(octave.number(value).strip("()"))
        hexadecimal = r.number(value).strip("()")
        size, _, power = hexadecimal.partition(" * 2^")
        read = float.fromhex(hexadecimal) if "x" in hexadecimal else float(size) * (2.0 ** float(power) if power else 1)
        assert math.copysign(read, value) == value
    assert (
        r.number(0.125) == "0.125"
        and r.number(0.1234) == "0x1.f972474538ef3p-4"
        and r.number(1e22) == "0x1.0f0cf064dd592p+73"
    )


def test_excel_reads_fifteen_digits() -> None:
    for value in (each for each in DOUBLES if abs(each) < 1e308):
        text = excel.number(value)
        for digits in re.findall(r"[\d.]+", text.replace("E+", "E").replace("E-", "E")):
            assert len(digits.replace(".", "").strip("0")) <= 15, text
        total = sum(float(f"{float(part):.15g}") for part in re.findall(r"[-+]?[\d.]+(?:E[-+]\d+)?", text))
        assert total == (value if abs(value) > 1e-307 else 0), text
    assert excel.number(1.5e308) == "(1/0)" == excel.number(math.inf)
    assert excel.number(1 / 3) == "(0.333333333333333+3.3E-16)" and excel.number(-0.1) == "(-0.1)"
    assert [excel.column(n) for n in (1, 26, 27, 703)] == ["A", "Z", "AA", "AAA"]


def test_fortran_keeps_its_line_length_and_takes_capitals_for_the_same() -> None:
    text = "x*X + max(" + ", ".join(f"a_long_name_of_a_variable_{k}" for k in range(40)) + ") + sin(" + "q" * 80 + ")"
    lines = file(text, "fortran", 1).splitlines()
    assert max(map(len, lines)) <= 132
    names = re.findall(r"^    (\w+) = x\(\d+\)$", "\n".join(lines), re.MULTILINE)
    assert len(names) == len({name.lower() for name in names}) == 43
    assert "1/2" not in "".join(lines) and "0.5d0" in file("x/2 + 1/2", "fortran")


@pytest.mark.parametrize("word", ["fortran", "rust", "julia", "r", "octave"])
def test_names_of_functions_that_it_has_are_none_of_arguments(word: str) -> None:
    text = file("sin_ + x + w + function + f_erf + erf(x) + max(x, y)", word, 0)
    assert not re.search(r"^\s*(?:let )?(?:w|f_erf) (?:=|<-) (?:x|Float)", text, re.MULTILINE)


def test_excel_is_safe_to_open() -> None:
    rows = list(csv.reader(file("-x*y + `=1+1`", "excel", 1).splitlines()))
    spoken = [cell for row in rows for cell in (row[0], *row[2:3])]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in spoken)
    assert [row[1] for row in rows if row[0] in ("x", "y")] == ["1", "1"]


def test_excel_has_its_own_rules() -> None:
    cells = [
        row[1]
        for row in csv.reader(file("-x^2 + atan2(y, x) + x^y + where(x > y, 2, 0)", "excel", 0).splitlines())
        if len(row) > 1
    ]
    text = "\n".join(cells)
    assert "ATAN2(B6,B7)" in text and "IF(B7=0,1,IF(AND(B6<0,B7<>INT(B7)),SQRT(-1),B6^B7))" in text
    assert "=B6*B6" in cells and "(B6-B7)>0" in text


def test_latex_names_what_is_used_again() -> None:
    text = file("exp(sin(x*y))^2 + sin(x*y)", "latex", 1)
    assert text.count(r"\sin\left(x y\right)") == 1 and r"t_{1} &= \sin\left(x y\right) \\ % sin(x*y)" in text
    assert r"u_{1} &= \sin" in file("sin(3*t + 1)^2 + exp(sin(3*t + 1))", "latex", 1)


# -- Julia, as Python --------------------------------------------------------------------------------------------------


def scope(text: str) -> dict[str, Any]:
    """What a file of Julia defines, its syntax made that of Python."""
    text = re.sub(
        r"(\w+)\((.*)\) = (.*) \? (.*) : (.*) \? (.*) : (.*)",
        r"\1 = lambda \2: (\4) if \3 else (\6) if \5 else \7",
        text,
    )
    text = re.sub(r"(\w+)\((.*)\) = (.*) \? (.*) : (.*)", r"\1 = lambda \2: (\4) if \3 else \5", text)
    text = re.sub(r"return (.*) \? (.*) : (.*)", r"return (\2) if \1 else \3", text)
    text = re.sub(r"= (.*) \? (.*) : (.*)", r"= (\2) if \1 else \3", text)
    text = re.sub(r"^function (.*)$", r"def \1:", text, flags=re.MULTILINE).replace("\nend", "\n")
    text = re.sub(r"!(?!=)", "not ", text.replace("&&", "and").replace("||", "or").replace("^", "**"))
    text = re.sub(r"hessian\[(\d+), (\d+)\]", r"hessian[\1][\2]", text)
    plain = {name: FUNCTIONS[ops.TABLE[name]] for name in julia.RESERVED if name in ops.TABLE}
    names: dict[str, Any] = plain | {
        "Float64": float, "NaN": math.nan, "Inf": math.inf, "isinf": math.isinf, "isfinite": math.isfinite, "nothing": None,
        "isinteger": lambda x: x == math.floor(x), "rem": math.fmod, "ifelse": lambda c, a, b: a if c else b,
        "true": True, "false": False, "atan": lambda a, b=1.0: math.atan2(a, b),
        "zeros": lambda n, m=0: [[0.0] * (m + 1) for _ in range(n + 1)] if m else [0.0] * (n + 1),
    }  # fmt: skip
    exec(compile(ast.parse(text), "f.jl", "exec"), names)
    return names


@pytest.mark.parametrize(
    "text",
    [
        "x-(y-z)-(x-y)/(x/y)", "where(x > y and not (z > 1), log(x), x*y)", "erf(x)*gamma(y) + max(x, y, z)", "x^y + mod(-x, y)",
        "atan2(x, y) + hypot(x, y, z)", "round(x)*floor(y) + abs(-z)", "log10(x)*exp2(y)*tanh(z) + asin(x/9)", "lgamma(x) + cbrt(-y)",
    ],
)  # fmt: skip
def test_julia_as_python(text: str) -> None:
    whole = formula(text)
    value, gradient, hessian = scope(file(text, "julia"))["f"]([None, *(at := [1.25, 0.75, 1.5][: len(whole.names)])])
    size = len(whole.names)
    zero = whole.graph.constant(0)
    rows = [whole.hessian.get((i, j), zero) for i in range(size) for j in range(size)]
    nodes = [whole.output, *whole.gradient, *rows]
    values = Floats().evaluate(whole.graph, dict(zip(whole.inputs, at, strict=True)), nodes)
    found = [value, *gradient[1:], *(hessian[i][j] for i in range(1, size + 1) for j in range(1, size + 1))]
    assert found == pytest.approx([values[node] for node in nodes], rel=1e-13, abs=1e-14)
