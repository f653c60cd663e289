"""Write tests/tf/saved_*.weights.h5 with Keras, and check that Keras reads what gradcalc writes.

PYTHONPATH=. python scripts/tf_weights.py    # where TensorFlow is installed
"""

import tempfile
from pathlib import Path

import tensorflow

import gradcalc.tf
from tests.tf.tutorials import begin, saved_models

FOLDER = Path(__file__).parent.parent / "tests" / "tf"

if __name__ == "__main__":
    for name, model in saved_models(tensorflow).items():
        begin(model).save_weights(FOLDER / f"saved_{name}.weights.h5")
        path = Path(tempfile.mkdtemp()) / "ours.weights.h5"
        begin(ours := saved_models(gradcalc.tf)[name]).save_weights(path)
        model.set_weights([array * 0 for array in model.get_weights()])
        model.load_weights(path)
        pairs = zip(model.get_weights(), ours.get_weights(), strict=True)
        print(name, "is read by Keras:", all((a == b).all() for a, b in pairs))
