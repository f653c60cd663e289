"""Every public name takes the parameters that TensorFlow and Keras have, in their order and with their defaults.

`signatures.txt`, which scripts/tf_signatures.py writes, says what these are. What is not supported is refused by name.
"""

import dis
import enum
import importlib
import inspect
import itertools
import re
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
import gradcalc.tf as tf
from gradcalc.optimize import optimizer, optimizers

FILE = Path(__file__).parent / "signatures.txt"
MODULES = [
    "", "autodiff", "config", "data", "debugging", "dtypes", "linalg", "math", "math.special", "nest", "nn", "random", "keras",
    "keras.activations", "keras.callbacks", "keras.constraints", "keras.initializers", "keras.layers", "keras.losses", "keras.metrics",
    "keras.models", "keras.optimizers", "keras.optimizers.schedules", "keras.regularizers", "keras.utils", "keras.random", "train",
]  # fmt: skip


def within(root: Any, path: str) -> Any:
    for part in filter(None, path.split(".")):
        root = getattr(root, part)
    return root


def parameters(signature: inspect.Signature) -> list[str]:
    """Each parameter as text: `x`, `axis=-1`, `*inputs`, `**kwargs`, and `*` before those by keyword alone."""
    texts, marked = [], False
    for p in signature.parameters.values():
        if p.kind is p.KEYWORD_ONLY and not marked:
            texts, marked = [*texts, "*"], True
        marked |= p.kind is p.VAR_POSITIONAL
        stars = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        texts.append(stars + p.name + ("" if p.default is p.empty else f"={default_text(p.name, p.default)}"))
    return texts


def default_text(name: str, value: Any) -> str:
    """A default; dtypes by name, equal sizes as one; that of `name`, which means nothing, is None."""
    if name == "name":
        return "None"
    while isinstance(value, tuple) and value and len(set(value)) == 1:
        value = value[0]
    if isinstance(value, type) and issubclass(value, np.generic) or isinstance(value, np.dtype):
        return np.dtype(value).name
    if hasattr(value, "as_numpy_dtype"):
        return str(value.name)
    if "object at 0x" in repr(value) or callable(value) or isinstance(value, enum.Enum):
        return "..."
    return repr(float(value) if isinstance(value, int) and not isinstance(value, bool) else value)


TABLE = dict(re.findall(r"^([\w.]+)\((.*)\)$", FILE.read_text(encoding="utf-8"), re.M)) if FILE.exists() else {}
OTHERS = {
    "DType", "as_dtype", "dtypes.DType", "dtypes.as_dtype", "Tensor", "TensorSpec", "UnconnectedGradients",
    "keras.KerasTensor", "data.Dataset", "data.DatasetSpec", "data.Iterator", "data.Options", "TensorShape",
    "keras.utils.CustomObjectScope", "keras.utils.custom_object_scope",
}  # fmt: skip
"""Types that are NumPy's or gradcalc's own, made by other calls."""
INNER = re.compile(r"\.(call|build|compute_output_shape|compute_mask|from_config|get_config)$")
"""What a layer's author writes; called by the layer with what it needs."""


@pytest.mark.parametrize("name", [name for name in TABLE if name not in OTHERS and not INNER.search(name)])
def test_parameters_are_tensorflows(name: str) -> None:
    mine = within(tf, name)
    fixed = refused(mine)
    theirs = re.split(r", (?=\w+\b(?:=|,|$)|\*)", TABLE[name]) if TABLE[name] else []
    if theirs[-2:] == ["*args", "**kwargs"]:
        return  # TensorFlow says nothing
    ours = parameters(inspect.signature(mine.__init__ if isinstance(mine, type) else mine))
    if "*args" in theirs:  # old calls, by position, of what new ones name
        theirs, ours = ([p for p in both if p not in ("*args", "*")] for both in (theirs, ours))
    more = [p for p in ours if p.startswith("**")]
    shared = ours[: len(ours) - len(more)]
    open_ended = theirs[-1:] and theirs[-1].startswith("**")
    theirs = theirs[:-1] if open_ended else theirs
    if open_ended and shared[: len(theirs)] == theirs:
        assert not more or name.split(".")[-1] in KEYWORDS or fixed is not None
        return
    for mine, other in itertools.zip_longest(shared, theirs[: len(shared)]):
        assert mine == other or other.endswith("=...") and mine.split("=")[0] == other.split("=")[0]
    for left in (p for p in theirs[len(shared) :] if p != "*"):
        assert fixed is not None and fixed.get(left.split("=")[0]) == left.split("=")[1], left


