"""Write tests/tf/tutorials.json: what the tutorials of tests/tf/tutorials.py find with TensorFlow and Keras.

PYTHONPATH=. python scripts/tf_tutorials.py [NAME ...]    # where TensorFlow is installed; of these tutorials alone
"""

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import tensorflow

FOLDER = Path(__file__).parent.parent / "tests" / "tf"

if __name__ == "__main__":
    spec = spec_from_file_location("tutorials", FOLDER / "tutorials.py")
    assert spec and spec.loader
    tutorials = module_from_spec(spec)
    spec.loader.exec_module(tutorials)
    path = FOLDER / "tutorials.json"
    found = json.loads(path.read_text()) if sys.argv[1:] else {}
    found["from"] = f"TensorFlow {tensorflow.__version__}, Keras {tensorflow.keras.__version__}, on a CPU"
    for tutorial in (each for each in tutorials.TUTORIALS if not sys.argv[1:] or each.__name__ in sys.argv):
        values = {key: np.asarray(value, float).ravel().tolist() for key, value in tutorial(tensorflow).items()}
        found[tutorial.__name__] = {key: [float(f"{n:.8g}") for n in each] for key, each in values.items()}
    path.write_text(json.dumps(found, indent=1).replace("\n   ", "").replace("\n  ]", "]") + "\n")
