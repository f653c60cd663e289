"""`tf.keras`: `losses` and `activations`; `layers`, `models`, `initializers`, `optimizers` and `schedules` only have other names
for what `tests/nn` and `tests/optimize` test, and are used in `tests/tf/test_tf.py`.
"""

import gradcalc.tf as tf
from tests.tf.results import check_result, over

RESULTS = [
    (lambda: tf.keras.losses.mse([1.0, 2.0], [2.0, 4.0]), 2.5, "float32"),
    (lambda: tf.keras.activations.relu(tf.constant([-1.0, 2.0])), [0, 2], "float32"),
]

test_results_and_dtypes_are_tensorflows = over(RESULTS, check_result)
