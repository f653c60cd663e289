"""Many calls in one process, each of another formula, and what the process holds after them: nothing may grow.

Some hundreds are a test (test_soak.py), 10,000 and more `.ci/soak`. Linux tells what a process holds.
"""

import contextlib
import gc
import io
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import gradcalc
from gradcalc.arithmetic.native.kernel import shared
from gradcalc.cli import main
from gradcalc.cli.repl.session import Session

MISSING = "" if sys.platform == "linux" else "only Linux tells what a process holds"
OURS = ("Graph", "Formula", "Report", "Kernel", "Tensor", "Session", "Engine", "GradientTape")
"""Objects that are counted: what an answer leaves behind that should have gone."""


@dataclass(frozen=True)
class Held:
    """What this process holds: bytes, open files, threads, children, objects by the names of their classes."""

    memory: int
    descriptors: int
    threads: int
    children: int
    objects: Counter[str]

    @classmethod
    def now(cls) -> "Held":
        """After everything that nobody holds has gone."""
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        children = " ".join(path.read_text() for path in Path("/proc/self/task").glob("*/children"))
        objects = Counter(type(each).__name__ for each in gc.get_objects())
        return cls(
            pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/fd")), threading.active_count(),
            len(children.split()), Counter({name: objects[name] for name in OURS}),
        )  # fmt: skip

    def grown(self, before: "Held", memory: int) -> str:
        """What there is more of than before; "" if nothing, and at most so many bytes."""
        more = {
            name: (getattr(before, name), getattr(self, name))
            for name in ("descriptors", "threads", "children")
            if getattr(self, name) > getattr(before, name)
        }
        found = [f"{name}: {old} before, {new} now" for name, (old, new) in more.items()]
        if objects := self.objects - before.objects:
            found.append(f"objects: {dict(objects)} more")
        if self.memory - before.memory > memory:
            found.append(f"memory: {self.memory - before.memory:,} bytes more")
        return "; ".join(found)


def _words(*words: str, codes: tuple[int, ...] = (0,)) -> None:
    """A command line in this process."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main(words)
    assert code in codes, (words, code, out.getvalue())


def _differentiated(k: int) -> None:
    report = gradcalc.differentiate(f"x^2*sin({k}*y)", at={"x": 2, "y": k / 7}, symbolic=False)
    assert abs(report.gradient["x"] - 4 * np.sin(k * (k / 7))) < 1e-9


def _compiled(k: int) -> None:
    kernel = gradcalc.compile(f"x^2 + {k}*exp(-x)", wrt=["x"], order=1)
    assert kernel(x=np.zeros(9)).gradient[0, 0] == -k


def _taped(k: int) -> None:
    x = gradcalc.Variable(np.full(5, float(k)))
    with gradcalc.GradientTape(persistent=True) as tape:
        y = np.sum(x**2)
    assert float(tape.gradient(y, x)[0]) == 2 * k


def _session(k: int) -> None:
    session = Session()
    with contextlib.redirect_stdout(io.StringIO()) as out:
        for line in (":set symbolic off", f"f(x) = {k}*x^3", "f'(2)", "g = f(y)", "y = 3", "grad g"):
            session.run(line)
    assert str(12 * k) in out.getvalue()


def calls(folder: Path) -> list[Callable[[int], None]]:
    """One of each kind of call; each is told a number, which makes its formula another one."""
    shared.most = 8  # code is kept, of 256 graphs: fewer here, so that its end is soon reached
    data = folder / "in.csv"
    data.write_text("x,y\n" + "".join(f"{k},{k / 3}\n" for k in range(40)))
    at = ("--at", "x=1,y=2", "--no-symbolic")
    return [
        _differentiated,
        lambda k: _words("grad", f"x^{k % 50}*y + {k}", *at, "--json"),
        _taped,
        lambda k: _words("hessian", f"exp(-x*y/{k})", *at),
        lambda k: _words("grad", f"x + {k})", *at, codes=(2,)),
        _compiled,
        lambda k: _words("critical", f"x^2 - {k}*x", "--box", f"x=0:{k}"),
        lambda k: _words("map", f"x*y + {k}", str(data), "-o", str(folder / "out.csv"), "--quiet"),
        lambda k: _words("grad", f"log(-{k}*x*y)", *at, codes=(3,)),
        _session,
        lambda k: _words("map", f"x*z + {k}", str(data), "-o", str(folder / "no.csv"), codes=(4,)),
        lambda k: _words("check", f"{k}*x^2", "--claim", f"{2 * k}*x"),
        lambda k: _words("descend", f"(x-{k})^2", "--at", "x=0", "--quiet"),
        lambda k: _words("steps", f"{k}*x*sin(x)", "--wrt", "x"),
        lambda k: _words("plot", f"x^2 + {k}", "--at", "x=1", "-o", str(folder / "p.svg")) if k % 40 == 1 else None,
        lambda k: _words("grad", f"x^2*y + {k}", *at[:2]) if k % 20 == 1 else None,
    ]
