"""Names by number: Keras's spelling, one counter under threads, begun again by `clear_session`."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from gradcalc import nn, optimize
from gradcalc.graph.names import NAMES, Names, snake_case


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No name has been given; those of the process come back after the test."""
    monkeypatch.setattr(NAMES, "_counts", {})
    yield


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Dense", "dense"), ("MaxPooling2D", "max_pooling2d"), ("LeakyReLU", "leaky_re_lu"), ("ReLU", "re_lu"),
        ("ELU", "elu"), ("RMSprop", "rm_sprop"), ("SGD", "sgd"), ("GlorotUniform", "glorot_uniform"),
    ],
)  # fmt: skip
def test_classes_are_spelled_as_keras_spells_them(kind: str, name: str) -> None:
    assert snake_case(kind) == name


def test_each_kind_is_counted_by_itself() -> None:
    names = Names()
    assert [names.next(kind) for kind in ("Dense", "Dense", "ReLU", "Dense")] == [
        "dense",
        "dense_1",
        "re_lu",
        "dense_2",
    ]
    names.clear()
    assert names.next("Dense") == "dense"


def test_a_cleared_session_begins_again(fresh: None) -> None:
    assert [nn.Dense(1).name, nn.Dense(1).name, optimize.Adam().name, optimize.Adam().name] == [
        "dense", "dense_1", "adam", "adam_1",
    ]  # fmt: skip
    kept = nn.Dense(1)
    nn.clear_session()
    assert [nn.Dense(1).name, optimize.Adam().name, kept.name] == ["dense", "adam", "dense_2"]


def test_threads_never_get_one_name_twice(fresh: None) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: nn.Flatten().name, range(2000)))
    assert sorted(names) == sorted(["flatten", *(f"flatten_{i}" for i in range(1, 2000))])
