"""Arrays on a card as libraries lend them, and our own lent to libraries; also `dlpack`, the capsules."""

import copy
import ctypes
import gc
import pickle
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import gradcalc
from gradcalc.arithmetic.cuda import dlpack
from gradcalc.arithmetic.cuda.arrays import CudaArray, new_like, stream_of, view
from gradcalc.arithmetic.cuda.driver import LEGACY
from tests.arithmetic.cuda.card import Card, Lent


class Capsules:
    """An array that lends itself by DLPack alone."""

    def __init__(self, array: Any, device: tuple[int, int] = (2, 0), fails: str = "") -> None:
        self.array, self.device, self.fails = array, device, fails
        self.streams: list[int] = []

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device

    def __dlpack__(self, *, stream: int) -> Any:
        if self.fails:
            raise BufferError(self.fails)
        self.streams.append(stream)
        return dlpack.lend(self, self.array.ctypes.data, self.array.shape, self.device[1])


def test_a_capsule_is_read_on_the_stream_and_held(card: Card) -> None:
    lender = Capsules(np.arange(6.0).reshape(2, 3), (2, 3))
    found = view("x", lender, 9)
    assert (found.address, found.shape, found.kind, found.device) == (lender.array.ctypes.data, (2, 3), "f64", 3)
    assert lender.streams == [9]
    before = len(dlpack._lent)
    del found
    gc.collect()
    assert len(dlpack._lent) == before - 1


@pytest.mark.parametrize(
    ("lender", "message"),
    [
        (Capsules(np.ones(2), (1, 0)), "in the computer's memory"),
        (Capsules(np.ones(2), (10, 0)), "in the computer's memory"),
        (Capsules(np.ones(2), fails="use tensor.detach()"), "x is not lent by its library: use tensor.detach"),
    ],
)
def test_what_is_not_lent(card: Card, lender: Capsules, message: str) -> None:
    with pytest.raises(gradcalc.UsageError, match=message):
        view("x", lender, LEGACY)


def test_a_borrower_gives_an_array_back_once_it_took_the_capsule(card: Card) -> None:
    array = CudaArray((3,), 0)
    address, capsule = array.address, array.__dlpack__()
    managed = dlpack._Managed.from_address(dlpack._get(capsule, b"dltensor"))
    ctypes.pythonapi.PyCapsule_SetName(ctypes.py_object(capsule), b"used_dltensor")
    del capsule, array
    gc.collect()
    assert address in card.memory
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(managed.deleter)(ctypes.addressof(managed))
    gc.collect()
    assert address not in card.memory


@pytest.mark.parametrize("use", [copy.copy, copy.deepcopy, pickle.dumps])
def test_an_array_is_not_copied_with_its_address(card: Card, use: Any) -> None:
    with pytest.raises(TypeError, match=r"is on a card: take it to a library first"):
        use(CudaArray((2,), 0))


def test_our_own_array_makes_a_borrowers_stream_wait(card: Card) -> None:
    array = CudaArray((2, 2), 0)
    array.stream = 5
    assert array.__dlpack_device__() == (2, 0)
    assert len(array) == 2
    assert repr(array) == "CudaArray(shape (2, 2), float64, on card 0)"
    for stream, waits in ((5, 0), (-1, 0), (8, 1), (None, 2)):
        array.__dlpack__(stream=stream, max_version=(1, 0), dl_device=(2, 0), copy=False)
        assert card.calls.count("cuStreamWaitEvent") == waits
    for settings in ({"copy": True}, {"dl_device": (1, 0)}):
        with pytest.raises(BufferError):
            array.__dlpack__(**settings)  # type: ignore[arg-type]
    assert array.__cuda_array_interface__["stream"] == 5
    assert dlpack.read(array.__dlpack__()).shape == (2, 2)


@pytest.mark.parametrize(
    ("shape", "strides", "expected"),
    [((), (), True), ((3,), (1,), True), ((3,), (2,), False), ((1,), (9,), True), ((2, 3), (3, 1), True),
     ((2, 3), (1, 2), False), ((2, 1, 3), (3, 7, 1), True), ((0, 3), (1, 2), True), ((3,), (-1,), False)],
)  # fmt: skip
def test_contiguous(shape: tuple[int, ...], strides: tuple[int, ...], expected: bool) -> None:
    assert dlpack.is_contiguous(shape, strides) is expected


@pytest.mark.parametrize(
    ("code", "bits", "lanes"), [(0, 64, 1), (2, 16, 1), (4, 16, 1), (5, 128, 1), (2, 64, 2), (9, 8, 1)]
)
def test_other_types_of_a_capsule_are_refused_by_name(card: Card, code: int, bits: int, lanes: int) -> None:
    lender = Capsules(np.ones(2))
    capsule = lender.__dlpack__(stream=1)
    tensor = dlpack._Managed.from_address(dlpack._get(capsule, b"dltensor")).tensor
    tensor.code, tensor.bits, tensor.lanes = code, bits, lanes
    lender.__dlpack__ = lambda stream: capsule  # type: ignore[method-assign]
    with pytest.raises(gradcalc.UsageError, match=r"x is of dtype \w+\d+: columns on a card are of float64 or float32"):
        view("x", lender, LEGACY)


class Protocol:
    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, 44


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None), (0, LEGACY), (1, 1), (12345, 12345), (Protocol(), 44), (SimpleNamespace(cuda_stream=0), LEGACY),
        (SimpleNamespace(ptr=7), 7), (SimpleNamespace(handle=ctypes.c_void_p(9)), 9),
        (SimpleNamespace(handle=ctypes.c_void_p(0)), LEGACY),
    ],
)  # fmt: skip
def test_streams_of_every_library(given: Any, expected: int | None) -> None:
    assert stream_of(given) == expected


@pytest.mark.parametrize("given", ["", "fast", -1, 1.5, True, object()])
def test_what_is_no_stream(given: Any) -> None:
    with pytest.raises(gradcalc.UsageError, match="stream is"):
        stream_of(given)


def test_answers_are_of_the_columns_library(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def empty(shape: tuple[int, ...], dtype: str, device: str) -> Capsules:
        assert (dtype, device) == ("float64", "cuda:0")
        made.append(Capsules(np.full(shape, np.nan)))
        return made[-1]

    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(empty=empty, float64="float64"))
    tensor = type("Tensor", (Lent,), {"__module__": "torch", "device": "cuda:0"})
    answer = gradcalc.compile("x*x", target="cuda")(x=tensor(np.arange(3.0)))
    assert [answer.value, answer.gradient] == made
    assert made[1].array.tolist() == [[0, 2, 4]]
    assert made[1].streams == [LEGACY]

    def full(shape: tuple[int, ...], **settings: Any) -> Any:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(empty=full, float64="float64"))
    with pytest.raises(MemoryError, match="CUDA out of memory"):
        new_like(tensor(np.ones(3)), (3,), 0, LEGACY)
    monkeypatch.delitem(sys.modules, "torch")
    assert isinstance(new_like(tensor(np.ones(3)), (3,), 0, LEGACY)[0], CudaArray)
