#!/usr/bin/env python3
"""Looks for wrong numbers in exported functions, in every language that runs here, at points far from those of `--test`.

    fuzz/exports.py SEED COUNT [LANGUAGE ...]

COUNT random formulas over the whole table of ops, and the corpus of physics, become a function each, of orders 0 to 2.
One process a language calls them at ordinary points, at kinks, beside poles and ends of domains, at huge and tiny
numbers. What is proved is compared within what rounding explains; nan and infinity with what our floats give.
"""

import ctypes
import json
import math
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradcalc.arithmetic.floats import Floats
from gradcalc.errors import GradcalcError
from gradcalc.graph import ops
from gradcalc.language.formula import Formula, Variable
from gradcalc.language.parse import parse
from gradcalc.language.targets.languages import LANGUAGES
from gradcalc.language.targets.source import made
from gradcalc.settings import Limits
from gradcalc.truth.questions.probes import _flat, _Maker

CORPUS = Path(__file__).parents[1] / "tests" / "corpora" / "feynman.jsonl"
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 1e-300, -1e-300, 5e-324, 1e-8, -1e-8, 1 - 2**-53, 1 + 2**-52, 1e8,
           -1e8, 1e155, -1e155, 1.7e308, 710.0, -745.0, 3.0, 25.0, -30.0, math.pi, math.pi / 2, 1e-16, math.inf, -math.inf,
           math.nan]  # fmt: skip


def formula(draw: random.Random, depth: int) -> str:
    """A random formula in x, y and z."""
    if not depth or draw.random() < 0.12:
        return draw.choice(
            ["x", "y", "z", "x", "y", "x-y", "x*y", "2", "0.3", "-x", "x/3", "1e3", "pi", "1/3", "-1.5", "7"]
        )
    if draw.random() < 0.3:
        text = draw.choice(["(_)+(_)", "(_)*(_)", "(_)-(_)", "(_)/(_)", "(_)^2", "(_)^-3", "(_)^(_)", "-(_)", "2^(_)",
                            "(_)-((_)-(_))", "(_)/((_)/(_))", "(_)^70", "where((_)>(_),_,_)", "where((_)<=0 or not (_)>(_),_,_)",
                            "max(_,_,_)", "(_)^0.5", "(_)^(1/3)", "norm([_,_,_])", "min(_,1,_)"])  # fmt: skip
    else:
        text = draw.choice(CALLS)
        if draw.random() < 0.1:
            text = f"({text})*0 + {text}"
    while "_" in text:
        text = text.replace("_", formula(draw, depth - 1), 1)
    return text.replace("§", "_")


def calls() -> list[str]:
    """A call of each op that a formula can name."""
    found = []
    for op in ops.TABLE.values():
        if not op.operands or op.internal or op.is_condition or op.name in ("add", "mul", "sub", "neg", "div", "where"):
            continue
        for n in (0, 1, 2, 3) if op.operands[0] == "n" else (2,):
            inner = [
                str(n) if name in ("n", "s") else "1.5" if name == "b" and len(op.operands) > 3 else "_"
                for name in op.operands
            ]
            found.append(f"{op.name.replace('_', '§')}({','.join(inner)})")
    return found


CALLS = calls()


@dataclass(frozen=True)
class Case:
    """A formula, differentiated, and what its numbers should be at some points."""

    text: str
    whole: Formula
    maker: _Maker
    points: tuple[tuple[float, ...], ...]
    wanted: tuple[tuple[float, ...], ...]
    within: tuple[tuple[float, ...], ...]
    own: tuple[tuple[float, ...], ...]


def case(text: str, draw: random.Random, order: int, many: int, ordinary: bool) -> Case | None:
    """What is proved of a formula at random points, and what our floats give where nothing is."""
    try:
        found = parse(text, limits=Limits(nodes=3_000))
        whole = found.differentiated([Variable(name) for name in found.variables], order)
        maker = _Maker(whole, whole.names)
    except GradcalcError:
        return None
    if len(whole.graph.nodes) > 3_000:
        return None
    points = []
    for k in range(many):
        if k < 2 or ordinary:
            low, high = ((0.3, 2.5), (-2, 2), (0.05, 0.95), (3, 30))[k % 4]
            points.append(tuple(float(f"{draw.uniform(low, high):.5g}") for _ in whole.names))
        else:
            one = draw.choice(SPECIAL)
            points.append(
                tuple(
                    one if k % 3 == 0 else draw.choice(SPECIAL) if draw.random() < 0.6 else draw.uniform(-3, 3)
                    for _ in whole.names
                )
            )
    rows = [reference(maker, point) for point in points]
    return Case(text, whole, maker, tuple(points), *(tuple(each) for each in zip(*rows, strict=True)))


