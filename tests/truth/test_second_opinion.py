"""The process that runs SymPy: what it answers, and how it ends."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import gradcalc
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.truth import second_opinion
from gradcalc.truth.second_opinion import Entry, Job, Opinion, Worker, get_worker, pack, unpack
from tests import HANG

if sys.platform == "linux":
    import resource

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
ROOT = str(Path(gradcalc.__file__).parent.parent)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.stop()


def variables(*names: str) -> list[Any]:
    graph = Graph()
    return [graph.ref(graph.input(name)) for name in names]


def ask(worker: Worker, node: Ref, *wrt: str, order: int = 1, seconds: float = HANG, latex: bool = False) -> Opinion:
    return worker.submit(node.graph, node.index, wrt, order, seconds, latex=latex).result()


def until(happened: Callable[[], bool]) -> None:
    """Wait for something to happen."""
    deadline = time.monotonic() + HANG
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def formulas(answer: Opinion) -> dict[tuple[str, ...], str]:
    return {key: entry.formula if isinstance(entry, Entry) else entry for key, entry in answer.entries.items()}


def number(graph: Graph, op: ops.Op, *operands: int | Ref) -> Any:
    """A constant too large to write, as its op."""
    indices = [graph.constant(n) if isinstance(n, int) else n.index for n in operands]
    return graph.ref(graph.emit(op, tuple(indices)))


def nested(x: Any, y: Any) -> Any:
    formula = x
    for _ in range(8):
        formula = ops.sin(formula * y) + formula**2
    return formula


def huge_power(x: Any, y: Any) -> Any:
    return x * number(x.graph, ops.powi, 9, number(x.graph, ops.powi, 9, 9))


def huge_factorial(x: Any, y: Any) -> Any:
    return x * number(x.graph, ops.factorial, 10**7)


def test_first_derivatives_come_as_text_latex_and_graph(worker: Worker) -> None:
    x, y = variables("x", "y")
    answer = ask(worker, x**4 + y**2 + 1, "x", "y", latex=True)
    assert (answer.status, answer.reason) == ("done", "")
    assert formulas(answer) == {("x",): "4*x**3", ("y",): "2*y"}
    entry = answer.entries["x",]
    assert isinstance(entry, Entry)
    assert entry.latex == "4 x^{3}"
    assert [entry.graph.nodes[i].op.name for i in entry.graph.needed([entry.output])][-1] == "mul"
    assert list(entry.graph.inputs) == ["x"]


def test_second_derivatives_are_the_upper_triangle_by_rows(worker: Worker) -> None:
    x, y = variables("x", "y")
    answer = ask(worker, x**2 * y, "x", "y", order=2)
    assert list(formulas(answer).items()) == [
        (("x",), "2*x*y"), (("y",), "x**2"), (("x", "x"), "2*y"), (("x", "y"), "2*x"), (("y", "y"), "0"),
    ]  # fmt: skip


def test_only_the_formula_asked_about_is_sent() -> None:
    x, y = variables("x", "y")
    formula, _ = x * x, y**7
    graph, output = unpack(pack(x.graph, formula.index))
    assert (len(graph), output, list(graph.inputs)) == (2, 1, ["x"])


def test_constants_and_elements_of_arrays_keep_their_text(worker: Worker) -> None:
    x, _ = variables("x[0]", "x[0,1]")
    tenth = x.graph.ref(x.graph.constant("0.1"))
    answer = ask(worker, tenth * x * x, "x[0]", latex=True)
    assert formulas(answer) == {("x[0]",): "x[0]/5"}
    entry = answer.entries["x[0]",]
    assert isinstance(entry, Entry)
    assert "x_{0}" in entry.latex


def test_one_unsupported_derivative_leaves_the_others(worker: Worker) -> None:
    x, y = variables("x", "y")
    answer = ask(worker, ops.floor(x) + y**2, "x", "y")
    assert answer.status == "done"
    assert formulas(answer) == {("x",): "floor has no SymPy derivative", ("y",): "2*y"}


def test_no_derivative_at_all_is_unsupported(worker: Worker) -> None:
    (x,) = variables("x")
    answer = ask(worker, ops.floor(x), "x")
    assert (answer.status, answer.reason) == ("unsupported", "floor has no SymPy derivative")


def test_a_formula_that_sympy_refuses_is_unsupported(worker: Worker) -> None:
    (x,) = variables("x")
    root = number(x.graph, ops.sqrt, -1)
    answer = ask(worker, ops.where(ops.gt(root, x), x, 1), "x")
    assert answer.status == "unsupported"
    assert "SymPy refuses gt" in answer.reason


def test_a_bug_in_the_process_is_an_answer(worker: Worker) -> None:
    (x,) = variables("x")
    broken = Graph()
    answer = worker.submit(broken, broken.constant("no number"), ["x"], seconds=HANG).result()
    assert answer.status == "unsupported"
    assert answer.reason.startswith("SymPy failed: TypeError")
    assert ask(worker, x * x, "x").status == "done"


@pytest.mark.parametrize("formula", [nested, huge_power, huge_factorial])
def test_a_blow_up_is_timed_out_and_the_next_job_works(worker: Worker, formula: Any) -> None:
    x, y = variables("x", "y")
    started = time.monotonic()
    answer = ask(worker, formula(x, y), "x", "y", order=2, seconds=1.0)
    assert time.monotonic() - started < HANG
    assert (answer.status, answer.reason) == ("timed out", "more than 1 s")
    assert formulas(ask(worker, x * x, "x")) == {("x",): "2*x"}


def test_what_was_finished_in_time_is_kept(worker: Worker) -> None:
    x, y = variables("x", "y")
    job = worker.submit(x.graph, nested(x, y).index, ["x", "y"], 2, HANG)
    until(lambda: ("x",) in job.entries)
    job.deadline = time.monotonic()  # the time is up
    answer = job.result()
    assert answer.status == "timed out"
    assert ("x",) in answer.entries
    assert len(answer.entries) < 5


def test_a_large_power_of_a_sum_is_no_blow_up(worker: Worker) -> None:
    x, y, z = variables("x", "y", "z")
    assert ask(worker, (x + y + z) ** 120, "x", "y", "z", order=2).status == "done"


@linux
def test_the_process_may_have_one_gibibyte(worker: Worker) -> None:
    (x,) = variables("x")
    ask(worker, x, "x")
    assert worker._process is not None
    assert resource.prlimit(worker._process.pid, resource.RLIMIT_AS) == (1 << 30, 1 << 30)


@linux
def test_too_much_memory_is_timed_out_with_its_reason(worker: Worker) -> None:
    (x,) = variables("x")
    ask(worker, x, "x")
    assert worker._process is not None
    pages = int(Path(f"/proc/{worker._process.pid}/statm").read_text().split()[0])
    room = pages * resource.getpagesize() + (20 << 20)
    resource.prlimit(worker._process.pid, resource.RLIMIT_AS, (room, 1 << 30))
    answer = ask(worker, x * number(x.graph, ops.powi, 2, 2**28), "x")
    assert (answer.status, answer.reason) == ("timed out", "more than 1 GiB")
    assert ask(worker, x * x, "x").status == "done"


@linux
def test_the_alarm_ends_a_process_that_nobody_waits_for() -> None:
    worker = Worker()
    x, y = variables("x", "y")
    job = worker.submit(x.graph, huge_power(x, y).index, ["x"], 1, 0.5)
    assert job.finished.wait(HANG)
    assert job.result().reason == "more than 0.5 s"
    worker.stop()


def test_jobs_run_one_after_the_other_and_each_gets_its_own_answer(worker: Worker) -> None:
    (x,) = variables("x")
    jobs = [worker.submit(x.graph, (x ** (n + 2)).index, ["x"], 1, HANG) for n in range(20)]
    found = [formulas(job.result())["x",] for job in reversed(jobs)]
    assert found[-1] == "2*x"
    assert found[::-1][1:] == [f"{n + 2}*x**{n + 1}" for n in range(1, 20)]


def test_threads_may_share_a_worker(worker: Worker) -> None:
    (x,) = variables("x")
    found: dict[int, Any] = {}

    def run(n: int, node: Ref) -> None:
        found[n] = formulas(ask(worker, node, "x"))

    threads = [threading.Thread(target=run, args=(n, x ** (n + 2))) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: {("x",): f"{n + 2}*x**{n + 1}"} for n in range(1, 9)}


def test_a_large_request_does_not_block_its_sender(worker: Worker) -> None:
    worker.stop()
    graph = Graph()
    total = graph.ref(graph.emit(ops.add, tuple(graph.input(f"x{i}") for i in range(20_000))))
    started = time.monotonic()
    job = worker.submit(graph, total.index, ["x0"], 1, HANG)
    assert time.monotonic() - started < HANG
    assert formulas(job.result()) == {("x0",): "1"}


def test_a_process_that_was_killed_is_started_again(worker: Worker) -> None:
    (x,) = variables("x")
    ask(worker, x, "x")
    assert worker._process is not None
    worker._process.kill()
    worker._process.wait()
    assert ask(worker, x * x, "x").status == "done"


def test_a_process_that_dies_at_work_is_an_answer(worker: Worker) -> None:
    x, y = variables("x", "y")
    ask(worker, x, "x")
    job = worker.submit(x.graph, huge_power(x, y).index, ["x"], 1, HANG)
    until(lambda: worker._current is job)
    assert worker._process is not None
    worker._process.kill()
    answer = job.result()
    assert answer.status == "unsupported"
    assert "ended with code" in answer.reason


def test_no_python_to_start_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    (x,) = variables("x")
    answer = ask(Worker(), x, "x")
    assert answer.status == "unsupported"
    assert "cannot start Python" in answer.reason


def test_without_sympy_the_answer_comes_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sympy.py").write_text("raise ImportError('absent', name='sympy')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    worker = Worker()
    (x,) = variables("x")
    started = time.monotonic()
    answer = ask(worker, x, "x")
    assert time.monotonic() - started < HANG
    assert (answer.status, answer.reason) == ("unsupported", "SymPy is not installed")
    worker.stop()


def script(code: str, folder: Path, *, wait: bool = True) -> "subprocess.Popen[str]":
    path = folder / "script.py"
    path.write_text(PREAMBLE + textwrap.dedent(code))
    environment = {**os.environ, "PYTHONPATH": ROOT}
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-X", "dev", str(path)], cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    if wait:
        process.wait(HANG)
    return process


def outcome(process: "subprocess.Popen[str]") -> tuple[str, str]:
    out, err = process.communicate(timeout=HANG)
    return out.strip(), err


PREAMBLE = """
import os, time
from gradcalc.graph import ops
from gradcalc.graph.graph import Graph
from gradcalc.truth.second_opinion import get_worker
graph = Graph()
x = graph.ref(graph.input("x"))
worker = get_worker()
def ask(node, seconds=60.0):
    return worker.submit(graph, node.index, ["x"], 1, seconds)
