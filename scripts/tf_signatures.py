"""Write tests/tf/signatures.txt: the parameters of what gradcalc.tf has, as TensorFlow and Keras have them.

PYTHONPATH=. python scripts/tf_signatures.py    # where TensorFlow is installed
"""

import inspect
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow

import gradcalc.tf
from tests.tf.test_signatures import FILE, MODULES, parameters, within

HEAD = f"# Parameters of TensorFlow {tensorflow.__version__} and Keras {tensorflow.keras.__version__}.\n"


def public(name: str, mine: Any, theirs: Any) -> Iterator[tuple[str, Any]]:
    """What both have under a name: functions, classes, and the methods of classes."""
    own = theirs.__init__ if isinstance(theirs, type) else theirs
    yield name, own
    if isinstance(mine, type) and isinstance(theirs, type):
        for method in sorted(vars(mine).keys() & set(dir(theirs))):
            if method[0] != "_" and isinstance(getattr(theirs, method), types.FunctionType | types.MethodType):
                yield f"{name}.{method}", getattr(theirs, method)


def lines() -> Iterator[str]:
    """A line for each."""
    for module in MODULES:
        ours, theirs = within(gradcalc.tf, module), within(tensorflow, module)
        for name, value in sorted(vars(ours).items()):
            other = getattr(theirs, name, None)
            if name[0] != "_" and callable(value) and callable(other) and not isinstance(value, types.ModuleType):
                for path, function in public(f"{module}.{name}".lstrip("."), value, other):
                    try:
                        yield f"{path}({', '.join(parameters(inspect.signature(function)))})\n"
                    except ValueError:  # written in C
                        continue


if __name__ == "__main__":
    text = "".join(lines())
    Path(FILE).write_text(HEAD + text, encoding="utf-8")
