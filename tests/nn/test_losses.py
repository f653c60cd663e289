"""Losses: Keras's numbers and gradients, reductions, labels of every kind, exactness at the edges, errors."""

import inspect
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.nn as nn
from gradcalc.nn import activations, losses
from gradcalc.tape import GradientTape, Variable, constant
from tests.nn.support import over, says


def ramp(*shape: int) -> Any:
    return np.sin(np.arange(1.0, np.prod(shape) + 1)).reshape(shape)


T2 = np.array([[0.0, 1.0, 0.0], [0.25, 0.25, 0.5]])
P2 = np.array([[0.05, 0.9, 0.15], [0.1, 0.6, 0.1]])
Z2 = 3 * ramp(2, 3)
W = [0.5, 2.0]
B2 = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]])
S2 = 2 * B2 - 1
KERAS: list[tuple[Callable[[], nn.Loss], Any, Any, Any, list[float], list[float]]] = [  # by Keras 3.15.0, float64
    (lambda: nn.MeanSquaredError(), T2, Z2, None, [4.57626201262],
     [0.841470984808, 0.575964093492, 0.14112000806, -0.840135828641, -1.042257608, -0.446082164866]),
    (lambda: nn.MeanSquaredError(), T2, Z2, W, [6.76814747337],
     [0.420735492404, 0.287982046746, 0.0705600040299, -1.68027165728, -2.08451521599, -0.892164329731]),
    (lambda: nn.MeanSquaredError(reduction="sum"), T2, Z2, None, [9.15252402524],
     [1.68294196962, 1.15192818698, 0.28224001612, -1.68027165728, -2.08451521599, -0.892164329731]),
    (lambda: nn.MeanSquaredError(reduction=None), T2, Z2, W, [1.58958436791, 11.9467105788],
     [0.841470984808, 0.575964093492, 0.14112000806, -3.36054331457, -4.16903043199, -1.78432865946]),
    (lambda: nn.MeanSquaredError(reduction="mean_with_sample_weight"), T2, Z2, W, [5.4145179787],
     [0.336588393923, 0.230385637397, 0.0564480032239, -1.34421732583, -1.66761217279, -0.713731463785]),
    (lambda: nn.MeanSquaredError(), [1.0, 2.0], Z2[:, :1], None, [10.2801074757], [1.52441295442, -4.27040748592]),
    (lambda: nn.MeanSquaredError(), [[1.0], [2.0]], Z2[:, 0], None, [10.2801074757], [1.52441295442, -4.27040748592]),
    (lambda: nn.MeanAbsoluteError(), T2, Z2, None, [1.94351534393],
     [0.166666666667, 0.166666666667, 0.166666666667, -0.166666666667, -0.166666666667, -0.166666666667]),
    (lambda: nn.Huber(delta=1.5), T2, Z2, None, [1.88904950207],
     [0.25, 0.25, 0.0705600040299, -0.25, -0.25, -0.223041082433]),
    (lambda: nn.BinaryCrossentropy(), T2, P2, None, [0.498789443118],
     [0.175438596491, -0.185185185185, 0.196078431373, -0.277777777778, 0.243055555556, -0.740740740741]),
    (lambda: nn.BinaryCrossentropy(from_logits=True), T2, Z2, W, [1.038781771],
     [0.0771529696651, -0.00511228511726, 0.0503572494931, -0.0521321218021, -0.0655620726794, -0.0660319263415]),
    (lambda: nn.BinaryCrossentropy(label_smoothing=0.25), T2, P2, None, [0.660709117004],
     [-0.263157894737, 0.0462962962963, 0.0326797385621, -0.393518518519, 0.199652777778, -0.740740740741]),
    (lambda: nn.BinaryCrossentropy(), [[1.0, 0.0, 1.0]], [[0.0, 0.0, 1.0]], None, [5.37269861699], [0.0, 0.0, 0.0]),
    (lambda: nn.CategoricalCrossentropy(), T2, P2, None, [0.916086184917],
     [0.454545454545, -0.10101010101, 0.454545454545, -0.625, 0.416666666667, -1.875]),
    (lambda: nn.CategoricalCrossentropy(from_logits=True), T2, Z2, W, [1.34428153186],
     [0.106474166997, -0.11949889184, 0.0130247248425, -0.0755733366709, -0.154880019461, 0.230453356132]),
    (lambda: nn.CategoricalCrossentropy(from_logits=True, label_smoothing=0.25), T2, Z2, None, [1.05657394126],
     [0.171281667328, -0.155664450346, -0.0156172169817, -0.0482033350021, -0.0878566763973, 0.136060011399]),
    (lambda: nn.CategoricalCrossentropy(from_logits=True, axis=1), T2[:, :, None] * [1.0, 1.0], ramp(2, 3, 2), None,
     [1.58780181672],
     [0.150453351184, 0.16738130123, -0.175313294793, -0.218367833548, 0.0248599436096, 0.0509865323181,
     0.0641770489309, 0.111931951405, 0.0366637785929, -0.0248566864026, -0.100840827524, -0.0870752650025]),
    (lambda: nn.CategoricalCrossentropy(axis=1), T2[:, :, None] * [1.0, 1.0], ramp(2, 3, 2) ** 2, None, [1.96655202698],
     [0.15174285413, 0.169188151228, -12.401699236, -0.267302451341, 0.15174285413, 0.169188151228, 0.0113087125559,
     0.0961278456336, -0.211881649112, -0.0511983177463, 0.0311057419487, -0.274183101451]),
    (lambda: nn.SparseCategoricalCrossentropy(), [2, 0], P2, None, [2.03593585319],
     [0.454545454545, 0.454545454545, -2.87878787879, -4.375, 0.625, 0.625]),
    (lambda: nn.SparseCategoricalCrossentropy(from_logits=True), [2, 0], Z2, W, [2.48490375708],
     [0.106474166997, 0.13050110816, -0.236975275158, -0.825573336671, 0.0951199805386, 0.730453356132]),
    (lambda: nn.SparseCategoricalCrossentropy(from_logits=True), [[2], [0]], Z2, None, [2.35043117446],
     [0.212948333995, 0.26100221632, -0.473950550315, -0.412786668335, 0.0475599902693, 0.365226678066]),
    (lambda: nn.SparseCategoricalCrossentropy(from_logits=True), [[1, 0], [2, 2]], ramp(2, 2, 3), None, [1.11790861632],
     [0.0974054841988, -0.145758642348, 0.0483531581491, -0.177089311259, 0.0595676994054, 0.117521611853,
     0.078688639264, 0.109713282255, -0.188401921519, 0.0946500238348, 0.0599923487834, -0.154642372618]),
    (lambda: nn.MeanAbsolutePercentageError(), T2[1:], P2[1:], None, [93.3333333333],
     [-133.333333333, 133.333333333, -66.6666666667]),
    (lambda: nn.MeanSquaredLogarithmicError(), T2 + 0.5, P2, W, [0.216433936249],
     [-0.0566150704665, -0.0240734075177, -0.0385077051787, -0.281397338261, -0.037338399454, -0.362325455003]),
    (lambda: nn.LogCosh(), T2, Z2, None, [1.32857300824],  # by mpmath: Keras rounds log(2) to float32
     [0.164541350196, 0.156467727054, 0.0666262151512, -0.164524365903, -0.166026690557, -0.14520840547]),
    (lambda: nn.Poisson(), T2, P2, W, [0.985328178386],
     [0.0833333333333, -0.00925924897119, 0.0833333333333, -0.499999166667, 0.194444467593, -1.33333166667]),
    (lambda: nn.BinaryFocalCrossentropy(), B2, P2, None, [0.594643870238],
     [0.00129348473102, -0.00536386904045, -1.34029510683, -2.0407755279, 0.333258146375, 0.00536386904045]),
    (lambda: nn.BinaryFocalCrossentropy(True, 0.4, 1.5, label_smoothing=0.1), B2, P2, W, [0.367255890615],
     [0.00406125442165, -0.00470869261983, -0.233117053999, -1.40457724027, 0.386977937237, 0.0271036941044]),
    (lambda: nn.BinaryFocalCrossentropy(gamma=3.0, from_logits=True), B2, Z2, None, [0.644917265628],
     [0.199014397977, -9.22083761749e-06, -0.0135171020446, -0.195043377418, 5.27635751555e-06, 0.00483659264318]),
    (lambda: nn.CategoricalFocalCrossentropy(), T2, P2, None, [0.150647887143],
     [0.0105410828669, -0.0023424628593, 0.0105410828669, -0.231723961291, 0.140809176537, -0.613131097929]),
    (lambda: nn.CategoricalFocalCrossentropy(0.4, 1.5, True, 0.1), T2, Z2, W, [0.383488839854],
     [0.0271315546164, -0.0269707319801, -0.000160822636296, -0.0673930993974, -0.0930295239507, 0.160422623348]),
    (lambda: nn.Dice(), T2, P2, None, [0.42307693787],
     [0.147928986497, -0.364891513175, 0.147928986497, 0.0197238615789, 0.0197238615789, -0.108481263339]),
    (lambda: nn.Dice(axis=1), T2, P2, W, [0.785714309807],
     [0.102040806608, -0.136054420149, 0.102040806608, -0.138888888889, -0.138888888889, -0.416666651235]),
    (lambda: nn.Tversky(0.3, 0.7), T2, P2, None, [0.417098475798],
     [0.211415049637, -0.306719638542, 0.211415049637, 0.0818813775924, 0.0818813775924, -0.0476522944525]),
    (lambda: nn.Circle(gamma=8.0, margin=0.3), [0, 1, 0, 1], ramp(4, 2), None, [31.08669139542557],  # float32 in Keras
     [15.81058040268735, 4.606955227599141, -8.901181247524981, -13.164766323481043, -13.845003766221522,
     -15.14800694412994, -1.8695971945045031, 10.02633036572292]),
]  # fmt: skip