"""


def test_a_script_needs_no_main_guard_and_leaves_quietly(tmp_path: Path) -> None:
    process = script("print(ask(x * x).result().entries['x',].formula)", tmp_path)
    assert outcome(process) == ("2*x", "")


def test_a_script_may_end_with_a_job_under_way(tmp_path: Path) -> None:
    started = time.monotonic()
    assert outcome(script("ask(x * x); print('end')", tmp_path)) == ("end", "")
    assert time.monotonic() - started < HANG


def test_a_sympy_in_the_working_directory_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "sympy.py").write_text("open('ran', 'w').close()")
    assert outcome(script("print(ask(x * x).result().status)", tmp_path)) == ("done", "")
    assert not (tmp_path / "ran").exists()


def test_the_client_imports_no_sympy_nor_numpy(tmp_path: Path) -> None:
    process = script("import sys; print('sympy' in sys.modules, 'numpy' in sys.modules)", tmp_path)
    assert outcome(process) == ("False False", "")


@linux
def test_a_fork_gets_a_process_of_its_own(tmp_path: Path) -> None:
    process = script(
        """
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        ask(x).result()
        before = worker._process.pid
        child = os.fork()
        answer = ask(x * x).result()
        assert answer.entries["x",].formula == "2*x"
        assert (worker._process.pid == before) == (child != 0)
        if child:
            assert os.waitpid(child, 0)[1] == 0
            assert ask(x * x).result().status == "done"
            print("both")
        """,
        tmp_path,
    )
    assert outcome(process) == ("both", "")


@linux
@pytest.mark.parametrize("busy", [False, True])
def test_a_killed_parent_leaves_no_process_behind(tmp_path: Path, busy: bool) -> None:
    code = """
        nine = graph.constant(9)
        power = graph.ref(graph.emit(ops.powi, (nine, graph.emit(ops.powi, (nine, nine)))))
        ask(x).result()
        if BUSY:
            job = ask(x * power)
            while worker._current is not job:
                time.sleep(0.01)
        print(worker._process.pid, flush=True)
        time.sleep(60)
        """
    parent = script(code.replace("BUSY", str(busy)), tmp_path, wait=False)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert _is_alive(child)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + HANG
    while _is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _is_alive(child)


def _is_alive(process: int) -> bool:
    """Whether the process runs; one that has ended and was not waited for does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    return False


