"""The time of exported C beside that of CasADi's generated C: value, gradient and Hessian, both by gcc -O2.

    python benchmarks/export.py        needs casadi and gcc

Prints the least processor time of each in many rounds, and the median of ours over CasADi's; below 1 ours is faster.
"""

import ctypes
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median

from gradcalc.truth.questions.export import export

FORMULAS = {
    "rosenbrock": "(1-x)^2 + 100*(y-x^2)^2",
    "gauss": "exp(-(x-y)^2/2)/sqrt(2*pi)*z",
    "waves": "sin(x*y)*cos(y*z)+sin(z*x)",
    "quotient": "x*y/(z*z+1) - y/(x*x+1)",
    "logistic": "log(1+exp(x*y+z))",
    "powers": "x^5*y^3/z^2 + x^7",
    "kepler": "x*y/sqrt(x^2+y^2+z^2)^3",
    "tanh": "tanh(x*y+z)*tanh(x-z)",
    "roots": "x^0.5*y^1.5",
    "asin": "asin(x*y/3)",
    "lens": "1/(1/x+y/z)",
    "relativity": "x/sqrt(1-y^2/z^2)",
    "planck": "x*y^3/(exp(x*y/z)-1)",
    "normal": "exp(-0.5*((x-y)/z)^2)/(z*sqrt(2*pi))",
}
_ROUNDS, _CALLS = 400, 1_000
_LOOP = """
void loop_{name}(long n, const double *x, double *out) {{
    long i;
    for (i = 0; i < n; i++) {{ {call} }}
}}
"""


def compiled(folder: Path, name: str, text: str) -> ctypes.CDLL:
    """A library of C."""
    (folder / f"{name}.c").write_text(text)
    subprocess.run(
        ["gcc", "-O2", "-w", "-shared", "-fPIC", "-o", f"{name}.so", f"{name}.c", "-lm"], cwd=folder, check=True
    )
    return ctypes.CDLL(str(folder / f"{name}.so"))


def theirs(folder: Path, name: str, text: str, variables: tuple[str, ...]) -> str:
    """CasADi's C for the same."""
    import casadi

    symbols = {each: casadi.SX.sym(each) for each in variables}
    scope = {
        **symbols,
        "pi": casadi.pi,
        **{f: getattr(casadi, f) for f in ("sin", "cos", "exp", "log", "sqrt", "tanh", "asin", "acos", "atan")},
    }
    value = eval(text.replace("^", "**"), {"__builtins__": {}}, scope)
    x = casadi.vertcat(*symbols.values())
    hessian, gradient = casadi.hessian(value, x)
    function = casadi.Function("theirs", [x], [value, gradient, casadi.densify(hessian)])
    generator = casadi.CodeGenerator(f"{name}_casadi.c")
    generator.add(function)
    generator.generate(f"{folder}/")
    return (folder / f"{name}_casadi.c").read_text()


def compared(one: "ctypes._CFuncPtr", other: "ctypes._CFuncPtr", n: int) -> tuple[float, float, float]:
    """The least processor time of each in nanoseconds a call, and the median of their ratios, each taken side by side."""
    x, out = (ctypes.c_double * n)(*[0.5 + 0.2 * i for i in range(n)]), (ctypes.c_double * (1 + n + n * n))()
    rounds = []
    for _ in range(_ROUNDS):
        times = [time.process_time()]
        for function in (one, other):
            function(ctypes.c_long(_CALLS), x, out)
            times.append(time.process_time())
        rounds.append([(b - a) / _CALLS * 1e9 for a, b in pairwise(times)])
    least = [min(each) for each in zip(*rounds, strict=True)]
    return least[0], least[1], median(a / b for a, b in rounds)


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, text in FORMULAS.items():
            made = export(text, "c", 2, "ours")
            n = len(made.variables)
            call = f"ours(x, out, out + 1, out + {1 + n});"
            one = compiled(folder, f"{name}_ours", made.source + _LOOP.format(name="ours", call=call))
            call = (
                f"const double *arg[1] = {{x}}; double *res[3] = {{out, out + 1, out + {1 + n}}}; "
                "theirs(arg, res, 0, 0, 0);"
            )
            other = theirs(folder, name, text, made.variables) + _LOOP.format(name="theirs", call=call)
            two = compiled(folder, f"{name}_theirs", other)
            ours, casadi, ratio = compared(one.loop_ours, two.loop_theirs, n)
            print(f"{name:12} ours {ours:7.1f} ns  CasADi {casadi:7.1f} ns  ratio {ratio:.2f}")


if __name__ == "__main__":
    sys.exit(main())
