"""Calls of the system that fail, one at a time: commands are run while the N-th write, open, malloc, ... does.

`tests/faults.c`, loaded before the C library, makes it fail; `Faults` builds it and runs commands, each in a folder of
its own that is watched; `wrong` says what is wrong with how one ended. A few dozen runs are tests (test_faults.py);
`.ci/faults` tries every call. Linux and a C compiler are needed.

    scenario --undisturbed--> what is right, how many calls --N = 1, 2, ...--> how it ended --wrong--> "" or a fault
"""

import errno
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradcalc.errors import ExitCode
from tests import HANG, ROOT

MISSING = "" if sys.platform == "linux" and shutil.which("gcc") else "needs Linux and gcc"
"""Why nothing can be made to fail here."""

ADDRESSES = 3_900_000_000
"""Bytes of addresses where memory fails: as in life, where it does only under a limit."""


@dataclass(frozen=True)
class Fault:
    """What fails: kinds of calls, with which error (0: half is done), how often (0: from there on always)."""

    name: str
    calls: str
    errno: int
    times: int = 1
    children: bool = False
    least: int = 0
    """Bytes of memory from which on there are none."""
    leaves: bool = False
    """Whether what is half written can stay, as nothing can be removed."""
    rooms: Sequence[int] = ()
    """No call fails, but a process gets no more than so many bytes of addresses beside those that it has: each is tried."""

    @property
    def codes(self) -> set[int]:
        """The exit codes that tell it; that it did no harm, 0, is right too."""
        return {ExitCode.NO} if self.errno == errno.ENOMEM else {ExitCode.FILE}


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("full", "write sync", errno.ENOSPC, times=0),
        Fault("once full", "write", errno.ENOSPC),
        Fault("short", "read write", 0),
        Fault("interrupted", "open read write sync", errno.EINTR),
        Fault("broken", "read write sync close", errno.EIO),
        Fault("dying", "open read write sync close rename change", errno.EIO, times=0),
        Fault("forbidden", "open rename change", errno.EACCES),
        Fault("descriptors", "open", errno.EMFILE, times=0),
        Fault("stuck", "rename remove", errno.EPERM, times=0, leaves=True),
        Fault("memory", "memory", errno.ENOMEM),
        Fault("no memory", "memory", errno.ENOMEM, times=0, least=4096),
        Fault("threads", "thread", errno.ENOMEM, times=0),
        Fault("helper's memory", "memory", errno.ENOMEM, children=True),
        Fault("limited", "memory", errno.ENOMEM, rooms=[int(2e6 * 1.4**n) for n in range(21)]),
    )
}


@dataclass(frozen=True)
class Scenario:
    """A command, the files that it reads, and those that it must write in whole or not at all."""

    name: str
    words: Sequence[str]
    inputs: Mapping[str, bytes] = field(default_factory=dict)
    outputs: Sequence[str] = ()
    answer: str = ""
    """The file that the answer goes to, as by `> answer.txt`; it may end anywhere."""
    resumes: bool = False
    """Whether what a cut run leaves is for --resume."""
    exits: bool = False
    """Whether it uses Graphviz, which for want of memory ends the process itself: with code 1 and without a word."""
    forget: str = r'"seconds": [^,}]*|[\d,.]+ (m?s|[MG]B/s|rows/s)\b'
    """What the answer says of the clock."""


@dataclass(frozen=True)
class Ran:
    """How a command ended: its exit code, below 0 a signal's number; what it wrote; how many calls there were."""

    code: int
    out: str
    err: str
    files: Mapping[str, bytes]
    counted: int
    failed: int