@linux
def test_ctrl_c_in_the_terminal_does_not_reach_the_process(worker: Worker) -> None:
    (x,) = variables("x")
    ask(worker, x, "x")
    assert worker._process is not None
    process = worker._process
    assert os.getpgid(process.pid) != os.getpgid(0)
    process.send_signal(signal.SIGINT)
    assert ask(worker, x * x, "x").status == "done"
    assert worker._process is process


def test_there_is_one_worker_per_process() -> None:
    assert get_worker() is get_worker()


def test_threads_that_ask_at_once_get_one_worker_and_one_process(tmp_path: Path) -> None:
    code = """
        import threading
        from concurrent.futures import ThreadPoolExecutor
        from gradcalc.truth import second_opinion as module
        module._worker = None  # as before its first use
        gate = threading.Barrier(8, timeout=30)
        def work(n):
            gate.wait()
            mine = get_worker()
            mine.start()
            formula = mine.submit(graph, (x**(n + 2)).index, ["x"], 1, 60.0).result().entries["x",].formula
            return id(mine), mine._process.pid, formula
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(work, range(1, 9)))
        print(len({a for a, _, _ in found}), len({b for _, b, _ in found}), found[0][2])
        """
    assert outcome(script(code, tmp_path)) == ("1 1 3*x**2", "")


