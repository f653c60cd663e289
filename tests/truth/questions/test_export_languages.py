"""Functions of Fortran, Rust, R, Octave, Excel and LaTeX, run and compared; a file with a wrong op fails its own test.

One process a language for all formulas, and none where it is not installed. Julia is run nowhere here: its files are
read (`tests/language/targets/test_scripts.py`).
"""

import csv
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import UsageError
from gradcalc.language.formula import Formula, Variable
from gradcalc.language.parse import parse
from gradcalc.language.targets import source as targets
from gradcalc.language.targets.languages import LANGUAGES
from gradcalc.language.targets.source import made
from gradcalc.settings import Limits
from gradcalc.truth.questions.export import export
from gradcalc.truth.questions.probes import Probes, probes

FORMULAS = [
    "x-(y-z)-(x-y) + 1/3", "-x^2 + 2^-y", "-(x*y)^3/-z + x^70*y^-65", "(x+y)^(z/3) + x^0.5*X",
    "abs(x-y)*relu(z-1) + max(x, y, z)^2 + min(x, y*z) + clip(x*y, 0, 2)",
    "where(x > y, log(x), x*y) + where(x > 1 and not (y > 2), sqrt(x), 3)", "erf(x)*gamma(y) + erfc(z)",
    "lgamma(x)*digamma(y + 1)", "atan2(y, x) + hypot(x, y, z)", "round(2*x)/2 + mod(-x, 0.75) + floor(y)*ceil(z)",
    "expm1(x)*log1p(y)*cbrt(z) + exp2(x) + log2(y) + log10(z)",
    "sinh(x)+cosh(y)*tanh(z)+asinh(x)+atanh(y/9)+acosh(z+1)", "1e300*x/1e300 + pi*y + 2*E*z", "norm_cdf(x - y)", "7",
]  # fmt: skip
MUTATED = "x-(y-z) + sin(x)*cos(y)/(1.5 + y^2) + abs(x*y) + where(x > y, 2*x, z*x)"


@cache
def derived(text: str, order: int = 2) -> tuple[Formula, Probes]:
    """A formula and where it is tested; proved once for all languages."""
    formula = parse(text)
    formula = formula.differentiated([Variable(name) for name in formula.variables], order)
    return formula, probes(formula, formula.names, [])


def file(text: str, word: str, name: str, order: int = 2) -> str:
    formula, found = derived(text, order)
    source = made(LANGUAGES[word], formula, formula.names, name, "by a test")
    return LANGUAGES[word].file(replace(source, probes=found.points, compared=found.compared))


COMMENT = re.compile(r" +(?:!|//|%|#) |,\[")


def mutants(word: str, swaps: Sequence[tuple[str, str]], line: str) -> list[str]:
    """Files with one line of the function changed, some for each way."""
    lines = file(MUTATED, word, "g").splitlines()
    found: list[str] = []
    for one, other in swaps:
        places = [i for i, each in enumerate(lines) if re.match(line, each) and one in COMMENT.split(each)[0]]
        for place in places[:3]:
            changed = "\n".join([*lines[:place], lines[place].replace(one, other, 1), *lines[place + 1 :]]) + "\n"
            found.append(re.sub(r"\bg(?=\(|_|:| <- f)|(?<=[\" ])g(?=\"| *\n| <-)", f"g{len(found)}m", changed))
    return found


