"""Value and gradient at one point beside peers: time, right digits at ill-conditioned points, and kinks."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from benchmarks.peers import PEERS, answer, gradcalc_graph, installed
from benchmarks.tables import NOT_INSTALLED, measure, seconds, table
from gradcalc import differentiate
from gradcalc.language.parse import DEFAULT_LIMITS
from gradcalc.truth.report import Report

Formula = tuple[str, str, Mapping[str, float]]

TIMED: tuple[Formula, ...] = (
    (
        "Rosenbrock, 3 variables", "100*(y - x**2)**2 + (1 - x)**2 + 100*(z - y**2)**2 + (1 - y)**2",
        {"x": 0.5, "y": 1.25, "z": -0.75},
    ),
    (
        "Feynman I.9.18, 9 variables", "G*m*n/((x2 - x1)**2 + (y2 - y1)**2 + (z2 - z1)**2)",
        {"G": 1.5, "m": 2.0, "n": 3.0, "x1": 0.1, "x2": 1.1, "y1": 0.2, "y2": 1.3, "z1": 0.3, "z2": 1.7},
    ),
    ("Feynman I.6.20, 4 variables", "exp(-((t - s)/w)**2/2)/(sqrt(2*u)*w)", {"t": 1.5, "s": 0.5, "w": 1.25, "u": 3.25}),
    (
        "exp, log, trigonometric, 2 variables", "sin(x*y) + exp(-x)*log(y) + tanh(x)/sqrt(y) + cos(x)**2",
        {"x": 0.7, "y": 1.9},
    ),
)  # fmt: skip

ILL_CONDITIONED: tuple[Formula, ...] = (
    ("", "(1 - cos(x))/x**2", {"x": 1e-8}),
    ("", "x - sin(x)", {"x": 1e-9}),
    ("", "sqrt(x + 1) - sqrt(x)", {"x": 1e15}),
    ("", "tanh(x)", {"x": 20.0}),
    ("", "exp(-x)", {"x": 800.0}),
    ("", "1/(1 + exp(-x))", {"x": -1000.0}),
    ("", "log(1 + exp(x))", {"x": 1000.0}),
)

KINKS: tuple[Formula, ...] = (
    ("", "abs(x)", {"x": 0.0}),
    ("", "max(x, 0*x)", {"x": 0.0}),
    ("", "max(x, y)", {"x": 1.0, "y": 1.0}),
    ("", "sqrt(x**2)", {"x": 0.0}),
    ("", "sqrt(x**2 + y**2)", {"x": 0.0, "y": 0.0}),
    ("", "where(x > 0, log(x), x)", {"x": 0.0}),
    ("", "where(x > 0, sqrt(x), 0*x)", {"x": -1.0}),
    ("", "where(x > 0, x**2, x**3)", {"x": 0.0}),
    ("", "sqrt(x)", {"x": 0.0}),
)


def run() -> None:
    """Print times, digits and kinks."""
    for name, text, at in TIMED:
        _times(name, text, at)
    rows = [_digits(text, at) for _, text, at in ILL_CONDITIONED]
    columns = ("derivative", "true value", "gradcalc's tape", "gradcalc says", *PEERS)
    table("Right digits of the derivative for x where floats lose them", columns, rows, note=", ".join(_missing()))
    rows = [_kinks(text, at) for _, text, at in KINKS]
    columns = ("derivative", "gradcalc", "gradcalc says", *PEERS)
    table("What each prints for the derivative for x at kinks", columns, rows)


def _missing() -> list[str]:
    return [f"{name}: {NOT_INSTALLED}" for name in PEERS if not installed(name)]


def _times(name: str, text: str, at: Mapping[str, float]) -> None:
    """Time of one more call, and of everything up to the first answer."""
    report = partial(differentiate, text, dict(at), symbolic=False)
    calls: dict[str, tuple[float, Callable[[], Any]]] = {}
    for label, action in (
        ("gradcalc, certified", report),
        ("gradcalc, not certified", partial(report, certify=False)),
    ):
        calls[label] = _first(lambda action=action: action), action  # type: ignore[misc]
    builders = {"gradcalc, graph kept": gradcalc_graph} | {p: PEERS[p][1] for p in PEERS if installed(p)}
    point = tuple(at.values())
    for label, build in builders.items():
        build(text, list(at))(*point)  # imports, and what a library prepares once per process
        built = build(text, list(at))
        calls[label] = _first(lambda build=build: partial(build(text, list(at)), *point)), partial(built, *point)  # type: ignore[misc]
    timings = {label: (first, measure(action).best) for label, (first, action) in calls.items()}
    first, again = timings["gradcalc, not certified"]
    rows = [
        (label, seconds(one), f"{one / first:.2g}", seconds(more), f"{more / again:.2g}")
        for label, (one, more) in timings.items()
    ]
    rows += [(missing, "", "", "", "") for missing in _missing()]
    columns = (name, "first answer", "ratio", "each call after", "ratio")
    table("Value and gradient at a point; ratios to gradcalc, not certified", columns, rows)


def _first(make: Callable[[], Callable[[], Any]], repeats: int = 3) -> float:
    """The best time from nothing but the formula to the first answer; imports are not counted."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        make()()
        times.append(time.perf_counter() - started)
    return min(times)


def _digits(text: str, at: Mapping[str, float]) -> list[str]:
    report = differentiate(text, dict(at), symbolic=False)
    entry = report.points[0].gradient[0]
    if entry.certified is None:
        return [_label(text, at), "not proved", "", entry.verdict, *("" for _ in PEERS)]
    cells = [_label(text, at), f"{entry.certified.value:.12}…", str(entry.certified.digits), entry.verdict]
    for name in PEERS:
        given = answer(name, text, at) if installed(name) else ""
        cells.append(given if isinstance(given, str) else str(_right(text, at, given[1][0])))
    return cells


def _right(text: str, at: Mapping[str, float], given: float) -> int:
    """How many digits of a peer's derivative are right: its float against the ball."""
    from gradcalc.arithmetic.marks import Unknown
    from gradcalc.graph.derive import gradient
    from gradcalc.language.parse import parse
    from gradcalc.language.points import bind, to_value
    from gradcalc.truth.certify import enclose, right_digits

    formula = parse(text)
    graph, first = formula.graph, next(iter(at))
    slope = gradient(graph, formula.output, formula.variables[first].items)
    values = {name: to_value(name, x, DEFAULT_LIMITS) for name, x in at.items()}
    (ball,) = enclose(graph, lambda balls: bind(graph, values, balls), slope)
    assert not isinstance(ball, Unknown)
    return right_digits(ball, given)


def _kinks(text: str, at: Mapping[str, float]) -> list[str]:
    report = differentiate(text, dict(at), symbolic=False)
    cells = [_label(text, at), f"{report.points[0].gradient[0].value:g}", _said(report)]
    for name in PEERS:
        given = answer(name, text, at) if installed(name) else ""
        cells.append(given if isinstance(given, str) else f"{given[1][0]:g}")
    return cells


def _said(report: Report) -> str:
    note = next((note for note in report.notes if note.kind in ("kink", "jump")), None)
    verdict = report.points[0].gradient[0].verdict
    if note is None or note.left is None or note.right is None:
        return verdict
    return f"{verdict} {note.left:g} / {note.right:g}"


def _label(text: str, at: Mapping[str, float]) -> str:
    return f"{text} at {', '.join(f'{x:g}' for x in at.values())}"