def test_every_public_function_is_in_the_table() -> None:
    """So that its parameters are checked; a module may show what is another's in TensorFlow."""
    known = {name.rpartition(".")[2] for name in TABLE}
    ours = {name.rpartition(".")[2] for name, function in functions() if "." not in function.__qualname__}
    assert ours - known <= HELPERS


HELPERS = {
    "alike", "as_axes", "as_index", "as_shape", "as_tensor", "as_tensors", "binary", "described", "dropped", "last_axis", "floating", "missing",
    "reduction", "row", "SeedGenerator", "seeded", "LuOutput", "special", "special_of", "telling", "unary", "within",
}  # fmt: skip


KEYWORDS = {
    "add", "average", "Checkpoint", "maximum", "minimum", "multiply", "subtract", "concatenate", "dot", "MeanMetricWrapper",
    "LambdaCallback", "to_json",
}  # fmt: skip
"""What hands its keywords on: functions that make a layer, a metric of a function, a callback of functions, JSON."""


def refused(mine: Any) -> dict[str, str] | None:
    """What a class takes besides its own parameters: those of its base, and those of one value alone; as text."""
    if not isinstance(mine, type) or not issubclass(mine, nn.Layer | optimizer.Optimizer):
        return None
    base = nn.Layer if issubclass(mine, nn.Layer) else optimizer.Optimizer
    taken = {p.name: p.default for p in inspect.signature(base).parameters.values()}
    return {k: default_text(k, v) for k, v in (taken | one_value_alone(mine)).items()}


def one_value_alone(kind: type) -> dict[str, Any]:
    return kind._fixed if issubclass(kind, nn.Layer) else {}


CLASSES = [
    value
    for module in (tf.keras.layers, tf.keras.optimizers)
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, nn.Layer | optimizer.Optimizer)
    if value not in (tf.keras.optimizers.Optimizer, nn.InputLayer)
]
NEEDED: dict[str, Any] = {
    "units": 3, "filters": 2, "kernel_size": 2, "rate": 0.5, "target_shape": (-1,), "activation": "tanh",
    "input_dim": 5, "output_dim": 2, "function": np.tanh, "pool_size": 2, "layer": nn.LSTM(2), "num_heads": 2, "key_dim": 3,
    "dims": (2, 1), "n": 3, "scale": 2.0, "cell": nn.LSTMCell(2), "cells": [nn.GRUCell(2)], "stddev": 0.5, "axes": 1,
    "equation": "abc,cd->abd", "output_shape": (None, 2), "inner_optimizer": optimizers.SGD(),
}  # fmt: skip


@pytest.mark.parametrize("kind", CLASSES)
def test_a_class_takes_the_default_of_what_it_does_not_support_and_refuses_the_rest_by_name(kind: Any) -> None:
    needed = {p.name: NEEDED[p.name] for p in inspect.signature(kind).parameters.values() if p.name in NEEDED}
    for name, value in one_value_alone(kind).items():
        kind(**needed, **{name: value})
        with pytest.raises(NotImplementedError, match=f"{name}='other' is not supported here: only {name}="):
            kind(**needed, **{name: "other"})
    with pytest.raises(ValueError, match="nonsense"):
        kind(**needed, nonsense=1)


HINTS = {
    "name": "names mean nothing", "parallel_iterations": "speed", "swap_memory": "memory", "back_prop": "deprecated",
    "infer_shape": "checks", "fallback_to_while_loop": "speed", "warn": "warnings", "shape_invariants": "graphs",
    "a_is_sparse": "speed", "b_is_sparse": "speed", "validate_indices": "checked anyway", "validate_args": "checks",
    "validate_shape": "shapes are always known", "caching_device": "devices", "use_locking": "threads",
    "synchronization": "devices", "aggregation": "devices", "experimental_enable_variable_lifting": "graphs",
    "conjugate": "real numbers", "stable": "always stable", "sorted": "any order will do", "fast": "speed",
    "shift": "accuracy", "alg": "NumPy's numbers", "optimize": "speed", "align": "bands of diagonals alone",
    "padding_value": "bands of diagonals alone", "device_name": "devices", "device_type": "devices", "run_eagerly": "always",
    "summarize": "all is printed", "support_partition": "graphs", "dtype_hint": "never needed", "expand_composites": "none here",
    "num_parallel_calls": "speed", "deterministic": "always", "synchronous": "always", "use_unbounded_threadpool": "speed",
    "colocate_with_first_write_call": "devices", "tensor_array_name": "names mean nothing", "conjugate_rhs": "real numbers",
    "num": "known of a split", "check_interval": "always saved", "check_types": "lists and tuples are alike", "strict": "structures are kept",
}  # fmt: skip
"""Parameters whose values make no difference, and why."""


