"""GradientTape beside TensorFlow, PyTorch, autograd, JAX and hand-written NumPy: scalars, a training step, memory."""

import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

import gradcalc
from benchmarks.tables import NOT_INSTALLED, measure, peer, seconds, table

Step = Callable[[], Any]


def run() -> None:
    """Print times as ratios to gradcalc, and the memory of a long tape."""
    _compare("gradient of x**4 + y**2 + 1 under a fresh tape", {n: b(1) for n, b in SCALARS.items() if _there(n)})
    _compare("its second derivatives by nested tapes", {n: b(2) for n, b in SCALARS.items() if _there(n)})
    for features in (32, 784):
        title = f"one training step: Dense 32 relu, Dense 10; 1000 rows of {features}, float32, Adam"
        _compare(title, {n: b(*_data(features)) for n, b in STEPS.items() if _there(n)})
    _chain()
    _peak()


def _there(name: str) -> bool:
    return name not in MODULES or peer(MODULES[name]) is not None


def _compare(title: str, steps: dict[str, Step]) -> None:
    """Time all in turns, three rounds, best of all."""
    best = dict.fromkeys(steps, float("inf"))
    for _ in range(3):
        for name, step in steps.items():
            best[name] = min(best[name], measure(step, seconds=0.5).best)
    rows = [(name, seconds(t), f"{t / best['gradcalc']:.2f}") for name, t in best.items()]
    missing = ", ".join(f"{name}: {NOT_INSTALLED}" for name in MODULES if not _there(name))
    table(title, ("", "time", "ratio to gradcalc"), rows, note=missing)


# -- scalars: order 1 the gradient, order 2 all second derivatives -----------------------------------------------------


def _gradcalc(order: int) -> Step:
    x, y = gradcalc.Variable(2.0), gradcalc.Variable(3.0)
    return _by_tapes(gradcalc, x, y, order)


def _tensorflow(order: int) -> Step:
    import tensorflow as tf

    return _by_tapes(tf, tf.Variable(2.0), tf.Variable(3.0), order)


def _by_tapes(library: Any, x: Any, y: Any, order: int) -> Step:
    def first() -> Any:
        with library.GradientTape() as tape:
            z = x**4 + y**2 + 1
        return tape.gradient(z, [x, y])

    def second() -> Any:
        with library.GradientTape(persistent=True) as outer:
            with library.GradientTape() as inner:
                z = x**4 + y**2 + 1
            dx, dy = inner.gradient(z, [x, y])
        return outer.gradient(dx, [x, y]), outer.gradient(dy, [x, y])

    return first if order == 1 else second


def _torch(order: int) -> Step:
    import torch

    x, y = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (2.0, 3.0))

    def first() -> Any:
        return torch.autograd.grad(x**4 + y**2 + 1, (x, y))

    def second() -> Any:
        dx, dy = torch.autograd.grad(x**4 + y**2 + 1, (x, y), create_graph=True)
        one = torch.autograd.grad(dx, (x, y), retain_graph=True, allow_unused=True)
        return one, torch.autograd.grad(dy, (x, y), allow_unused=True)

    return first if order == 1 else second


def _autograd(order: int) -> Step:
    import autograd

    def f(x: Any, y: Any) -> Any:
        return x**4 + y**2 + 1

    if order == 1:
        gradient = autograd.grad(f, (0, 1))
        return lambda: gradient(2.0, 3.0)
    seconds_ = [autograd.grad(autograd.grad(f, i), j) for i in (0, 1) for j in (0, 1)]
    return lambda: [h(2.0, 3.0) for h in seconds_]


def _jax(order: int) -> Step:
    import jax

    def f(x: Any, y: Any) -> Any:
        return x**4 + y**2 + 1

    made = jax.grad(f, (0, 1)) if order == 1 else jax.hessian(f, (0, 1))
    return lambda: jax.block_until_ready(made(2.0, 3.0))


SCALARS = {
    "gradcalc": _gradcalc, "TensorFlow, eager": _tensorflow, "PyTorch": _torch, "autograd": _autograd,
    "JAX, not compiled": _jax,
}  # fmt: skip


# -- one training step -------------------------------------------------------------------------------------------------


def _data(features: int) -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    x = random.normal(size=(1000, features)).astype(np.float32)
    return x, np.eye(10, dtype=np.float32)[random.integers(0, 10, 1000)]


def _weights(features: int) -> list[Any]:
    random = np.random.default_rng(1)
    shapes = [(features, 32), (32,), (32, 10), (10,)]
    return [random.normal(size=s, scale=0.1).astype(np.float32) for s in shapes]


