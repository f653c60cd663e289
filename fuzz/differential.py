#!/usr/bin/env python3
"""Looks for numbers that others give otherwise: mpmath, SymPy and qalc, on random formulas at random points.

    fuzz/differential.py SEED SECONDS

gradcalc's certified value and derivative are compared with mpmath's value and its numerical derivative of 60 digits,
SymPy's derivative evaluated to 30, and qalc's value (Debian's package; left out where it is not here). They differ where
more than 1e-12 of the size is between them. Where an other has no finite real number, nothing is compared.
"""

import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import sympy

sys.path.insert(0, str(Path(__file__).parents[1]))

import gradcalc
from gradcalc.errors import GradcalcError

LEAVES = ["x", "y", "x", "y", "2", "x*y", "x/3", "1/7", "pi", "x+1", "y-x"]
CALLS = [
    "sin",
    "cos",
    "tan",
    "exp",
    "log",
    "sqrt",
    "atan",
    "asin",
    "acos",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "abs",
    "erf",
    "gamma",
]
AROUND = ["(_)+(_)", "(_)*(_)", "(_)-(_)", "(_)/(_)", "(_)**2", "(_)**3", "-(_)", "2**(_)", "(_)**(_)"]
NAMES = {name: getattr(mpmath, {"abs": "fabs"}.get(name, name)) for name in CALLS} | {"pi": mpmath.pi}
IN_SYMPY = {name: getattr(sympy, {"abs": "Abs"}.get(name, name)) for name in CALLS} | {"pi": sympy.pi}
IN_QALC = {"log": "ln", "asinh": "arsinh", "acosh": "arcosh", "atanh": "artanh"}


def formula(draw: random.Random, depth: int) -> str:
    """A random formula in x and y, in the notation that all four read."""
    if not depth or draw.random() < 0.15:
        return draw.choice(LEAVES)
    text = f"{draw.choice(CALLS)}(_)" if draw.random() < 0.55 else draw.choice(AROUND)
    while "_" in text:
        text = text.replace("_", formula(draw, depth - 1), 1)
    return text


def number(found: Any) -> Any:
    """A real number of mpmath; None where there is none."""
    try:
        value = mpmath.mpmathify(found)
    except (TypeError, ValueError):
        return None
    if isinstance(value, mpmath.mpc):
        value = value.real if value.imag == 0 else mpmath.nan
    return value if mpmath.isfinite(value) else None


def by_mpmath(text: str, point: dict[str, float]) -> list[Any]:
    """The value, and the derivative for x by differences of 60 digits."""
    code = compile(re.sub(r"\b(\d+)\b", r"mpf(\1)", text), "formula", "eval")

    def at(x: Any) -> Any:
        names = {"x": x, "y": mpmath.mpf(point["y"]), "mpf": mpmath.mpf}
        return eval(code, NAMES | names)

    return [
        number(at(mpmath.mpf(point["x"]))),
        number(mpmath.diff(at, mpmath.mpf(point["x"]), h=mpmath.mpf(10) ** -25)),
    ]


def by_sympy(text: str, point: dict[str, float]) -> list[Any]:
    """The value, and the derivative for x as SymPy finds it."""
    x, y = sympy.symbols("x y", real=True)
    whole = eval(re.sub(r"\b(\d+)\b", r"Integer(\1)", text), IN_SYMPY | {"x": x, "y": y, "Integer": sympy.Integer})
    values = {name: sympy.Rational(point[str(name)]) for name in (x, y)}
    return [number(mpmath.mpmathify(each.subs(values).evalf(30))) for each in (whole, sympy.diff(whole, x))]


def by_qalc(text: str, point: dict[str, float]) -> list[Any]:
    """The value."""
    for name, other in IN_QALC.items():
        text = re.sub(rf"\b{name}\b", other, text)
    for name, value in point.items():
        text = re.sub(rf"\b{name}\b", f"({value!r})", text)
    words = [
        "qalc",
        "-t",
        "-s",
        "precision 30",
        "-s",
        "angle 1",
        "-s",
        "approximation 2",
        "-s",
        "max decimals 28",
        text,
    ]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    found = ran.stdout.strip().replace("\N{MINUS SIGN}", "-").replace("E", "e")
    return [number(found) if re.fullmatch(r"-?[\d.]+(e-?\d+)?", found) else None]


OTHERS: dict[str, Callable[[str, dict[str, float]], list[Any]]] = {"mpmath": by_mpmath, "SymPy": by_sympy}
if shutil.which("qalc"):
    OTHERS["qalc"] = by_qalc


def ours(text: str, point: dict[str, float]) -> list[Any] | None:
    """The certified value and derivative for x; None of what has none."""
    try:
        report = gradcalc.differentiate(text, at=point, wrt=["x"], symbolic=False)
    except GradcalcError:
        return None
    data = report.to_dict()["points"][0]
    found = [data.get("certified_value"), (data.get("certified") or {}).get("x")]
    return [mpmath.mpf(each["value"]) if each else None for each in found]


def late(number: int, frame: Any) -> None:
    """Nobody waits longer than two seconds for another."""
    raise TimeoutError


def main(seed: int, seconds: float) -> int:
    """Compare until the time is over; how many differ."""
    mpmath.mp.dps = 60
    signal.signal(signal.SIGPROF, late)
    draw, told = random.Random(seed), Counter[str]()
    end = time.process_time() + seconds
    while time.process_time() < end:
        text = formula(draw, draw.choice((1, 2, 2, 3)))
        if "x" not in text.replace("exp", ""):
            continue
        point = {name: round(draw.uniform(-2.5, 3), 3) for name in "xy"}
        found = ours(text, {name: value for name, value in point.items() if re.search(rf"\b{name}\b", text)})
        told["formulas"] += 1
        for name, other in OTHERS.items() if found else ():
            if name == "qalc" and told["formulas"] % 20:
                continue  # a process each time
            try:
                signal.setitimer(signal.ITIMER_PROF, 2)
                theirs = other(text, point)
            except Exception:  # noqa: BLE001 - what others raise where they have no answer
                told[f"{name} fails"] += 1
                continue
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
            for place, (one, two) in enumerate(zip(found, theirs, strict=False)):
                if one is None or two is None:
                    told[f"{name} not compared"] += 1
                elif abs(one - two) > 1e-12 * max(1, abs(one)):
                    told[f"{name} differs"] += 1
                    what = "derivative" if place else "value"
                    print(
                        f"{name}: {what} of {text} at {point}: {mpmath.nstr(one, 20)}, there {mpmath.nstr(two, 20)}",
                        flush=True,
                    )
                else:
                    told[f"{name} agrees"] += 1
    print(f"seed {seed}: {dict(told)}")
    return sum(count for name, count in told.items() if name.endswith("differs"))


if __name__ == "__main__":
    sys.exit(min(main(int(sys.argv[1]), float(sys.argv[2])), 1))
