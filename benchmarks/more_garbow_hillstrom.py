"""All 35 problems of Moré, Garbow and Hillstrom as formulas, and a table of what every optimizer makes of them.

Source: J. J. Moré, B. S. Garbow, K. E. Hillstrom, Testing Unconstrained Optimization Software, ACM Transactions on
Mathematical Software 7 (1981), 17-41. Each formula is the sum of the squares of the paper's m functions of n variables,
`x[0]` being its x_1; problem 11 is read as `abs(y_i - x_2)`, which the authors meant. Minima that are not 0 have 15
digits or more here, from Newton's method in 400 bits; the paper gives six.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.tables import table
from gradcalc.optimize.descend import descend
from gradcalc.optimize.descent.methods import METHODS

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class TestProblem:
    """A formula in the variables `x`, its standard start and what is known of its minima.

    Attributes:
        name: the paper's, with n where the paper leaves it open.
        number: the paper's.
        terms: m, how many squares are summed.
        text: the formula.
        start: the standard start: n values of `x`.
        minimum: the least value, or the infimum.
        others: the values of other local minima, or of limits at infinity, that the paper names or that are known.
        let: values of the other names in the formula.
    """

    __test__ = False

    name: str
    number: int
    terms: int
    text: str
    start: Numbers
    minimum: float = 0.0
    others: Numbers = ()
    let: Mapping[str, float | Numbers] = field(default_factory=dict)

    @property
    def at(self) -> dict[str, Numbers]:
        """The start by the name of its variable."""
        return {"x": self.start}

    def reached(self, value: float) -> bool:
        """Whether a value is a known minimum to 1e-8 of itself, or of 1e-8 where the minimum is smaller than that."""
        return any(abs(value - known) <= 1e-8 * max(abs(known), 1e-8) for known in (self.minimum, *self.others))


def _counted(first: int, last: int, step: float = 1.0, offset: float = 0.0) -> Numbers:
    """`offset + step*i` for every i from first to last."""
    return tuple(offset + step * i for i in range(first, last + 1))


def _chebyshev(degree: int) -> str:
    """The Chebyshev polynomial of a degree on [0, 1] at `x`, by Horner's rule, its coefficients exact integers."""
    before, now = [1], [0, 1]
    for _ in range(degree - 1):
        before, now = now, [2 * b - a for a, b in zip([*before, 0, 0], [0, *now], strict=True)]
    text = str(now[-1])
    for coefficient in reversed(now[:-1]):
        text = f"({text}*(2*x - 1) + {coefficient})"
    return text


def _chebyquad(n: int, minimum: float = 0.0, others: Numbers = ()) -> TestProblem:
    """Problem 35 with m = n."""
    squares = [f"(mean({_chebyshev(i)}){'' if i % 2 else f' + 1/{i * i - 1}'})^2" for i in range(1, n + 1)]
    start = tuple(j / (n + 1) for j in range(1, n + 1))
    return TestProblem(f"Chebyquad, {n}", 35, n, " + ".join(squares), start, minimum, others)


def _watson(n: int, minimum: float) -> TestProblem:
    """Problem 20; powers of t are written out, for 0^0 has no place in them."""
    slope, value = (" + ".join(terms) for terms in (
        [f"{j}*x[{j}]*t^{j - 1}" for j in range(1, n)], [f"x[{j}]*t^{j}" for j in range(n)],
    ))  # fmt: skip
    text = f"sum((({slope}) - ({value})^2 - 1)^2) + x[0]^2 + (x[1] - x[0]^2 - 1)^2"
    return TestProblem(
        f"Watson, {n}", 20, 31, text, (0.0,) * n, minimum, let={"t": tuple(i / 29 for i in range(1, 30))}
    )


def _penalty_1(n: int, minimum: float) -> TestProblem:
    return TestProblem(
        f"penalty I, {n}", 23, n + 1, "1e-5*sum((x - 1)^2) + (sum(x^2) - 0.25)^2", _counted(1, n), minimum
    )


def _penalty_2(n: int, minimum: float) -> TestProblem:
    text = (
        "(x[0] - 0.2)^2 + 1e-5*sum((exp(x[1:]/10) + exp(x[:-1]/10) - exp(k[1:]/10) - exp(k[:-1]/10))^2)"
        " + 1e-5*sum((exp(x[1:]/10) - exp(-1/10))^2) + (sum((n + 1 - k)*x^2) - 1)^2"
    )
    return TestProblem(
        f"penalty II, {n}", 24, 2 * n, text, (0.5,) * n, minimum, let={"n": n, "k": _counted(1, n)}
    )  # fmt: skip