class Faults:
    """The library, and a process that forks for every run: `preloaded` modules are imported but once."""

    def __init__(self, folder: Path, preloaded: Sequence[str] = ()) -> None:
        self.folder, self.preloaded = folder, preloaded
        self.library = folder / "faults.so"
        command = ["gcc", "-shared", "-fPIC", "-O1", "-w", "-o", self.library, Path(__file__).with_suffix(".c"), "-ldl"]
        subprocess.run(command, check=True)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Faults":
        return self

    def __exit__(self, *why: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process that forks."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _ask(self, job: Mapping[str, Any]) -> int:
        """Have the process run a job; the exit code."""
        if self._process is None:
            environ = {
                **os.environ, "LD_PRELOAD": str(self.library), "COLUMNS": "80",
                "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "OPENBLAS_NUM_THREADS": "1",
                "MPLCONFIGDIR": str(self.folder),
                "PYTHONWARNINGS": "error",
            }  # fmt: skip
            environ.pop("PYTHONDONTWRITEBYTECODE", None)  # to compile is not what fails
            self._process = subprocess.Popen(
                [sys.executable, "-c", _SERVER, *self.preloaded],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ,
            )  # fmt: skip
        assert self._process.stdin and self._process.stdout
        print(json.dumps(job), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def run(self, scenario: Scenario, fault: Fault, at: int, before: Mapping[str, bytes] | None = None) -> Ran:
        """A command in a folder with its inputs, or with what a run `before` left, whose `at`-th call fails; 0: none.

        Where a fault has `rooms`, `at` is one of them, and 0 is without a limit.
        """
        with tempfile.TemporaryDirectory(dir=self.folder) as outer:
            folder, tally = Path(outer, "watched"), Path(outer, "tally")
            folder.mkdir()
            for name, content in (scenario.inputs if before is None else before).items():
                Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
                Path(folder, name).write_bytes(content)
                os.utime(Path(folder, name), (0, 0))  # --resume asks whether it has changed
            tally.write_bytes(bytes(16))
            environ = {
                "FAULTS_CALLS": f" {fault.calls} ", "FAULTS_AT": 0 if fault.rooms else at, "FAULTS_TIMES": fault.times,
                "FAULTS_ERRNO": fault.errno, "FAULTS_UNDER": f"{folder}/", "FAULTS_TALLY": tally,
                "FAULTS_CHILDREN": int(fault.children), "FAULTS_LEAST": fault.least,
            }  # fmt: skip
            if fault.name == "descriptors":
                environ["FAULTS_UNDER"] = ""
            code = self._ask(
                {
                    "words": scenario.words, "folder": str(folder), "seconds": HANG,
                    "out": f"{folder}/{scenario.answer}" if scenario.answer else f"{outer}/out", "err": f"{outer}/err",
                    "addresses": ADDRESSES if fault.errno == errno.ENOMEM else 0, "room": at if fault.rooms else 0,
                    "environ": {name: str(value) for name, value in environ.items()},
                }
            )  # fmt: skip
            counted, failed = struct.unpack("qq", tally.read_bytes())
            files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
            out = files.pop(scenario.answer) if scenario.answer else Path(outer, "out").read_bytes()
            err = Path(outer, "err").read_text(errors="replace")
            return Ran(code, out.decode(errors="replace"), err, files, counted, failed)


_SERVER = """
import atexit, ctypes, importlib, json, os, resource, signal, sys, time
library = ctypes.CDLL(None)
for name in sys.argv[1:]:
    importlib.import_module(name)
import gradcalc.cli
atexit._clear()  # a process that has just begun has nothing to do at its end
for line in sys.stdin:
    job = json.loads(line)
    child = os.fork()
    if not child:
        os.chdir(job["folder"])
        for number, name in enumerate((os.devnull, job["out"], job["err"])):
            opened = os.open(name, os.O_RDWR | os.O_CREAT)
            os.dup2(opened, number)
            os.close(opened)
        sys.stdin, sys.argv = open(0), ["gradcalc", *job["words"]]
        if job["addresses"]:
            with open("/proc/self/statm") as told:
                held = int(told.read().split()[0]) * resource.getpagesize()
            limit = held + job["room"] if job["room"] else job["addresses"]
            resource.setrlimit(resource.RLIMIT_AS, (limit,) * 2)
        os.environ.update(job["environ"])
        if os.environ["FAULTS_CHILDREN"] == "0":
            del os.environ["FAULTS_CHILDREN"]
            library.faults_begin()
        gradcalc.cli.run()
    late = time.monotonic() + job["seconds"]
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        time.sleep(0.002)
        if time.monotonic() > late:
            os.kill(child, signal.SIGKILL)
    print(os.waitstatus_to_exitcode(ended[1]), flush=True)
"""


_OPENBLAS = r"OpenBLAS error: Memory allocation still failed after 10 retries, giving up.\n"


def wrong(scenario: Scenario, fault: Fault, right: Ran, ran: Ran) -> str:
    """What is wrong with how a run ended; "" where it is right."""
    told = ran.err.strip().splitlines()
    if ran.code == 127 and "thread-local data: ABORT" in ran.err:
        return ""  # glibc ends the process where it loads a library, and asks nobody
    if fault.rooms and ran.code == ExitCode.NO and re.fullmatch(_OPENBLAS, ran.err):
        told = ["error: OpenBLAS ends the process itself, with a line of its own"]
    if scenario.exits and fault.errno == errno.ENOMEM and (ran.code, ran.out, ran.err) == (ExitCode.NO, "", ""):
        return ""
    if ran.code not in {right.code, *fault.codes}:
        return f"exit code {ran.code}: {ran.err[-600:]}{ran.out[-200:]}"
    if "Traceback" in ran.err or "defect of gradcalc" in ran.err:
        return ran.err[-1500:]
    changed = {name for name in {**ran.files, **right.files} if ran.files.get(name) != scenario.inputs.get(name)}
    kept = {name for name in changed if fault.leaves or scenario.resumes and name.split("/")[0].endswith(".gradcalc")}
    if stray := changed - kept - set(scenario.outputs):
        return f"left behind or lost: {stray}"
    for name in scenario.outputs:
        if ran.files.get(name) not in (right.files[name], scenario.inputs.get(name)):
            return f"{name} is neither the old nor the right one"
    if ran.code == right.code:
        if _plain(scenario, ran.out) != _plain(scenario, right.out):
            return f"another answer: {ran.out[:600]}"
        if lost := [name for name in scenario.outputs if ran.files.get(name) != right.files[name]]:
            return f"done, but not written: {lost}"
        fell = fault.errno == errno.ENOMEM  # and said so, after the answer
        return "" if fell or _plain(scenario, ran.err) == _plain(scenario, right.err) else f"said: {ran.err[-600:]}"
    if "--json" in scenario.words and not told:
        told = ["error: " + json.loads(ran.out[ran.out.rindex('{"error"') :])["error"]["message"]]
    errors = [line for line in told if line.startswith("error: ")]
    return "" if len(errors) == 1 and len(told) <= 3 else f"not one clear line: {ran.err[-600:]!r}"


def scenarios(small: bool = False) -> list[Scenario]:
    """The commands that read and write files, each with small files; `small`: those that are tests."""
    import numpy as np
    import pyarrow as pa

    rows = np.random.default_rng(5).uniform(0.5, 2, (300, 2)).round(3)
    table = pa.table({"x": rows[:, 0], "y": rows[:, 1]})
    data = {suffix: _in_format(suffix, table) for suffix in ("csv", "parquet", "npy", "jsonl", "npz", "arrow")}
    line = b"x,y\n" + b"".join(b"%.3f,%.4f\n" % (x, 2 * np.exp(-x) + 0.01 * y) for x, y in rows[:40])
    own = {"f.txt": b"x**4 + sin(y)\n", "p.csv": b"x,y\n2,3\n4,5\n"}
    asked = ["@f.txt", "--at", "@p.csv", "--no-symbolic"]

    def mapped(source: str, target: str, *more: str) -> Scenario:
        name = f"map {source} to {target}"
        words = ["map", "x*exp(y)", f"in.{source}", "-o", f"out.{target}", *more]
        return Scenario(name, words, {f"in.{source}": data[source]}, [f"out.{target}"], resumes=True)

    point = ["--at", "x=1,y=2"]
    found = [
        Scenario("grad", ["grad", *asked, "--json"], own),
        Scenario("grad > answer", ["grad", *asked], own, answer="answer.txt"),
        mapped("csv", "csv"),
        mapped("parquet", "parquet"),
        mapped("npy", "npy"),
        Scenario("descend", ["descend", "(x-1)^2 + y^2", "--at", "x=0,y=1", "--trace", "t.csv"],
                 {"t.csv": b"old"}, ["t.csv"]),
        Scenario("fit --residuals", ["fit", "y ~ a*exp(-b*x)", "--data", "d.csv", "--at", "a=1,b=1", "--residuals",
                 "r.csv"], {"d.csv": line}, ["r.csv"]),
        Scenario("critical --proof", ["critical", "x^3 - 3*x", "--box", "x=-2:2", "--proof", "p.json"], {}, ["p.json"]),
        Scenario("export", ["export", "x^2*sin(y)", "--to", "c", "-o", "f.c"], {"f.c": b"old"}, ["f.c"]),
        Scenario("report", ["report", "x^2*sin(y)", *point, "-o", "r.html", "--no-symbolic"], {}, ["r.html"], exits=True),
    ]  # fmt: skip
    if small:
        return found
    pairs = b"formula,wrt,claim\nx^2,x,2*x\nsin(x),x,cos(x)\n"
    return [
        *found,
        mapped("parquet", "csv", "--keep", "all"),
        mapped("csv", "npz"),
        mapped("npz", "jsonl"),
        mapped("jsonl", "arrow"),
        mapped("arrow", "parquet", "--digits"),
        Scenario("grad with SymPy", ["grad", "x**4 + y**2 + 1", *point, "--json"],
                 forget=r'"symbolic_\w+": ("[^"]*"|null), |"symbolic": .*?, "certified_value"'),
        Scenario("hessian", ["hessian", *asked, "--json"], own),
        Scenario("check", ["check", "pairs.csv", "--junit", "j.xml"], {"pairs.csv": pairs}, ["j.xml"]),
        Scenario("plot png", ["plot", "x^2*sin(x)", "--at", "x=1", "-o", "p.png"], {"p.png": b"old"}, ["p.png"]),
        Scenario("plot svg", ["plot", "x^2 - y^2", *point, "-o", "p.svg"], {}, ["p.svg"]),
        Scenario("graph", ["graph", "x^2 - y^2", *point, "-o", "g.svg"], {}, ["g.svg"], exits=True),
        Scenario("fit --data", ["fit", "y ~ a*x + b", "--data", "in.parquet", "--json"], {"in.parquet": data["parquet"]}),
        Scenario("propagate --cov", ["propagate", "x*y", "--at", "x=1±0.1,y=2±0.2", "--cov", "c.csv"],
                 {"c.csv": b"x,y\n0.01,0.001\n0.001,0.04\n"}),
        Scenario("descend --data", ["descend", "(y-a*x)^2", "--at", "a=1", "--data", "in.npy"], {"in.npy": data["npy"]}),
    ]  # fmt: skip


def _in_format(suffix: str, table: Any) -> bytes:
    """A table as a file's bytes."""
    from tests.data import write

    with tempfile.TemporaryDirectory() as folder:
        return write(Path(folder, f"in.{suffix}"), table).read_bytes()


def _plain(scenario: Scenario, text: str) -> str:
    """A text without what depends on the clock."""
    return re.sub(scenario.forget, "", text)
