"""Kernels on a card: what threads read and write, on a card that runs on the processor; what is refused."""

import gc
import pickle
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc.arithmetic.cuda import kernel as module
from gradcalc.arithmetic.cuda.driver import driver
from tests.arithmetic.cuda.card import Card, Lent, read

SAME = [
    "100*(y - x**2)**2 + (1 - x)**2",
    "(x*y + 2)/(1 + x**2) - sqrt(abs(x)) + x**7*y**-5",
    "tanh(x)*sinh(y) + cosh(x - y)/sech(x)",
    "abs(x)**1.3*y + abs(y)**-0.7",
    "where(x > y, floor(x), mod(x, 3)) + max(x, y) + round(y)",
]


@pytest.mark.parametrize("text", SAME)
@pytest.mark.parametrize("rows", [1, 130])
def test_the_instructions_are_those_of_the_processor(card: Card, text: str, rows: int) -> None:
    x, y = np.random.default_rng(rows).uniform(-3, 3, (2, rows))
    expected = gradcalc.compile(text, order=2)(x=x, y=y)
    found = gradcalc.compile(text, order=2, target="cuda")(x=Lent(x), y=Lent(y))
    for name in ("value", "gradient", "hessian"):
        np.testing.assert_array_equal(read(getattr(found, name)), getattr(expected, name))


def test_functions_agree(card: Card) -> None:
    x = np.linspace(-2, 2, 65)
    text = "exp(-x**2/2)*sin(3*x) + cos(3*x)*log(1 + x**2) + atan2(x, 2) + gelu(x) + sigmoid(x)"
    expected, found = gradcalc.compile(text)(x=x), gradcalc.compile(text, target="cuda")(x=Lent(x))
    np.testing.assert_allclose(read(found.value), expected.value, rtol=1e-14)
    np.testing.assert_allclose(read(found.gradient), expected.gradient, rtol=1e-13)


def test_columns_of_every_kind(card: Card) -> None:
    kernel = gradcalc.compile("sum(A @ v)*y + z*w", wrt="v,y", order=2, shapes={"A": (2, 3), "v": 3}, target="cuda")
    same = gradcalc.compile("sum(A @ v)*y + z*w", wrt="v,y", order=2, shapes={"A": (2, 3), "v": 3})
    chance = np.random.default_rng(7)
    matrix, vectors, y = chance.normal(size=(2, 3)), chance.normal(size=(3, 70)), chance.normal(size=70)
    narrow = y.astype(np.float32)
    expected = same(A=matrix, v=vectors, y=narrow, z=2, w=0.5)
    found = kernel(A=Lent(matrix), v=Lent(vectors), y=Lent(narrow), z=2, w=Lent(np.array(0.5)))
    for name in ("value", "gradient", "hessian"):
        np.testing.assert_array_equal(read(getattr(found, name)), getattr(expected, name))
    assert found.hessian.shape == (4, 4, 70)
    assert len(kernel._functions) == 1
    kernel(A=Lent(matrix), v=Lent(vectors), y=Lent(y), z=2, w=0.5)
    assert len(kernel._functions) == 2


def test_it_writes_what_the_caller_gives(card: Card) -> None:
    kernel = gradcalc.compile("x*y", order=2, target="cuda")
    x = Lent(np.arange(9.0))
    first = kernel(x=x, y=3.0)
    again = kernel(x=x, y=5.0, out=first)
    assert again.value is first.value
    assert read(first.value).tolist() == (5 * np.arange(9.0)).tolist()
    value, gradient = Lent(np.full(9, np.nan)), Lent(np.full((2, 9), np.nan))
    hessian = Lent(np.full((2, 2, 9), np.nan))
    assert kernel(x=x, y=7.0, out=(value, gradient, hessian)).value is value
    assert value.array.tolist() == (7 * np.arange(9.0)).tolist()
    assert hessian.array[:, :, 0].tolist() == [[0, 1], [1, 0]]
    alone = gradcalc.compile("2*x", order=0, target="cuda")(x=x, out=value)
    assert alone.gradient is None
    assert value.array[3] == 6