def _linear(n: int, m: int) -> tuple[TestProblem, ...]:
    """Problems 32 to 34; the minimum of the last two is a whole plane."""
    start, k, i = (1.0,) * n, _counted(1, n), _counted(1, m)
    full = f"sum((x - 2*sum(x)/m - 1)^2) + {m - n}*(2*sum(x)/m + 1)^2"
    return (
        TestProblem("linear, full rank", 32, m, full, start, float(m - n), let={"m": m}),
        TestProblem("linear, rank 1", 33, m, "sum((i*sum(k*x) - 1)^2)", start, m * (m - 1) / (2 * (2 * m + 1)),
                    let={"i": i, "k": k}),
        TestProblem("linear, rank 1, zeros", 34, m, "2 + sum((i*sum(k*x[1:-1]) - 1)^2)", start,
                    (m * m + 3 * m - 6) / (2 * (2 * m - 3)), let={"i": i[:-2], "k": k[1:-1]}),
    )  # fmt: skip


_BARD = (0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39)
_GAUSSIAN = (0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989)
_MEYER = (
    34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872,
)  # fmt: skip
_KOWALIK_Y = (0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246)
_KOWALIK_U = (4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625)
_OSBORNE_1 = (
    0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751, 0.718, 0.685, 0.658, 0.628, 0.603,
    0.580, 0.558, 0.538, 0.522, 0.506, 0.490, 0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411,
    0.406,
)  # fmt: skip
_OSBORNE_2 = (
    1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608, 0.655, 0.616, 0.606,
    0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661, 0.612, 0.558, 0.533, 0.495, 0.500, 0.423,
    0.395, 0.375, 0.372, 0.391, 0.396, 0.405, 0.428, 0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668,
    0.645, 0.632, 0.591, 0.559, 0.597, 0.625, 0.739, 0.710, 0.729, 0.720, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098,
    0.054,
)  # fmt: skip

