"""`tf.dtypes`: casts."""

import gradcalc.tf as tf
from tests.tf.results import check_result, over

RESULTS = [
    (lambda: tf.cast(2.7, tf.int32), 2, "int32"),
]

test_results_and_dtypes_are_tensorflows = over(RESULTS, check_result)