def _step_numpy(x: Any, y: Any) -> Step:
    """What one writes by hand, each formula once, with Adam's update in place."""
    parameters = _weights(x.shape[1])
    first, second = ([np.zeros_like(p) for p in parameters] for _ in range(2))
    count = [0]

    def step() -> Any:
        w1, b1, w2, b2 = parameters
        z1 = x @ w1 + b1
        a1 = np.maximum(z1, 0)
        z2 = a1 @ w2 + b2
        shifted = z2 - z2.max(axis=1, keepdims=True)
        power = np.exp(shifted)
        total = power.sum(axis=1, keepdims=True)
        loss = -np.mean(np.sum(y * (shifted - np.log(total)), axis=1))
        d2 = (power / total - y) / np.float32(len(x))
        d1 = (d2 @ w2.T) * (z1 > 0)
        gradients = [x.T @ d1, d1.sum(axis=0), a1.T @ d2, d2.sum(axis=0)]
        count[0] += 1
        rate = 0.001 * (1 - 0.999 ** count[0]) ** 0.5 / (1 - 0.9 ** count[0])
        for p, g, m, v in zip(parameters, gradients, first, second, strict=True):
            m += (g - m) * np.float32(0.1)
            v += (g * g - v) * np.float32(0.001)
            p -= np.float32(rate) * m / (np.sqrt(v) + np.float32(1e-7))
        return loss

    return step


def _step_gradcalc(x: Any, y: Any) -> Step:
    from gradcalc import nn, optimize

    return _keras_step(gradcalc, nn, nn, nn, optimize, gradcalc.constant(x), gradcalc.constant(y))


def _step_tensorflow(x: Any, y: Any) -> Step:
    import tensorflow as tf

    keras = tf.keras
    return _keras_step(tf, keras, keras.layers, keras.losses, keras.optimizers, tf.constant(x), tf.constant(y))


def _step_tensorflow_compiled(x: Any, y: Any) -> Step:
    import tensorflow as tf

    step = _step_tensorflow(x, y)
    step()
    return tf.function(step)  # type: ignore[no-any-return]


def _keras_step(library: Any, models: Any, layers: Any, losses: Any, optimizers: Any, x: Any, y: Any) -> Step:
    class Net(models.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.hidden = layers.Dense(32, activation="relu")
            self.out = layers.Dense(10)

        def call(self, inputs: Any) -> Any:
            return self.out(self.hidden(inputs))

    model, loss_of = Net(), losses.CategoricalCrossentropy(from_logits=True)
    optimizer = optimizers.Adam()

    def step() -> Any:
        with library.GradientTape() as tape:
            loss = loss_of(y, model(x))
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    return step


def _step_torch(x: Any, y: Any) -> Step:
    import torch

    model = torch.nn.Sequential(torch.nn.Linear(x.shape[1], 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
    optimizer, loss_of = torch.optim.Adam(model.parameters()), torch.nn.CrossEntropyLoss()
    inputs, labels = torch.from_numpy(x), torch.from_numpy(y)

    def step() -> Any:
        optimizer.zero_grad()
        loss = loss_of(model(inputs), labels)
        loss.backward()
        optimizer.step()
        return loss

    return step


STEPS = {
    "gradcalc": _step_gradcalc, "NumPy, by hand": _step_numpy, "TensorFlow, eager": _step_tensorflow,
    "TensorFlow, tf.function": _step_tensorflow_compiled, "PyTorch": _step_torch,
}  # fmt: skip

MODULES = {
    "TensorFlow, eager": "tensorflow", "TensorFlow, tf.function": "tensorflow", "PyTorch": "torch",
    "autograd": "autograd", "JAX, not compiled": "jax",
}  # fmt: skip


# -- memory ------------------------------------------------------------------------------------------------------------


def _chain() -> None:
    """A chain of recorded multiplications: seconds and resident memory, by length."""
    rows = []
    for length in (100_000, 1_000_000):
        x, before, started = gradcalc.Variable(1.0), _resident(), time.perf_counter()
        with gradcalc.GradientTape() as tape:
            y = x * 1.0
            for _ in range(length):
                y = y * 1.000001
        recorded, held = time.perf_counter(), _resident() - before
        tape.gradient(y, x)
        swept = time.perf_counter()
        del tape, y
        left = _resident() - before
        rows.append(
            (f"{length:,}", seconds(recorded - started), seconds(swept - recorded), f"{held:.0f}", f"{left:.0f}")
        )
    table("A chain of recorded operations", ("operations", "recorded", "swept", "MB held", "MB after"), rows)


def _resident() -> float:
    """Resident memory in MB; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096 / 1e6
    except OSError:
        return 0.0


def _peak() -> None:
    """The peak of a sweep over 40 activations of 8 MB, against the activations themselves."""
    x = gradcalc.Variable(np.ones(1_000_000))
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    with gradcalc.GradientTape() as tape:
        y: Any = x
        for _ in range(20):
            y = np.tanh(y) * 1.1
        z = np.sum(y)
    activations = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.reset_peak()
    tape.gradient(z, x)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    row = (f"{activations / 1e6:.0f}", f"{peak / 1e6:.0f}", f"{peak / activations:.2f}")
    table("Memory of one sweep, MB", ("activations of the forward pass", "peak of the sweep", "ratio"), [row])