def reference(maker: _Maker, point: tuple[float, ...]) -> tuple[tuple[float, ...], ...]:
    """What is proved, within what, and what our floats give; nan twice where nothing is proved."""
    inputs = dict(zip(maker.inputs, point, strict=True))
    flat = _flat(maker.formula)
    values = Floats().evaluate(maker.graph, inputs, flat)
    own = tuple(float(values[node]) for node in flat)
    nothing = tuple(math.nan for _ in flat), tuple(0.0 for _ in flat), own
    if not all(map(math.isfinite, point)) or maker.compared != tuple(range(len(flat))):
        return nothing
    try:
        probe = maker.probe(point, careful=False)
    except (GradcalcError, ArithmeticError, ValueError, RecursionError):
        return nothing
    return nothing if probe is None else (probe.wanted, probe.within, own)


def differs(got: float, wanted: float, within: float, own: float) -> str:
    """Why a number is wrong; "" if it is not."""
    if not math.isnan(wanted):
        if math.isfinite(got) or math.isnan(got):
            return "" if abs(got - wanted) <= max(within, 2 * abs(own - wanted)) else "wrong"
        return "" if got == own else "wrong"
    if math.isnan(own) and math.isnan(got) or own == got:
        return ""
    if math.isfinite(own) and math.isfinite(got):
        return ""  # nothing is proved: a kink, or rounding alone
    return "other"


# -- languages: each calls all functions at all points, in one process ---------------------------------------------------

Calls = Sequence[tuple[str, Case, str]]
Found = list[list[list[float]]]


def shared(
    calls: Calls, folder: Path, command: Sequence[str], suffix: str, join: Callable[[str, str, Case], str]
) -> Found:
    """A library, called by ctypes."""
    path = folder / f"all{suffix}"
    path.write_text("\n".join(join(name, text, each) for name, each, text in calls))
    subprocess.run([*command, path.name, "-lm"], cwd=folder, check=True)
    library = ctypes.CDLL(str(folder / "all.so"))
    found = []
    for name, each, _ in calls:
        size = len(each.whole.names)
        rows = []
        for point in each.points:
            value, gradient = ctypes.c_double(7.5), (ctypes.c_double * max(size, 1))(*[7.5] * size)
            hessian = (ctypes.c_double * max(size**2, 1))(*[7.5] * size**2)
            getattr(library, name)((ctypes.c_double * max(size, 1))(*point), ctypes.byref(value), gradient, hessian)
            order = each.whole.order
            rows.append(
                [
                    value.value,
                    *(list(gradient)[:size] if order else []),
                    *(list(hessian)[: size**2] if order == 2 else []),
                ]
            )
        found.append(rows)
    return found


def compiled(compiler: str, suffix: str) -> Callable[[Calls, Path], Found]:
    """C and C++."""
    command = [compiler, "-O2", "-w", "-shared", "-fPIC", "-o", "all.so"]
    return lambda calls, folder: shared(calls, folder, command, suffix, lambda name, text, each: text)


def fortran(calls: Calls, folder: Path) -> Found:
    return shared(
        calls,
        folder,
        ["gfortran", "-O1", "-w", "-shared", "-fPIC", "-o", "all.so"],
        ".f90",
        lambda name, text, each: text,
    )


def rust(calls: Calls, folder: Path) -> Found:
    def join(name: str, text: str, each: Case) -> str:
        size, order = len(each.whole.names), each.whole.order
        given = [
            f"&*(x as *const [f64; {size}])",
            f"Some(&mut *(g as *mut [f64; {size}]))",
            f"Some(&mut *(h as *mut [[f64; {size}]; {size}]))",
        ]
        inner = f"mod m{name} {{\n{text}\n}}\n"
        return inner + (
            f'#[no_mangle] pub unsafe extern "C" fn {name}(x: *const f64, v: *mut f64, g: *mut f64, h: *mut f64) '
            f"{{ *v = m{name}::{name}({', '.join(given[: order + 1])}); }}"
        )

    path = folder / "all.rs"
    path.write_text(
        "#![allow(unused, static_mut_refs)]\n" + "\n".join(join(name, text, each) for name, each, text in calls)
    )
    command = ["rustc", "--crate-type=cdylib", "-Copt-level=1", "-Awarnings", "-o", "all.so", "all.rs"]
    subprocess.run(command, cwd=folder, check=True)
    return shared(calls, folder, ["true"], ".none", lambda name, text, each: "")


def python(calls: Calls, folder: Path) -> Found:
    found = []
    for name, each, text in calls:
        names: dict = {"__name__": "imported"}
        exec(compile(text, name, "exec"), names)
        rows = []
        for point in each.points:
            value, gradient, hessian = names[name](*point)
            second = [x for row in hessian for x in row] if hessian is not None else []
            rows.append([float(value), *(map(float, gradient) if gradient is not None else []), *map(float, second)])
        found.append(rows)
    return found