def both(word: str, swaps: Sequence[tuple[str, str]], line: str) -> tuple[list[str], int]:
    """All files, and how many of them are right: the first ones."""
    right = [file(text, word, f"f{i}") for i, text in enumerate(FORMULAS)]
    right.append(file("x*y", word, "first", 0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(targets, "LONGEST", 10)
        patch.setattr(targets, "PART", 10)
        right.append(file(MUTATED, word, "cut"))
    assert word == "excel" or "cut_part2" in right[-1]
    wrong = mutants(word, swaps, line)
    assert len(wrong) > 8
    return [*right, *wrong], len(right)


def check(codes: str, right: int, count: int) -> None:
    found = [int(float(word)) for word in codes.split()]
    assert len(found) == count
    assert [i for i, code in enumerate(found[:right]) if code] == []
    assert set(found[right:]) == {1}


def ran(words: Sequence[str], folder: Path) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def names_of(texts: Sequence[str], pattern: str) -> list[str]:
    return [re.findall(pattern, text)[-1] for text in texts]


def needs(program: str) -> Callable[..., object]:
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


C_SWAPS = (
    (" + ", " - "), (" - ", " + "), (" * ", " + "), (" / ", " * "), ("sin(", "cos("), ("1.5", "1.50001"),
    ("= -", "= "), ("<- -", "<- "), (" > ", " < "),
)  # fmt: skip


@needs("gfortran")
def test_fortran(tmp_path: Path) -> None:
    files, right = both("fortran", C_SWAPS, r" +v\d")
    names = names_of(files, r"\nprogram (\w+)")
    subroutines = [
        re.sub(r"\nprogram (\w+)", r"\nsubroutine \1(code)", text)
        .replace("  character(5) :: verdict", "  character(5) :: verdict\n  integer, intent(out) :: code")
        .replace("if (bad > 0) stop 1", "code = min(bad, 1)")
        .replace("end program", "end subroutine")
        for text in files
    ]
    calls = "".join(f"  call {name}(code)\n  write (0, *) code\n" for name in names)
    main = f"program main\n  integer :: code\n{calls}end program\n"
    (tmp_path / "all.f90").write_text("\n".join(subroutines) + main)
    ran(["gfortran", "-O0", "-w", "-o", "all", "all.f90"], tmp_path)
    done = subprocess.run(["./all"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    check(done.stderr, right, len(files))


@needs("gfortran")
def test_fortran_is_called_as_c_is(tmp_path: Path) -> None:
    import ctypes

    (tmp_path / "f.f90").write_text(export("x^2*sin(y)", "fortran", 2, "F").source)
    ran(["gfortran", "-shared", "-fPIC", "-o", "f.so", "f.f90"], tmp_path)
    numbers = ctypes.c_double * 4
    value, gradient, hessian = ctypes.c_double(7), numbers(), numbers()
    function = ctypes.CDLL(str(tmp_path / "f.so")).F
    function(numbers(2, 1), ctypes.byref(value), gradient, hessian)
    assert value.value == pytest.approx(3.3658839392315855, rel=1e-15)
    assert list(gradient)[:2] == pytest.approx([3.3658839392315855, 2.161209223472559], rel=1e-15)
    assert list(hessian) == pytest.approx(
        [1.682941969615793, 2.161209223472559, 2.161209223472559, -3.3658839392315855], rel=1e-15
    )
    function(numbers(3, 1), None, gradient, None)
    assert gradient[0] == pytest.approx(5.048825908847379, rel=1e-15) and value.value < 3.4


@needs("rustc")
def test_rust(tmp_path: Path) -> None:
    files, right = both("rust", C_SWAPS, r" +let v\d")
    modules = [
        f"mod m{i} {{\n{text}\n}}\n".replace("fn main() {", "pub fn main() -> i32 {").replace(
            "std::process::exit(if bad > 0 { 1 } else { 0 });", "if bad > 0 { 1 } else { 0 }"
        )
        for i, text in enumerate(files)
    ]
    calls = "".join(f'    eprintln!("{{}}", m{i}::main());\n' for i in range(len(files)))
    (tmp_path / "all.rs").write_text("".join(modules) + f"fn main() {{\n{calls}}}\n")
    ran(["rustc", "-Copt-level=0", "-Cdebuginfo=0", "-o", "all", "all.rs"], tmp_path)
    done = subprocess.run(["./all"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    check(done.stderr, right, len(files))


@needs("Rscript")
def test_r(tmp_path: Path) -> None:
    files, right = both("r", C_SWAPS, r" +v\d")
    names = names_of(files, r"\n(\w+_test) <- ")
    (tmp_path / "all.R").write_text("\n".join(files))
    tests = "; ".join(f"cat(min({name}(), 1), '\\n', file = stderr())" for name in names)
    script = f"invisible(compiler::enableJIT(0)); sys.source('all.R', globalenv()); {tests}"
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", script], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=True
    )
    check(done.stderr, right, len(files))


@needs("Rscript")
def test_bessel_functions_far_out_where_those_of_r_are_0(tmp_path: Path) -> None:
    points = [{"x": 1e5 + 1}, {"x": 123456.789}, {"x": 1e8}, {"x": -3e6}, {"x": 3.3e12}]
    made = [export(f"besselj({n}, x)", "r", 1, f"b{n}", at=points, test=True) for n in range(4)]
    assert all(file.left == 0 for file in made)
    (tmp_path / "all.R").write_text("\n".join(file.source for file in made))
    script = "sys.source('all.R', globalenv()); cat(b0_test(), b1_test(), b2_test(), b3_test())"
    assert ran(["Rscript", "--vanilla", "-e", script], tmp_path).endswith("0 0 0 0")


@needs("octave-cli")
def test_octave(tmp_path: Path) -> None:
    files, right = both("octave", C_SWAPS, r" +v\d")
    script = re.sub(
        r"if (\w+_test\(\)) > 0\n  exit\(1\);\nend", r"fprintf(stderr, '%d\\n', min(\1, 1));", "\n".join(files)
    )
    (tmp_path / "all.m").write_text(script)
    words = ["octave-cli", "--norc", "--quiet", "all.m"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=True)
    codes = "\n".join(line for line in done.stderr.splitlines() if line.isdecimal())
    check(codes, right, len(files))


@needs("soffice")
def test_excel(tmp_path: Path) -> None:
    files, right = both(
        "excel", (("=(", "=-("), ("*", "+"), ("SIN(", "COS("), ("1.5", "1.50001"), (">0", "<0")), r"v\d"
    )
    names = [f"f{i}.csv" for i in range(len(files))]
    for name, text in zip(names, files, strict=True):
        (tmp_path / name).write_text(text)
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    form = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false"
    ran(["soffice", "--headless", profile, "--convert-to", form, "--outdir", "out", *names], tmp_path)
    verdicts = [
        next(row[1] for row in csv.reader((tmp_path / "out" / name).read_text().splitlines()) if row[0] == "test")
        for name in names
    ]
    assert [text for text, said in zip(FORMULAS, verdicts, strict=False) if said != "right"] == []
    assert set(verdicts[:right]) == {"right"} and set(verdicts[right:]) == {"WRONG"}


def test_latex_is_read_back_as_the_same_numbers() -> None:
    for text in [*FORMULAS, "t*exp(t_1*u)*sin(t_1*u)"]:
        formula, found = derived(text)
        source = LANGUAGES["latex"].file(made(LANGUAGES["latex"], formula, formula.names, "f", "by a test"))
        point = found.points[0].at
        at = {name.replace("_", ""): value for name, value in zip(formula.names, point, strict=True)}
        results = read(source, at)
        size = len(formula.names)
        zero = formula.graph.constant(0)
        upper = [formula.hessian.get((i, j), zero) for i in range(size) for j in range(i, size)]
        nodes = [formula.output, *formula.gradient, *upper]
        values = Floats().evaluate(formula.graph, dict(zip(formula.inputs, point, strict=True)), nodes)
        assert results == pytest.approx([values[node] for node in nodes], rel=1e-11, abs=1e-11), text


def read(source: str, at: dict[str, float]) -> list[float]:
    """What our own reader of LaTeX makes of the lines: definitions first, then results."""
    known, results = dict(at), []
    for line in source.partition("\\begin{align*}\n")[2].partition("\n\\end{align*}")[0].splitlines():
        left, right = re.sub(r"(?: \\\\)?(?: % .*)?$", "", line).split(" &= ")
        formula = parse(right, limits=Limits(dialect="latex"))
        inputs = {index: known[name.replace("_", "")] for name, index in formula.graph.inputs.items()}
        value = Floats().evaluate(formula.graph, inputs, [formula.output])[formula.output]
        if left == "f" or left.startswith(r"\frac"):
            results.append(value)
        else:
            known[left.replace("_{", "").replace("}", "")] = value
    return results


def test_latex_has_nothing_to_test_and_excel_too_little_room() -> None:
    with pytest.raises(UsageError, match="LaTeX is no program"):
        export("x", "latex", test=True)
    with pytest.raises(UsageError, match="not available in LaTeX"):
        export("struve(1, x)", "latex")


@pytest.mark.parametrize(
    ("word", "lacking"),
    [("fortran", "besseli"), ("rust", "besselj"), ("julia", "besselj"), ("r", "zeta"), ("octave", "zeta"), ("excel", "besselj")],
)  # fmt: skip
def test_what_a_language_lacks_is_refused_by_name(word: str, lacking: str) -> None:
    with pytest.raises(UsageError, match=f"^{lacking}.*: not available in "):
        export(f"{lacking}({'x' if lacking == 'zeta' else '0, x'})", word)
