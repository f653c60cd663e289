"""Types for users' editors: a small user's file under `mypy --strict`, and every public name seen as exported.

One run of mypy checks a file of each kind; what pyright asks besides (names exported by `as`, by `*` or by `__all__`)
mypy asks too, of an installed package with `py.typed`.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import gradcalc
from gradcalc import nn, optimize, tape
from tests import ROOT

pytest.importorskip("mypy")

USER = '''
import gradcalc
import gradcalc.tf as tf
import gradcalc.tf.keras as keras
from gradcalc import GradientTape, Variable, differentiate, nn, optimize
from gradcalc.tf.keras.layers import Dense

report: gradcalc.Report = differentiate("x**4 + y**2 + 1", at={"x": 2, "y": 3})
slope: float = report.gradient["x"]


def loss_of(layer: tf.keras.layers.Layer, x: tf.Tensor) -> tf.Tensor:
    """A function with the package's types in its signature."""
    loss: tf.Tensor = tf.reduce_mean(tf.nn.relu(layer(x)) ** 2) + tf.reduce_sum(tf.random.normal([2]))
    return loss


x = tf.constant([[1.0, 2.0]], dtype=tf.float32)
w: tf.Variable = tf.Variable(tf.zeros((2, 1)), name="w")
with tf.GradientTape(persistent=True) as tape:
    loss = loss_of(tf.keras.layers.Dense(3, activation="relu"), x) + tf.math.log(tf.abs(w))
gradients = tape.gradient(loss, [w])
model = keras.Sequential([Dense(3), tf.keras.layers.Dense(1)])
rate = tf.keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
tf.keras.optimizers.Adam(rate).apply_gradients(zip(gradients, [w]))
mean = tf.keras.losses.MeanSquaredError()(x, x) + tf.keras.metrics.Mean()(x)



class Edges(tf.keras.layers.Conv2D):
    """A layer of the user's own, made from one of the package's."""


def of_pictures(layer: nn.Conv2D, pool: nn.MaxPooling2D) -> tuple[nn.Conv2D, nn.MaxPooling2D]:
    """Layers are types."""
    return layer, pool


of_pictures(Edges(3, 2), nn.MaxPooling2D())


def of_rows(loss: nn.MeanSquaredError, metric: nn.metrics.Precision) -> tuple[nn.Loss, nn.metrics.Metric]:
    """Losses and metrics that are rows of a table are types."""
    return loss, metric


of_rows(tf.keras.losses.MeanSquaredError(reduction="sum"), nn.metrics.Precision(0.5))
v = Variable(3.0)
with GradientTape() as t:
    y = v * v
again: gradcalc.GradientTape = t
optimize.SGD(0.1).apply_gradients([(t.gradient(y, v), v)])
nn.losses.mean_squared_error(nn.Dense(2)(x), x)
try:
    gradcalc.compile("x**2")
except (gradcalc.UsageError, gradcalc.ExpressionError) as error:
    print(error)
'''

TYPOS = {
    "gradcalc.gradient_tape": "gradcalc",
    "gradcalc.tf.reduce_summ": "gradcalc.tf",
    "gradcalc.tf.log": "gradcalc.tf",
    "gradcalc.tf.keras.layers.ConvLSTM2D": "gradcalc.tf.keras.layers",
}


def public_names() -> list[str]:
    """Every name of `gradcalc`, `nn` and `optimize`, and every one of `tf` that the page of docs names."""
    page = (ROOT / "docs" / "tensorflow.md").read_text(encoding="utf-8").split("## What is not there")[0]
    return [
        *(f"gradcalc.{name}" for name in dir(gradcalc)),
        *(f"gradcalc.nn.{name}" for name in nn.__all__),
        *(f"gradcalc.optimize.{name}" for name in optimize.__all__),
        *sorted({f"gradcalc.{name}" for name in re.findall(r"`(tf(?:\.\w+)+)`", page)}),
    ]


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What mypy says of a user's file, of one with all public names, and of one with names that are not there."""
    place = tmp_path_factory.mktemp("typing")
    files = {
        "user.py": USER,
        "names.py": "import gradcalc.tf.keras\n\n" + "\n".join(f"print({name})" for name in public_names()),
        "typos.py": "import gradcalc.tf.keras\n\n" + "\n".join(f"print({name})" for name in TYPOS),
    }
    for name, text in files.items():
        (place / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(place / "cache"), *files]
    result = subprocess.run(command, cwd=place, capture_output=True, text=True)
    return result.stdout.splitlines() + result.stderr.splitlines()


def test_a_users_file_passes_strict_mypy(complaints: list[str]) -> None:
    assert [line for line in complaints if line.startswith("user.py")] == []


def test_every_public_name_is_exported(complaints: list[str]) -> None:
    assert [line for line in complaints if line.startswith("names.py")] == []
    assert len(public_names()) > 300


def test_a_name_that_is_not_there_is_an_error(complaints: list[str]) -> None:
    told = [line for line in complaints if line.startswith("typos.py")]
    assert [int(line.split(":")[1]) for line in told] == list(range(3, 3 + len(TYPOS)))
    assert all("has no attribute" in line for line in told)


def exported(path: Path) -> set[str]:
    """The names that an `__init__` shows to type checkers by `as`, which pyright wants, or takes over by `*`."""
    return set(re.findall(r"\b(\w+) as \1\b", path.read_text(encoding="utf-8")))


def test_names_of_the_lazy_package_are_exported_one_by_one() -> None:
    home = Path(gradcalc.__file__)
    assert exported(home) | set(tape.__all__) == {*gradcalc.__all__, *gradcalc._MODULES}
