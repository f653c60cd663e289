"""The driver: what it says when something goes wrong, and that contexts are left as they were."""

import pytest

from gradcalc.arithmetic.cuda.driver import Driver
from gradcalc.errors import UsageError
from tests.arithmetic.cuda.card import Card


def test_errors_name_the_function_and_the_reason() -> None:
    card = Card()
    driver = Driver(card)
    card.fails = {"cuCtxPushCurrent_v2": 201}
    with pytest.raises(UsageError, match=r"failed in cuCtxPushCurrent_v2: a reason \(CUDA_ERROR_201\)"), driver.on(0):
        pass
    card.fails = {"cuMemAlloc_v2": 2}
    with pytest.raises(MemoryError, match="the card has no room left"):
        driver.allocate(8)
    card.fails = {"cuInit": 100}
    with pytest.raises(UsageError, match="the driver of NVIDIA finds no card\ntry: compile without target"):
        Driver(card)


def test_what_the_compiler_of_the_card_says_is_told() -> None:
    card = Card()
    card._cuModuleLoadDataEx = _wrong  # type: ignore[method-assign]
    with pytest.raises(UsageError, match="cuModuleLoadDataEx: a reason .*: line 3: unknown instruction"):
        Driver(card).load(".version 6.0")


def _wrong(module: object, text: object, count: object, names: list[int], values: list[int]) -> int:
    import ctypes

    assert list(names) == [5, 6]
    told = b"line 3: unknown instruction\n\0"
    ctypes.memmove(values[0], told, len(told))
    return 218


def test_a_context_is_taken_once_and_left() -> None:
    card = Card()
    driver = Driver(card)
    for _ in range(2):
        with pytest.raises(KeyError), driver.on(0):
            raise KeyError
    found = [name for name in card.calls if name.startswith(("cuCtx", "cuDevicePrimary"))]
    assert found == ["cuDevicePrimaryCtxRetain", *["cuCtxPushCurrent_v2", "cuCtxPopCurrent_v2"] * 2]


def test_a_stream_follows_another_by_an_event_that_is_given_back() -> None:
    card = Card()
    Driver(card).follow(7, 8)
    assert card.calls[1:] == ["cuEventCreate", "cuEventRecord", "cuStreamWaitEvent", "cuEventDestroy_v2"]
    card.fails = {"cuStreamWaitEvent": 400}
    with pytest.raises(UsageError):
        Driver(card).follow(7, 8)
    assert card.calls[-1] != "cuEventCreate"
    assert "cuEventDestroy_v2" in card.calls[-4:]