@linux
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_other_processes_have_their_own_and_none_is_left(tmp_path: Path, method: str) -> None:
    code = """
        import multiprocessing, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        def work(n):
            job = get_worker().submit(graph, (x * x).index, ["x"], 1, 60.0)
            return get_worker()._process.pid, job.result().entries["x",].formula
        if __name__ == "__main__":
            own = work(0)
            with multiprocessing.get_context("METHOD").Pool(2) as pool:
                found = pool.map(work, range(8), 1)
                pool.close()
                pool.join()
            assert {formula for _, formula in found} == {"2*x"} == {own[1]}
            assert own[0] not in [pid for pid, _ in found]
            assert len({pid for pid, _ in found}) <= 2
            print(own[0], *{pid for pid, _ in found})
        """
    out, err = outcome(script(code.replace("METHOD", method), tmp_path))
    assert not err
    deadline = time.monotonic() + HANG
    while any(map(_is_alive, map(int, out.split()))) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(out.split()) >= 2
    assert not any(map(_is_alive, map(int, out.split())))


@linux
def test_a_stopped_worker_leaves_no_process_and_starts_again(worker: Worker) -> None:
    (x,) = variables("x")
    ask(worker, x, "x")
    assert worker._process is not None
    before = worker._process.pid
    worker.stop()
    assert not _is_alive(before)
    assert ask(worker, x * x, "x").status == "done"


def test_an_embedded_python_without_a_program_has_no_second_opinion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", None)
    monkeypatch.setattr(second_opinion, "_worker", None)
    report = gradcalc.differentiate("x^2", {"x": 1})
    assert report.symbolic_status == "unsupported" and "embedded" in report.symbolic_reason
    assert report.points[0].verdict == "agrees"


def test_what_is_waited_for_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(second_opinion, "PATIENCE", 0)
    job = Job(Worker(), b"", 0.0, time.monotonic() + HANG)
    threading.Timer(0.01, job.finish, ("done",)).start()
    assert job.result(lambda: told.append("waiting")).status == "done"
    assert told == ["waiting"]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """SymPy in this process, where there are no signals, threads and others."""
    monkeypatch.setattr(second_opinion, "_worker", None)
    monkeypatch.delattr(signal, "setitimer", raising=False)
    monkeypatch.setattr(subprocess, "Popen", None)
    monkeypatch.setattr(threading, "Thread", None)
    monkeypatch.setattr(second_opinion, "_FORMS_SECONDS", HANG)  # a profiler slows what is done here
    second_opinion.work_here()
    yield get_worker()
    assert sys.getprofile() is None


PLACES = ({"x": 1, "y": 2}, None)


def both(at: Any) -> dict[str, Any]:
    """What is known of a formula, SymPy heard, which has a form for one of two."""
    found = gradcalc.differentiate("x*abs(y) + x^2*abs(y) + zeta(y)", at, order=2, symbolic_timeout=HANG).to_dict()
    assert found["symbolic_status"] == "done"
    return found


@pytest.fixture(scope="module")
def from_a_process() -> list[dict[str, Any]]:
    return [both(at) for at in PLACES]


def test_without_processes_the_same_is_said(from_a_process: list[dict[str, Any]], here: Worker) -> None:
    assert [both(at) for at in PLACES] == from_a_process


def test_without_processes_the_clock_is_looked_at_and_what_was_found_stays(here: Worker) -> None:
    x = product = variables("x")[0]
    for k in range(2, 60):
        product = product * (x**k + 1) ** k
    answer = ask(here, product, "x", order=2, seconds=0.2)
    assert (answer.status, answer.reason) == ("timed out", "more than 0.2 s")
    assert ("x", "x") not in answer.entries
    assert formulas(ask(here, x * x, "x")) == {("x",): "2*x"}


@pytest.mark.parametrize("calls", range(1, 9))
def test_the_clock_ends_work_that_lets_go_of_generators(calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def generator() -> Iterator[int]:
        yield from (1, 2)

    def work() -> None:
        for _ in range(1_000):
            next(generator())

    monkeypatch.setattr(second_opinion, "_CALLS", calls)
    with pytest.raises(second_opinion._Slow), second_opinion._looking(0.0):
        for _ in range(20):
            work()
    assert sys.getprofile() is None