def test_variables_named_as_settings(card: Card) -> None:
    kernel = gradcalc.compile("out*stream + self", target="cuda")
    column = Lent(np.arange(3.0))
    assert read(kernel(out=column, stream=2.0, self=1.0).value).tolist() == [1, 3, 5]
    target = Lent(np.empty(3)), Lent(np.empty((3, 3)))
    kernel.run({"out": column, "stream": 2.0, "self": 0.0}, out=target, stream=5)
    assert target[0].array.tolist() == [0, 2, 4]


def test_without_a_stream_it_waits_and_with_one_it_does_not(card: Card) -> None:
    kernel = gradcalc.compile("x*x", target="cuda")
    first = kernel(x=Lent(np.ones(3)))
    assert card.calls.count("cuStreamSynchronize") == 1
    assert first.value.__cuda_array_interface__["stream"] is None
    answer = kernel(x=Lent(np.ones(3)), stream=77)
    assert card.calls.count("cuStreamSynchronize") == 1
    assert answer.value.__cuda_array_interface__["stream"] == 77
    assert "cuStreamWaitEvent" not in card.calls
    kernel(x=answer.value, out=first, stream=78)
    assert card.calls.count("cuStreamWaitEvent") == 1
    assert first.value.__cuda_array_interface__["stream"] == 78
    kernel(x=Lent(np.ones(3), stream=5), stream=77)
    assert card.calls.count("cuStreamSynchronize") == 2


def test_memory_and_code_are_given_back(card: Card) -> None:
    kernel = gradcalc.compile("x*x", target="cuda")
    answer = kernel(x=Lent(np.ones(3)))
    assert len(card.memory) == 2
    del answer
    gc.collect()
    assert not card.memory
    del kernel
    gc.collect()
    assert "cuModuleUnload" in card.calls


def test_no_rows_and_structural_zeros(card: Card) -> None:
    kernel = gradcalc.compile("x**2 + 5*y", order=2, target="cuda")
    empty = kernel(x=Lent(np.empty(0)), y=1.0)
    assert (empty.value.shape, empty.gradient.shape, empty.hessian.shape) == ((0,), (2, 0), (2, 2, 0))
    assert "cuLaunchKernel" not in card.calls
    assert read(kernel(x=Lent(np.ones(2)), y=1.0).hessian)[:, :, 1].tolist() == [[2, 0], [0, 0]]


def test_it_is_pickled_as_its_graph_and_knows_its_domain(card: Card) -> None:
    kernel = pickle.loads(pickle.dumps(gradcalc.compile("log(x) + abs(x)", target="cuda")))
    assert repr(kernel) == "CudaKernel(x; wrt x; order 1)"
    x = Lent(np.array([1.0, -1.0, 0.0]))
    assert np.isnan(read(kernel(x=x).value)[1])
    assert read(kernel.domain()(x=x).value).tolist() == [1, 0, 0]
    kinks = kernel.kinks()
    assert kinks is not None
    assert read(kinks(x=x).value).tolist() == [0, 0, 1]


