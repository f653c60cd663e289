"""`tf.dtypes`: casts."""

from collections.abc import Callable
from typing import Any

import pytest

import gradcalc.tf as tf
from tests.tf.results import check_result

RESULTS = [
    (lambda: tf.cast(2.7, tf.int32), 2, "int32"),
]


@pytest.mark.parametrize(("call", "value", "dtype"), RESULTS)
def test_results_and_dtypes_are_tensorflows(call: Callable[[], Any], value: Any, dtype: str) -> None:
    check_result(call, value, dtype)