def functions() -> Iterator[tuple[str, types.FunctionType]]:
    """The functions, and the methods of classes, that are written in gradcalc.tf."""
    for module in MODULES:
        for name, value in vars(within(tf, module)).items():
            for part, function in [
                ("", inspect.unwrap(value)),
                *(vars(value).items() if isinstance(value, type) else ()),
            ]:
                own = isinstance(function, types.FunctionType) and function.__module__.startswith("gradcalc.tf")
                if own and name[0] != "_" and (part == "__init__" or not part.startswith("_")):
                    yield f"{module}.{name}.{part}".strip("."), function


@pytest.mark.parametrize(("name", "function"), dict(functions()).items())
def test_no_argument_is_dropped(name: str, function: types.FunctionType) -> None:
    if name in NOTHING:
        return
    read = {i.argval for i in dis.get_instructions(function) if i.opname.startswith("LOAD_")}
    code = function.__code__
    dropped = set(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]) - read - HINTS.keys() - {"self", "cls"}
    assert not dropped


NOTHING = {
    "data.Dataset.prefetch",
    "data.Dataset.with_options",
    "function",
    "device",
    "config.list_physical_devices",
    "config.run_functions_eagerly",
}
"""There is nothing to compile, one device, and nothing that runs ahead."""


def test_arguments_bind_as_tensorflows_do() -> None:
    assert tf.atan2(y=1.0, x=0.0).numpy() == pytest.approx(np.pi / 2)
    assert tf.keras.activations.relu([-1.0, 8.0, 3.0], 0.1, 6.0).numpy() == pytest.approx([-0.1, 6, 3])
    assert tf.keras.activations.elu([-1.0], 0.3).numpy() == pytest.approx([0.3 * (np.exp(-1) - 1)])
    assert tf.nn.silu([2.0], 3.0).numpy() == pytest.approx([2 / (1 + np.exp(-6))])
    a = np.array([[1.0, 2.0], [3.0, 5.0]])
    np.testing.assert_allclose(tf.linalg.inv(a, True).numpy(), np.linalg.inv(a.T))
    np.testing.assert_allclose(tf.linalg.pinv(a, 0.5).numpy(), np.linalg.pinv(a, rcond=0.5))
    with pytest.raises(TypeError):
        tf.sin(1.0, 2.0, 3.0)
    for call, value in NAMED:
        assert np.asarray(call().numpy()).ravel().tolist() == pytest.approx(value)


NAMED: list[tuple[Callable[[], Any], list[float]]] = [
    (lambda: tf.nn.relu(features=[-1.0, 2.0]), [0, 2]), (lambda: tf.nn.leaky_relu(features=[2.0]), [2]),
    (lambda: tf.nn.crelu(features=[1.0]), [1, 0]), (lambda: tf.nn.softplus(features=[0.0]), [np.log(2)]),
    (lambda: tf.shape(input=[1, 2]), [2]), (lambda: tf.linalg.det(input=[[2.0]]), [2]), (lambda: tf.argmax(input=[1, 3]), [1]),
    (lambda: tf.zeros_like(input=[1.0]), [0]), (lambda: tf.reshape(tensor=[[1.0]], shape=[1]), [1]), (lambda: tf.norm(tensor=[3.0, 4.0]), [5]),
    (lambda: tf.nn.embedding_lookup(params=tf.constant([[1.0], [2.0]]), ids=[1]), [2]), (lambda: tf.nn.softmax(logits=[1.0]), [1]),
    (lambda: tf.gather(params=[1, 2], indices=[1]), [2]), (lambda: tf.reduce_sum(input_tensor=[1, 2]), [3]),
    (lambda: tf.math.igamma(a=[1.0], x=[1.0]), [1 - np.exp(-1)]), (lambda: tf.math.zeta(x=2.0, q=1.0), [np.pi**2 / 6]),
    (lambda: tf.math.betainc(a=1.0, b=1.0, x=0.3), [0.3]), (lambda: tf.math.polygamma(a=1.0, x=1.0), [np.pi**2 / 6]),
    (lambda: tf.math.nextafter(x1=1.0, x2=1.0), [1]), (lambda: tf.math.segment_sum(data=[1.0, 2.0], segment_ids=[0, 0]), [3]),
    (lambda: tf.math.unsorted_segment_max(data=[1, 2], segment_ids=[0, 0], num_segments=1), [2]),
    (lambda: tf.tensor_scatter_nd_add(tensor=[1], indices=[[0]], updates=[2]), [3]), (lambda: tf.unique(x=[3, 3]).idx, [0, 0]),
    (lambda: tf.searchsorted(sorted_sequence=[1, 2], values=[2]), [1]), (lambda: tf.linalg.diag(diagonal=[1.0]), [1]),
    (lambda: tf.linalg.set_diag(input=[[1.0]], diagonal=[2.0]), [2]), (lambda: tf.math.special.bessel_j0(x=0.0), [1]),
    (lambda: tf.math.imag(input=[2.0]), [0]), (lambda: tf.math.xlogy(x=0.0, y=0.0), [0]), (lambda: tf.math.bincount(arr=[0, 0]), [2]),
]  # fmt: skip


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: tf.zeros(2, layout=1), "layout=1"), (lambda: tf.matmul([[1.0]], [[1.0]], output_type="int32"), "output_type"),
    (lambda: tf.strided_slice([1], [0], [1], new_axis_mask=1), "new_axis_mask=1"), (lambda: tf.TensorArray(tf.int32, 1, flow=2), "flow=2"),
    (lambda: tf.tensor_scatter_nd_add([1], [[0]], [1], "IGNORE"), "IGNORE"), (lambda: tf.nn.space_to_depth([1.0], 2, "NCHW"), "NCHW"), (lambda: tf.gather_nd([1], [[0]], 0, None, "IGNORE"), "IGNORE"),
    (lambda: tf.Variable(1.0, variable_def=2), "variable_def"), (lambda: tf.keras.Input((2,), sparse=True), "sparse=True"),
    (lambda: tf.print(summarize=2), "summarize=2"), (lambda: tf.keras.Sequential().summary(10), "line_length=10"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "text"), REFUSED)