ON_CARD = Lent(np.ones(4))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"x": np.ones(4), "y": 1.0},
            "x is a NumPy array, in the computer's memory: copying it to the card costs more",
        ),
        ({"x": [1.0, 2.0], "y": 1.0}, "x is of type list, in the computer's memory"),
        ({"x": "text", "y": 1.0}, "x is of type str"),
        ({"x": 1j, "y": ON_CARD}, "x is of type complex"),
        ({"x": 10**400, "y": ON_CARD}, "x is beyond the largest double"),
        ({"x": Lent(np.ones(4), mask=Lent(np.ones(4))), "y": 1.0}, "x is masked"),
        ({"x": 1.0, "y": 2}, "no column"),
        ({"x": ON_CARD}, "no value for y"),
        ({"x": ON_CARD, "y": 1.0, "z": 1.0}, "the formula does not contain z"),
        ({"x": ON_CARD, "y": Lent(np.ones(5))}, "the columns differ in length: x has 4, y has 5"),
        ({"x": Lent(np.ones((2, 4))), "y": 1.0}, "x is of shape (2, 4): a column has one axis"),
        ({"x": Lent(np.ones(8)[::2]), "y": 1.0}, "x is strided"),
        ({"x": Lent(np.ones(4, dtype=int)), "y": 1.0}, "x is of dtype <i8"),
        ({"x": Lent(np.float32(1)), "y": ON_CARD}, "x is one number of float32"),
        ({"x": ON_CARD, "y": 1.0, "out": ON_CARD}, "out is of 1 arrays"),
        ({"x": ON_CARD, "y": 1.0, "out": (Lent(np.ones(4)), Lent(np.ones((4, 2))))}, "out[1] is of shape (4, 2)"),
        ({"x": ON_CARD, "y": 1.0, "out": (ON_CARD, Lent(np.ones((2, 4))))}, "out[0] overlaps x"),
        ({"x": ON_CARD, "y": 1.0, "out": (np.ones(4), np.ones((2, 4)))}, "out[0] is a NumPy array"),
        ({"x": ON_CARD, "y": 1.0, "stream": "fast"}, "stream is 'fast'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused(card: Card, columns: dict[str, Any], message: str) -> None:
    with pytest.raises(gradcalc.UsageError) as caught:
        gradcalc.compile("x*y", target="cuda")(**columns)
    assert message in str(caught.value)
    assert "cuLaunchKernel" not in card.calls


def test_arrays_that_may_not_be_written_or_are_elsewhere(card: Card) -> None:
    kernel, x, there = gradcalc.compile("x + y", order=0, target="cuda"), Lent(np.ones(4)), Lent(np.ones(4))
    fixed = np.ones(4)
    fixed.flags.writeable = False
    with pytest.raises(gradcalc.UsageError, match=r"out\[0\] is read-only"):
        kernel(x=x, y=1.0, out=Lent(fixed))
    card.devices[there.array.ctypes.data] = 1
    with pytest.raises(gradcalc.UsageError, match="x is on card 0, y on card 1"):
        kernel(x=x, y=there)
    card.devices[there.array.ctypes.data] = -1
    with pytest.raises(gradcalc.UsageError, match="y does not point into a card's memory"):
        kernel(x=x, y=there)


@pytest.mark.parametrize(
    ("text", "order", "message"),
    [
        ("besselk(0, x) + x", 0, "a card has no function for besselk\ntry: compile without target"),
        ("gamma(x)", 1, "a card has no function for digamma (of its derivatives)"),
        ("zeta(x) + Ei(x)", 0, "a card has no function for zeta, Ei"),
    ],
)
def test_formulas_that_no_card_computes(text: str, order: int, message: str) -> None:
    with pytest.raises(gradcalc.UsageError) as caught:
        gradcalc.compile(text, order=order, target="cuda")
    assert message in str(caught.value)


def test_other_targets_and_formulas_that_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGEST", 50)
    with pytest.raises(gradcalc.UsageError, match="at most 50 run on a card"):
        gradcalc.compile("sum(i=1..30, sin(x*i))", target="cuda")
    monkeypatch.undo()
    for target in ("gpu", "cudo", None):
        with pytest.raises(gradcalc.UsageError, match="target is"):
            gradcalc.compile("x", target=target)
    with pytest.raises(gradcalc.UsageError, match="a card takes at most 500"):
        gradcalc.compile("+".join(f"v{i}" for i in range(501)), target="cuda")


def test_without_a_driver_there_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise OSError(name)

    driver.cache_clear()
    monkeypatch.setattr("ctypes.CDLL", missing)
    kernel = gradcalc.compile("x*y", target="cuda")
    with pytest.raises(gradcalc.UsageError, match="this machine has no driver of an NVIDIA card"):
        kernel(x=Lent(np.ones(3)), y=1.0)
    with pytest.raises(gradcalc.UsageError, match="costs more than computing there saves"):
        kernel(x=np.ones(3), y=1.0)
