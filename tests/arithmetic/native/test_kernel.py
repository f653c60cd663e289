"""Kernels in use: threads, forked processes, interrupts, evicted code, odd columns and names, widths of vectors.

Also `compiled`, what kernels of the processor and of a card share: names, domain, kinks, what is missing or unknown.
"""

import copy
import math
import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc.arithmetic.native import code
from gradcalc.arithmetic.native import kernel as module
from gradcalc.graph import derive
from gradcalc.graph.graph import Graph

FORMULA = "exp(-x**2/2)*sin(3*y) + log(1 + x**2)*sqrt(abs(x*y)) + gelu(x) + logsumexp(x, y)"


def test_code_lives_while_a_point_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shared, "most", 1)
    kernel = gradcalc.compile("x**2 + 0.375")
    assert kernel.point(3.0) == [9.375, 6.0]
    for c in range(8):
        assert gradcalc.compile(f"cosh(x)*{c} + 0.875").point(0.0)[0] == c + 0.875
    assert len(module.shared.codes) == 1
    assert kernel.point(4.0) == [16.375, 8.0]


def test_many_threads_share_kernels_and_evict_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shared, "most", 2)
    kernels = [gradcalc.compile(f"sin(x)*{i} + x**2") for i in range(4)]
    x = np.linspace(-2, 2, 70_001)
    expected = [kernel(x=x).value for kernel in kernels]

    def use(task: int) -> None:
        for i in range(8):
            chosen = (task + i) % 4
            np.testing.assert_array_equal(kernels[chosen](x=x).value, expected[chosen])
            assert kernels[task * i % 4].point(0.5)[0] == kernels[task * i % 4](x=0.5).value[0]

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(use, range(6)))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_starts_threads_of_its_own() -> None:
    kernel, x = gradcalc.compile("x**2"), np.ones(200_000)
    kernel(x=x)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(_total, (x,)).get(timeout=60) == 200_000.0


def test_equal_code_is_compiled_once_by_threads_that_ask_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, compile_graph = [], module.compile_graph

    def counted(*words: Any) -> Any:
        compiled.append(words)
        return compile_graph(*words)

    monkeypatch.setattr(module, "compile_graph", counted)
    monkeypatch.setattr(module.shared, "codes", {})
    gate = threading.Barrier(4, timeout=30)

    def work(_: int) -> float:
        kernel = gradcalc.compile("sinh(x)*x + 0.625")
        gate.wait()
        return kernel.point(0.0)[0]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [0.625] * 4
    assert len(compiled) == 1


def test_threads_and_code_can_be_given_up_and_come_back() -> None:
    kernel, x = gradcalc.compile("x**2 + 0.1875"), np.ones(200_000)
    expected = kernel(x=x).value
    module.shared.close()
    assert not module.shared.codes
    np.testing.assert_array_equal(kernel(x=x).value, expected)
    np.testing.assert_array_equal(gradcalc.compile("x**2 + 0.1875")(x=x).value, expected)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_while_another_thread_compiles_can_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, compile_graph = threading.Event(), module.compile_graph

    def slow(*words: Any) -> Any:
        begun.set()
        time.sleep(0.2)
        return compile_graph(*words)

    monkeypatch.setattr(module, "compile_graph", slow)
    thread = threading.Thread(target=gradcalc.compile("x**3 + 0.0625").point, args=(1.0,))
    thread.start()
    assert begun.wait(30)
    child = os.fork()
    if not child:
        signal.alarm(30)
        os._exit(gradcalc.compile("x**3 + 0.03125").point(0.0) != [0.03125, 0.0])
    thread.join()
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_spawned_process_has_code_of_its_own(method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip("not here")
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply_async(_total, (np.ones(200_000),)).get(timeout=60) == 200_000.0


def _total(x: Any) -> float:
    return float(gradcalc.compile("x**2")(x=x).value.sum())


def test_what_a_masked_column_hides_is_nan() -> None:
    column = np.ma.MaskedArray([1, 2, 3], mask=[False, True, False])
    np.testing.assert_array_equal(gradcalc.compile("x**2")(x=column).value, [1.0, math.nan, 9.0])


@pytest.mark.parametrize("dtype", [">f8", ">f4", "f2", "i1", ">i4", "u8", "bool"])
def test_columns_of_other_types_are_converted(dtype: str) -> None:
    column = np.array([0, 1, 1, 0, 1]).astype(dtype)
    assert gradcalc.compile("2*x")(x=column).value.tolist() == [0.0, 2.0, 2.0, 0.0, 2.0]


def test_columns_that_are_not_aligned() -> None:
    column = np.frombuffer(b"\0" + np.arange(11.0).tobytes(), np.uint8)[1:].view(float)
    assert gradcalc.compile("2*x")(x=column).value.tolist() == np.arange(0.0, 22.0, 2).tolist()


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: gradcalc.compile("x*y").point(1.0), "a point of 1 numbers\ntry: one for each of x, y"),
        (lambda: gradcalc.compile("1 + 2").point(1.0), "a point of 1 numbers\ntry: the formula has no variables"),
        (lambda: gradcalc.compile("x")(x=[[1.0], [2.0, 3.0]]), "x has rows of different lengths"),
    ],
)
def test_points_and_columns_that_do_not_fit(act: Callable[[], Any], message: str) -> None:
    with pytest.raises(gradcalc.UsageError) as caught:
        act()
    assert message in str(caught.value)