PROBLEMS: tuple[TestProblem, ...] = (
    TestProblem("Rosenbrock", 1, 2, "100*(x[1] - x[0]^2)^2 + (1 - x[0])^2", (-1.2, 1)),
    TestProblem(
        "Freudenstein and Roth", 2, 2,
        "(x[0] - 13 + ((5 - x[1])*x[1] - 2)*x[1])^2 + (x[0] - 29 + ((x[1] + 1)*x[1] - 14)*x[1])^2",
        (0.5, -2), others=(48.984253679240021,),
    ),
    TestProblem(
        "Powell badly scaled", 3, 2, "(10^4*x[0]*x[1] - 1)^2 + (exp(-x[0]) + exp(-x[1]) - 1.0001)^2", (0, 1)
    ),
    TestProblem("Brown badly scaled", 4, 3, "(x[0] - 10^6)^2 + (x[1] - 2e-6)^2 + (x[0]*x[1] - 2)^2", (1, 1)),
    TestProblem("Beale", 5, 3, "sum((y - x[0]*(1 - x[1]^i))^2)", (1, 1), let={"y": (1.5, 2.25, 2.625), "i": (1, 2, 3)}),
    TestProblem("Jennrich and Sampson", 6, 10, "sum((2 + 2*i - exp(i*x[0]) - exp(i*x[1]))^2)", (0.3, 0.4), 124.36218235561485,
                let={"i": _counted(1, 10)}),
    TestProblem(
        "helical valley", 7, 3,
        "100*(x[2] - 10*(atan(x[1]/x[0])/(2*pi) + where(x[0] < 0, 1/2, 0)))^2 + 100*(hypot(x[0], x[1]) - 1)^2 + x[2]^2",
        (-1, 0, 0),
    ),
    TestProblem("Bard", 8, 15, "sum((y - x[0] - u/(v*x[1] + w*x[2]))^2)", (1, 1, 1), 0.0082148773065789798, (17.42869333333333,), let={
        "y": _BARD, "u": _counted(1, 15), "v": _counted(1, 15, -1, 16),
        "w": tuple(min(u, 16 - u) for u in range(1, 16)),
    }),
    TestProblem("Gaussian", 9, 15, "sum((x[0]*exp(-x[1]*(t - x[2])^2/2) - y)^2)", (0.4, 1, 0), 1.1279327696190113e-8, let={
        "t": _counted(1, 15, -0.5, 4), "y": (*_GAUSSIAN, *_GAUSSIAN[-2::-1]),
    }),
    TestProblem("Meyer", 10, 16, "sum((x[0]*exp(x[1]/(t + x[2])) - y)^2)", (0.02, 4000, 250), 87.945855170851121, let={
        "t": _counted(1, 16, 5, 45), "y": _MEYER,
    }),
    TestProblem("Gulf research", 11, 99, "sum((exp(-abs(y - x[1])^x[2]/x[0]) - t)^2)", (5, 2.5, 0.15), let={
        "t": _counted(1, 99, 0.01), "y": tuple(25 + (-50 * math.log(i / 100)) ** (2 / 3) for i in range(1, 100)),
    }),
    TestProblem("Box, three-dimensional", 12, 10,
                "sum((exp(-t*x[0]) - exp(-t*x[1]) - x[2]*(exp(-t) - exp(-10*t)))^2)", (0, 10, 20),
                let={"t": _counted(1, 10, 0.1)}),
    TestProblem(
        "Powell singular", 13, 4,
        "(x[0] + 10*x[1])^2 + 5*(x[2] - x[3])^2 + (x[1] - 2*x[2])^4 + 10*(x[0] - x[3])^4", (3, -1, 0, 1),
    ),
    TestProblem(
        "Wood", 14, 6,
        "100*(x[1] - x[0]^2)^2 + (1 - x[0])^2 + 90*(x[3] - x[2]^2)^2 + (1 - x[2])^2"
        " + 10*(x[1] + x[3] - 2)^2 + (x[1] - x[3])^2/10",
        (-3, -1, -3, -1),
    ),
    TestProblem("Kowalik and Osborne", 15, 11, "sum((y - x[0]*(u^2 + u*x[1])/(u^2 + u*x[2] + x[3]))^2)",
                (0.25, 0.39, 0.415, 0.39), 3.0750560384923778e-4, (0.00102734304869545,), let={"y": _KOWALIK_Y, "u": _KOWALIK_U}),
    TestProblem("Brown and Dennis", 16, 20,
                "sum(((x[0] + t*x[1] - exp(t))^2 + (x[2] + x[3]*sin(t) - cos(t))^2)^2)", (25, 5, -5, -1), 85822.201626356340,
                let={"t": tuple(i / 5 for i in range(1, 21))}),
    TestProblem("Osborne 1", 17, 33, "sum((y - x[0] - x[1]*exp(-t*x[3]) - x[2]*exp(-t*x[4]))^2)",
                (0.5, 1.5, -1, 0.01, 0.02), 5.4648946974829118e-5, let={"t": _counted(0, 32, 10), "y": _OSBORNE_1}),
    TestProblem(
        "Biggs EXP6", 18, 13,
        "sum((x[2]*exp(-t*x[0]) - x[3]*exp(-t*x[1]) + x[5]*exp(-t*x[4]) - exp(-t) + 5*exp(-10*t) - 3*exp(-4*t))^2)",
        (1, 2, 1, 1, 1, 1), 0.0, (0.00565564992549991,), let={"t": tuple(i / 10 for i in range(1, 14))},
    ),
    TestProblem(
        "Osborne 2", 19, 65,
        "sum((y - x[0]*exp(-t*x[4]) - x[1]*exp(-x[5]*(t - x[8])^2) - x[2]*exp(-x[6]*(t - x[9])^2)"
        " - x[3]*exp(-x[7]*(t - x[10])^2))^2)",
        (1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5), 0.040137736293547758,
        let={"t": tuple(i / 10 for i in range(65)), "y": _OSBORNE_2},
    ),
    _watson(6, 0.0022876700535524361),
    _watson(9, 1.3997601380990198e-6),
    _watson(12, 4.7223811058917635e-10),
    TestProblem("extended Rosenbrock, 10", 21, 10, "100*sum((x[1::2] - x[::2]^2)^2) + sum((1 - x[::2])^2)",
                (-1.2, 1) * 5),
    TestProblem(
        "extended Powell singular, 12", 22, 12,
        "sum((x[::4] + 10*x[1::4])^2 + 5*(x[2::4] - x[3::4])^2 + (x[1::4] - 2*x[2::4])^4 + 10*(x[::4] - x[3::4])^4)",
        (3, -1, 0, 1) * 3,
    ),
    _penalty_1(4, 2.2499775008999372e-5),
    _penalty_1(10, 7.0876514670903700e-5),
    _penalty_2(4, 9.3762930073554423e-6),
    _penalty_2(10, 2.9366053745674596e-4),
    TestProblem("variably dimensioned, 10", 25, 12, "sum((x - 1)^2) + sum(k*(x - 1))^2 + sum(k*(x - 1))^4",
                tuple(1 - j / 10 for j in range(1, 11)), let={"k": _counted(1, 10)}),
    TestProblem("trigonometric, 10", 26, 10, "sum((10 - sum(cos(x)) + k*(1 - cos(x)) - sin(x))^2)", (0.1,) * 10,
                0.0, (2.7950561218794563e-5,), let={"k": _counted(1, 10)}),
    TestProblem("Brown almost linear, 10", 27, 10, "sum((x + sum(x) - 11)[:-1]^2) + (prod(x) - 1)^2", (0.5,) * 10,
                0.0, (1.0,)),
    TestProblem(
        "discrete boundary value, 10", 28, 10,
        "(2*x[0] - x[1] + (x[0] + t[0] + 1)^3/242)^2 + (2*x[-1] - x[-2] + (x[-1] + t[-1] + 1)^3/242)^2"
        " + sum((2*x[1:-1] - x[:-2] - x[2:] + (x[1:-1] + t[1:-1] + 1)^3/242)^2)",
        tuple(j / 11 * (j / 11 - 1) for j in range(1, 11)), let={"t": tuple(j / 11 for j in range(1, 11))},
    ),
    TestProblem(
        "discrete integral equation, 10", 29, 10,
        "sum(i=0..9, (x[i] + sum(j=0..9, (1 - max(t[i], t[j]))*min(t[i], t[j])*(x[j] + t[j] + 1)^3)/22)^2)",
        tuple(j / 11 * (j / 11 - 1) for j in range(1, 11)), let={"t": tuple(j / 11 for j in range(1, 11))},
    ),
    TestProblem(
        "Broyden tridiagonal, 10", 30, 10,
        "((3 - 2*x[0])*x[0] - 2*x[1] + 1)^2 + ((3 - 2*x[-1])*x[-1] - x[-2] + 1)^2"
        " + sum(((3 - 2*x[1:-1])*x[1:-1] - x[:-2] - 2*x[2:] + 1)^2)",
        (-1,) * 10,
    ),
    TestProblem(
        "Broyden banded, 10", 31, 10,
        "sum(i=0..9, (x[i]*(2 + 5*x[i]^2) + 1"
        " - sum(j=0..9, where((j != i) & (j >= i - 5) & (j <= i + 1), x[j]*(1 + x[j]), 0)))^2)",
        (-1,) * 10,
    ),
    *_linear(10, 20),
    _chebyquad(7),
    _chebyquad(8, 0.0035168737256779317),
    _chebyquad(9),
    _chebyquad(10, 0.00477271369637536, (0.0065039548008823061,)),
)  # fmt: skip