def test_an_argument_that_is_not_supported_is_refused_by_name(call: Callable[[], Any], text: str) -> None:
    with pytest.raises(NotImplementedError, match=text):
        call()


def test_subclasses_are_keras() -> None:
    """A class is a subclass of another where it is in Keras: of all public pairs, these alone."""
    pairs = set()
    for module in MODULES[MODULES.index("keras") :]:
        kinds = {n: k for n, k in vars(importlib.import_module(f"gradcalc.tf.{module}")).items() if isinstance(k, type)}
        found = {
            (a.__name__, b.__name__) for a in kinds.values() for b in kinds.values() if a is not b and issubclass(a, b)
        }
        pairs |= {(a, b) for a, b in found if b not in BASES and a[0] != "_" and b[0] != "_"}
    assert pairs == SUBCLASSES


BASES = {
    "Weight",
    "Layer",
    "Loss",
    "Metric",
    "Callback",
    "MeanMetricWrapper",
    "Optimizer",
    "LearningRateSchedule",
    "Initializer",
    "Regularizer",
    "Constraint",
    "Callable",
}
SUBCLASSES = {
    ("Sequential", "Model"), ("AdamW", "Adam"), ("MeanMetricWrapper", "Mean"), ("MeanSquaredError", "Mean"), ("MeanAbsoluteError", "Mean"), ("BinaryAccuracy", "Mean"),
    ("CategoricalAccuracy", "Mean"), ("SparseCategoricalAccuracy", "Mean"), ("Accuracy", "Mean"), ("RootMeanSquaredError", "Mean"),
    *((f"{kind}Crossentropy", "Mean") for kind in ("Binary", "Categorical", "SparseCategorical")),
    ("TopKCategoricalAccuracy", "Mean"), ("SparseTopKCategoricalAccuracy", "Mean"),
    *((name, "Mean") for name in ("Hinge", "SquaredHinge", "CategoricalHinge", "KLDivergence", "Poisson", "LogCoshError",
      "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "CosineSimilarity", "PearsonCorrelation",
      "ConcordanceCorrelation")),
    *((name, "IoU") for name in ("BinaryIoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU")), ("OneHotMeanIoU", "MeanIoU"),
    ("F1Score", "FBetaScore"), *((name, "RNN") for name in ("SimpleRNN", "LSTM", "GRU")), ("AdditiveAttention", "Attention"),
    *((f"SpatialDropout{n}D", "Dropout") for n in (1, 2, 3)), ("TimeDistributed", "Wrapper"), ("SpectralNormalization", "Wrapper"),
    *((name, "VarianceScaling") for name in ("GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal",
                                            "LecunUniform")),
}  # fmt: skip