def test_a_formula_without_variables() -> None:
    kernel = gradcalc.compile("1 + 2", order=2)
    assert (kernel.point(), kernel().value.tolist(), kernel.sum().value) == ([3.0], [3.0], 3.0)


def test_long_code_gives_what_short_code_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = np.random.default_rng(5).normal(size=(2, 1001))
    short = gradcalc.compile(FORMULA, order=2)(x=x, y=y)
    monkeypatch.setattr(code, "_LONG", 0)
    monkeypatch.setattr(module.shared, "codes", {})
    long = gradcalc.compile(FORMULA, order=2)(x=x, y=y)
    np.testing.assert_array_equal(long.value, short.value)
    np.testing.assert_array_equal(long.hessian, short.hessian)


@pytest.mark.parametrize("vector_math", [True, False])
def test_narrower_vectors_and_no_vector_math_agree(vector_math: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = np.random.default_rng(6).normal(size=(2, 101))
    expected = gradcalc.compile(FORMULA, order=2)(x=x, y=y)
    _, letter, features = code.host()
    find = code.llvm().address_of_symbol
    monkeypatch.setattr(code, "host", lambda: (2, letter if letter == "n" else "b", features))
    monkeypatch.setattr(module.shared, "codes", {})
    if not vector_math:
        monkeypatch.setattr(code.llvm(), "address_of_symbol", lambda name: None if "_ZGV" in name else find(name))
    found = gradcalc.compile(FORMULA, order=2)(x=x, y=y)
    np.testing.assert_allclose(found.value, expected.value, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(found.gradient, expected.gradient, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(found.hessian, expected.hessian, rtol=1e-12, atol=1e-13)


def test_an_interrupted_run_stops_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    def run(start: int, stop: int) -> None:
        started.append(start)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        module._in_blocks(run, 100 * module.BLOCK)
    assert len(started) <= (os.cpu_count() or 1)


def test_copies_and_pickles_give_the_same() -> None:
    kernel = gradcalc.compile("sin(x)*y**2 + log(x)", order=2)
    expected = kernel.point(0.5, 2.0)
    for other in (copy.copy(kernel), copy.deepcopy(kernel), pickle.loads(pickle.dumps(kernel))):
        assert other.point(0.5, 2.0) == expected


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
def test_an_interrupt_is_raised_or_changes_nothing() -> None:
    kernel, x = gradcalc.compile("zeta(x)", order=0), np.linspace(1.5, 9, 8000)
    expected = kernel(x=x).value

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        np.testing.assert_array_equal(kernel(x=x).value, expected)
    except KeyboardInterrupt:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_more_nodes_come_beside_value_and_derivatives() -> None:
    graph = Graph()
    x, y = (graph.ref(graph.input(name)) for name in "xy")
    output = x * y * y
    gradient = derive.gradient(graph, output.index, [x.index, y.index])
    hessian = derive.hessian(graph, gradient, [x.index, y.index])
    extra = [(x + y).index, (x - y).index]
    kernel = module.Kernel(graph, output.index, "xy", "xy", gradient, hessian, extra=extra)
    xs, ys = np.arange(1000.0), np.arange(1000.0) + 1
    batch = kernel(x=xs, y=ys)
    assert np.array_equal(batch.extra, [xs + ys, xs - ys])
    assert np.array_equal(batch.hessian, [[0 * xs, 2 * ys], [2 * ys, 2 * xs]])
    assert np.array_equal(kernel.sum(x=xs, y=ys).hessian, batch.hessian.sum(axis=2))
    assert kernel(x=2.0, y=3.0).extra.tolist() == [[5.0], [-1.0]]
    assert kernel(x=2.0, y=3.0).hessian.ravel().tolist() == [0.0, 6.0, 6.0, 4.0]
    assert module.Kernel(graph, output.index, "xy")(x=xs, y=ys).extra is None