STEPS = 10_000
"""More than any method takes that gets there."""


def run() -> None:
    """Print what every optimizer makes of every problem."""
    optimizers = ("auto", *METHODS)
    rows = [
        (problem.name, str(len(problem.start)), str(problem.terms), f"{problem.minimum:.6g}",
         *(_outcome(problem, optimizer) for optimizer in optimizers))
        for problem in PROBLEMS
    ]  # fmt: skip
    reached = [str(sum("(" not in row[column] for row in rows)) for column in range(4, 4 + len(optimizers))]
    rows.append(("reached", "", "", "", *reached))
    table(
        "Moré, Garbow, Hillstrom (1981) from the standard starts: steps to the minimum",
        ("problem", "n", "m", "minimum", *optimizers),
        rows,
        note="where no known minimum was reached to 1e-8 of its value: (the value it ended with); *: another minimum",
    )


def _outcome(problem: TestProblem, optimizer: str) -> str:
    """The steps taken, or in brackets the value where that is no known minimum; a star after other known minima."""
    found = descend(problem.text, problem.at, let=problem.let, optimizer=optimizer, steps=STEPS)
    value = found.watch[found.watch.best].value
    if not problem.reached(value):
        return f"({value:.3g})"
    nearest = min((problem.minimum, *problem.others), key=lambda known: abs(known - value))
    return f"{found.steps}{'' if nearest == problem.minimum else '*'}"