def script(calls: Calls, folder: Path, command: Sequence[str], suffix: str, text: str) -> Found:
    """A script that prints each number on a line."""
    (folder / f"all{suffix}").write_text(text)
    done = subprocess.run([*command, f"all{suffix}"], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr[-2000:])
        done.check_returncode()
    numbers = iter(done.stdout.split())
    sizes = [len(_flat(each.whole)) for _, each, _ in calls]
    return [
        [[float(next(numbers)) for _ in range(size)] for _ in each.points]
        for size, (_, each, _) in zip(sizes, calls, strict=True)
    ]


def javascript(calls: Calls, folder: Path) -> Found:
    text = ""
    for name, each, source in calls:
        points = (
            "["
            + ",".join(
                "[" + ",".join(repr(x).replace("inf", "Infinity").replace("nan", "NaN") for x in p) + "]"
                for p in each.points
            )
            + "]"
        )
        text += f"{{ const module = {{}}; (function (require) {{ {source}\n }})(undefined);\n for (const p of {points}) for (const x of module.exports.{name}(p).flat(3)) if (x !== null) console.log(String(Object.is(x, -0) ? '-0' : x).replace('Infinity', 'inf')); }}\n"
    return script(calls, folder, ["node"], ".js", text)


def r(calls: Calls, folder: Path) -> Found:
    number = LANGUAGES["r"].target.number
    text = "invisible(compiler::enableJIT(0))\n"
    for name, each, source in calls:
        text += source + "\n"
        for point in each.points:
            text += f"a <- {name}(c({', '.join(map(number, point))})); cat(sprintf('%.17g', c(a$value, a$gradient, t(a$hessian))), sep = '\\n'); cat('\\n')\n"
    return script(
        calls,
        folder,
        ["Rscript", "--vanilla"],
        ".R",
        text.replace("t(a$hessian)", "if (is.null(a$hessian)) NULL else t(a$hessian)"),
    )


def octave(calls: Calls, folder: Path) -> Found:
    number = LANGUAGES["octave"].target.number
    text = "1;\n" + "\n".join(source for _, _, source in calls)
    for name, each, _ in calls:
        for point in each.points:
            text += f"\n[v, g, h] = {name}([{', '.join(map(number, point))}]); h = h.'; printf('%.17g\\n', [v; g(:); h(:)]);"
    return script(calls, folder, ["octave-cli", "--norc", "--quiet"], ".m", text + "\n")


RUN: dict[str, tuple[str, Callable[[Calls, Path], Found]]] = {
    "c": ("gcc", compiled("gcc", ".c")), "cpp": ("g++", compiled("g++", ".cpp")), "fortran": ("gfortran", fortran),
    "rust": ("rustc", rust), "js": ("node", javascript), "python": ("python3", python), "numpy": ("python3", python),
    "r": ("Rscript", r), "octave": ("octave-cli", octave),
}  # fmt: skip


def main(seed: int, count: int, words: Sequence[str]) -> int:
    """How many numbers were wrong."""
    draw = random.Random(seed)
    texts = [json.loads(line)["expr"] for line in CORPUS.read_text().splitlines()] if seed == 0 else []
    cases = [case(text, draw, 2, 4, True) for text in texts]
    cases += [
        case(text, draw, 2, 6, False)
        for text in [
            call.replace("_", "x", 1).replace("_", "y", 1).replace("_", "z").replace("§", "_") for call in CALLS
        ]
    ]
    cases += [
        case(formula(draw, draw.choice((1, 2, 3))), draw, draw.choice((0, 1, 2, 2)), 8, False) for _ in range(count)
    ]
    known = [each for each in cases if each is not None]
    print(f"{len(known)} formulas of {len(cases)}", flush=True)
    total = 0
    for word in words or RUN:
        tool, run = RUN[word]
        if not shutil.which(tool):
            print(f"{word}: left out, {tool} is not here")
            continue
        language, calls = LANGUAGES[word], []
        for i, each in enumerate(known):
            try:
                source = made(language, each.whole, each.whole.names, f"f{i}a", "by .ci/exports")
            except GradcalcError:
                continue
            calls.append((f"f{i}a", each, language.file(source)))
        with tempfile.TemporaryDirectory() as folder:
            found = run(calls, Path(folder))
        told: Counter[str] = Counter()
        for (_, each, _), rows in zip(calls, found, strict=True):
            for point, got, wanted, within, own in zip(
                each.points, rows, each.wanted, each.within, each.own, strict=True
            ):
                for k, numbers in enumerate(zip(got, wanted, within, own, strict=True)):
                    why = differs(*numbers)
                    told[why or ("proved" if not math.isnan(numbers[1]) else "same")] += 1
                    if why:
                        print(
                            f"{word}: {why}: {each.text} at {dict(zip(each.whole.names, point, strict=True))}, number {k}: {numbers[0]!r}, proved {numbers[1]!r} within {numbers[2]:.2g}, floats {numbers[3]!r}"
                        )
        print(f"{word}: {len(calls)} functions, {dict(told)}", flush=True)
        total += told["wrong"]
    return total


if __name__ == "__main__":
    sys.exit(min(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]), 1))