@pytest.mark.parametrize(("make", "y_true", "y_pred", "weight", "value", "gradient"), KERAS)
def test_values_and_gradients_are_keras_s(
    make: Any, y_true: Any, y_pred: Any, weight: Any, value: Any, gradient: Any
) -> None:
    y = Variable(y_pred)
    with GradientTape() as tape:
        loss = make()(y_true, y, sample_weight=weight)
    np.testing.assert_allclose(loss.numpy().ravel(), value, rtol=1e-10)
    np.testing.assert_allclose(tape.gradient(loss, y).numpy().ravel(), gradient, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", [int, list, np.float32, "tensor"])
def test_labels_may_be_of_any_kind(kind: Any) -> None:
    rows = np.array([[0, 1, 0], [1, 0, 0]])
    labels = rows.tolist() if kind is list else constant(rows) if kind == "tensor" else rows.astype(kind)
    loss = nn.CategoricalCrossentropy(from_logits=True)(labels, Z2.astype("float32"))
    assert loss.dtype == np.float32
    assert float(loss) == pytest.approx(float(nn.SparseCategoricalCrossentropy(from_logits=True)([1, 0], Z2)), rel=1e-6)


def test_predictions_keep_their_dtype_and_lists_are_float32() -> None:
    loss = nn.MeanSquaredError()
    assert loss([1.0], np.array([1.5])).dtype == np.float64
    assert loss(np.array([1.0]), np.array([1.5], "float32")).dtype == np.float32
    assert loss([1], [2]).dtype == np.float32 and float(loss([[1, 3]], [[2, 1]])) == 2.5
    assert nn.MeanSquaredError(dtype="float32")([1.0], np.array([1.5])).dtype == np.float32


def test_functions_give_one_number_for_each_row() -> None:
    assert nn.mean_squared_error([[0.0, 2.0], [1.0, 1.0]], np.array([[0.0, 0.0], [3.0, 1.0]])).tolist() == [2, 2]
    assert nn.mean_absolute_error([[0.0, 2.0]], np.array([[0.0, 0.0]])).tolist() == [1]
    assert nn.huber([[0.0, 0.0]], np.array([[1.0, 3.0]])).tolist() == [1.5]
    np.testing.assert_allclose(nn.binary_crossentropy([[1, 0]], np.array([[0.5, 0.75]])), [1.5 * np.log(2)], rtol=1e-12)
    np.testing.assert_allclose(
        nn.categorical_crossentropy([[0, 1]], np.array([[1.0, 3.0]])), [-np.log(0.75)], rtol=1e-12
    )
    np.testing.assert_allclose(
        nn.sparse_categorical_crossentropy([1], np.array([[0.25, 0.75]])), [-np.log(0.75)], rtol=1e-12
    )


def test_second_derivatives_of_cross_entropy_are_those_of_its_formula() -> None:
    z = Variable([[0.5, -1.0, 2.0]])
    with GradientTape(persistent=True) as outer:
        with GradientTape() as inner:
            y = nn.CategoricalCrossentropy(from_logits=True)([[0.0, 1.0, 0.0]], z)
        gradient = inner.gradient(y, z)
    hessian = outer.jacobian(gradient, z).numpy().reshape(3, 3)
    p = np.exp(z.numpy()[0]) / np.exp(z.numpy()[0]).sum()
    np.testing.assert_allclose(hessian, np.diag(p) - np.outer(p, p), rtol=1e-12)


def test_cross_entropy_is_differentiable_in_the_labels() -> None:
    labels = Variable([[0.25, 0.75]])
    with GradientTape() as tape:
        y = nn.CategoricalCrossentropy(from_logits=True)(labels, np.log([[1.0, 3.0]]))
    np.testing.assert_allclose(tape.gradient(y, labels).numpy(), [[np.log(4), np.log(4 / 3)]], rtol=1e-12)


def test_labels_that_do_not_sum_to_one_have_the_gradient_of_the_formula() -> None:
    z = Variable([[0.0, np.log(3.0)]])
    with GradientTape() as tape:
        y = nn.CategoricalCrossentropy(from_logits=True)([[2.0, 1.0]], z)
    np.testing.assert_allclose(tape.gradient(y, z).numpy(), [[3 / 4 - 2, 9 / 4 - 1]], rtol=1e-12)


@pytest.mark.parametrize("size", [50.0, 1000.0])
def test_large_logits_neither_overflow_nor_lose_their_gradient(size: float) -> None:
    z = Variable([[size, -size]])
    with GradientTape() as tape:
        y = nn.CategoricalCrossentropy(from_logits=True)([[0.0, 1.0]], z)
    assert float(y) == 2 * size and tape.gradient(y, z).numpy().tolist() == [[1.0, -1.0]]
    with GradientTape() as tape:
        y = nn.BinaryCrossentropy(from_logits=True)([[0.0, 1.0]], z)
    assert float(y) == size and tape.gradient(y, z).numpy().tolist() == [[0.5, -0.5]]


def test_probabilities_of_an_activation_are_taken_back_to_logits() -> None:
    z = Variable([[60.0], [-60.0]])
    with GradientTape() as tape:
        y = nn.BinaryCrossentropy()([[0.0], [1.0]], activations.sigmoid(z))
    assert float(y) == 60.0 and tape.gradient(y, z).numpy().tolist() == [[0.5], [-0.5]]
    z = Variable([[60.0, 0.0, 0.0]])
    with GradientTape() as tape:
        y = nn.SparseCategoricalCrossentropy()([1], nn.Softmax(dtype="float64")(z))
    assert float(y) == 60.0 and tape.gradient(y, z).numpy()[0, :2].tolist() == [1.0, -1.0]


def test_rows_can_be_none() -> None:
    assert float(nn.MeanSquaredError()(np.zeros((0, 2)), np.zeros((0, 2)))) == 0.0
    assert nn.CategoricalCrossentropy(from_logits=True, reduction="none")(np.zeros((0, 2)), np.zeros((0, 2))).shape == (
        0,
    )


def test_weights_that_sum_to_zero_give_zero() -> None:
    loss = nn.MeanSquaredError(reduction="mean_with_sample_weight")
    assert float(loss(T2, Z2, sample_weight=[0.0, 0.0])) == 0.0


def test_a_loss_of_ones_own_gives_its_formula() -> None:
    class Worst(nn.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return np.max(np.abs(y_true - y_pred), axis=-1)

    assert float(Worst()(T2, T2 + [[1.0, 3.0, 2.0]])) == 3.0
    with pytest.raises(NotImplementedError, match="must define call"):
        nn.Loss()(T2, T2)


KINDS = [
    kind
    for kind in losses.LOSSES.values()
    if isinstance(kind, type) and kind.__name__ not in ("Dice", "Tversky", "Circle")  # their numbers are no rows'
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_loss_is_its_function_reduced_by_each_of_its_names(kind: Any) -> None:
    labels: Any = [1, 0] if "Sparse" in kind.__name__ or "Generalized" in kind.__name__ else [[0.0, 1.0], [1.0, 0.0]]
    predictions = np.array([[0.25, 0.75], [0.5, 0.5]])
    function, loss = kind.function, kind()
    rows = function(labels, predictions, **({"q": 0.5} if "Generalized" in kind.__name__ else {}))
    assert rows.shape == (2,)
    assert float(loss(labels, predictions)) == pytest.approx(rows.mean(), rel=1e-15)
    assert kind(reduction=None)(labels, predictions).tolist() == rows.tolist()
    names = [name for name, found in losses.LOSSES.items() if found is function]
    assert function.__name__ in names and all(losses.get(name) is function for name in names)
    assert isinstance(losses.get(kind.__name__), kind) and isinstance(losses.get(kind), kind)
    assert losses.get(loss) is loss and losses.get(function) is function
    twin = pickle.loads(pickle.dumps(loss))
    assert repr(twin) == repr(loss) and vars(twin) == vars(loss)
    options = list(inspect.signature(function).parameters)[2:]
    assert set(inspect.signature(kind).parameters) == {*options, "reduction", "name", "dtype"}
    assert kind.__doc__ and function.__doc__ and {kind.__name__, function.__name__} <= set(nn.__all__)


def test_the_options_of_a_loss_are_its_attributes() -> None:
    loss = nn.Huber(delta=0.5)
    assert loss.delta == 0.5 and float(loss([[0.0]], np.array([[1.0]]))) == 0.375
    loss.delta = 1.0
    assert float(loss([[0.0]], np.array([[1.0]]))) == 0.5


def test_short_names_are_keras_s() -> None:
    assert losses.get("mse") is losses.get("MSE") is nn.mean_squared_error
    assert losses.get("mae") is losses.get("MAE") is nn.mean_absolute_error
    assert losses.get("bce") is losses.get("BCE") is nn.binary_crossentropy
    assert losses.get(None) is None
    for unknown in ("rmse", 3):
        with pytest.raises(ValueError, match="Could not interpret loss identifier: .* Known: .*mean_squared_error"):
            losses.get(unknown)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_loss_from_logits_keeps_nothing_but_what_its_call_made(dtype: str) -> None:
    """Two calls of one loss on one tape have each its own softmax."""
    first, second = Variable(ramp(2, 3).astype(dtype)), Variable(-2 * ramp(2, 3).astype(dtype))
    loss = nn.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    with GradientTape() as tape:
        total = loss([0, 1], first) + loss([0, 1], second)
    for z, gradient in zip((first, second), tape.gradient(total, [first, second]), strict=True):
        p = np.exp(z.numpy()) / np.exp(z.numpy()).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(gradient.numpy(), p - np.eye(3)[:2], atol=1e-6 if dtype == "float32" else 1e-15)


def test_printing() -> None:
    assert repr(nn.MeanSquaredError()) == "<MeanSquaredError name=mean_squared_error, reduction=sum_over_batch_size>"


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: nn.MeanSquaredError(reduction="avg"), "Expected one of .* Received: reduction=avg"),
    (
        lambda: nn.CategoricalCrossentropy()(np.ones((2, 2)), np.ones((2, 3))),
        r"target.shape=\(2, 2\), output.shape=\(2, 3\)",
    ),
    (lambda: nn.BinaryCrossentropy()(np.ones((2, 2)), np.ones((2, 3))), "must have the same shape"),
    (lambda: nn.SparseCategoricalCrossentropy()([[1, 2]], np.ones((2, 3))), r"labels of shape \(1, 2\) do not fit"),
    (
        lambda: nn.SparseCategoricalCrossentropy()([1, 3], np.ones((2, 3))),
        "labels go from 1 to 3, but y_pred has classes 0 to 2",
    ),
    (lambda: nn.SparseCategoricalCrossentropy(axis=0)([1], np.ones((2, 3))), "Only axis=-1"),
]

test_errors_say_what_is_wrong = over(ERRORS, says)


def test_one_class_is_warned_of() -> None:
    with pytest.warns(SyntaxWarning, match="binary_crossentropy is for two classes"):
        losses.categorical_crossentropy([[1.0]], np.array([[0.5]]))


def test_the_cosine_of_a_vector_of_length_0_is_0_with_a_finite_gradient() -> None:
    y = Variable([[0.0, 0.0]])
    with GradientTape() as tape:
        loss = nn.CosineSimilarity()([[1.0, 2.0]], y)
    assert float(loss) == 0 and np.isfinite(tape.gradient(loss, y).numpy()).all()


def test_losses_of_large_errors_do_not_overflow() -> None:
    assert nn.log_cosh([[0.0]], np.array([[1000.0]])).numpy() == pytest.approx(1000 - np.log(2))
    assert nn.log_cosh([[0.0]], np.array([[-1000.0]])).numpy() == pytest.approx(1000 - np.log(2))


def test_labels_of_0_and_1_alone_are_sides_for_hinge() -> None:
    assert nn.hinge([[0, 1]], np.array([[-0.5, 0.5]])).tolist() == nn.hinge([[-1, 1]], np.array([[-0.5, 0.5]])).tolist()
    assert nn.hinge([[0, 2]], np.array([[1.0, 0.25]])).tolist() == [0.75]


def test_rows_that_are_ignored_or_masked_are_not_in_the_mean() -> None:
    p = np.array([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.25, 0.5], [0.125, 0.125, 0.75]])
    ignoring = nn.SparseCategoricalCrossentropy(ignore_class=0)
    labels, weights = [0, 2, 2, 2], [5.0, 1.0, 3.0, 2.0]
    rows = [np.log(4), np.log(2), -np.log(0.75)]
    assert float(ignoring(labels, p)) == pytest.approx(sum(rows) / 3, rel=1e-12)
    assert float(ignoring(labels, p, weights)) == pytest.approx((rows[0] + 3 * rows[1] + 2 * rows[2]) / 3, rel=1e-12)
    column = np.array(weights)[:, None]  # a weight for each row, as rows of one
    assert float(ignoring(labels, p, column)) == pytest.approx(float(ignoring(labels, p, weights)), rel=1e-12)
    masked = constant(p)
    masked._keras_mask = np.array([True, True, True, False])
    assert float(ignoring(labels, masked)) == pytest.approx(sum(rows[:2]) / 2, rel=1e-12)
    assert float(ignoring([0, 0, 0, 0], masked)) == 0


def test_a_loss_by_classes_refuses_what_is_no_power() -> None:
    with pytest.raises(ValueError, match="interval"):
        nn.CategoricalGeneralizedCrossEntropy(1.0)
