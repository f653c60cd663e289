"""Write tests/tf/functions.json: what the calls of tests/tf/functions.py come to with TensorFlow.

PYTHONPATH=. python scripts/tf_functions.py    # where TensorFlow is installed
"""

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import tensorflow
from tensorflow import errors

FOLDER = Path(__file__).parent.parent / "tests" / "tf"


def shown(x: Any) -> Any:
    """Numbers in their lists."""
    if isinstance(x, dict):
        return {key: shown(value) for key, value in x.items()}
    return [shown(item) for item in x] if isinstance(x, list) else x


def raised(call: Any) -> str | None:
    """The name of the error that TensorFlow answers with."""
    try:
        call(tensorflow)
    except (TypeError, ValueError, errors.OpError) as error:
        return type(error).__name__
    return None


if __name__ == "__main__":
    spec = spec_from_file_location("functions", FOLDER / "functions.py")
    assert spec and spec.loader
    functions = module_from_spec(spec)
    spec.loader.exec_module(functions)
    found: dict[str, Any] = {"from": f"TensorFlow {tensorflow.__version__}, on a CPU"}
    for name, call, inputs in functions.CALLS:
        found[name] = shown(functions.called(tensorflow, call, inputs, (LookupError, NotImplementedError)))
    for name, call in functions.RAISES:
        found[f"raises: {name}"] = raised(call)
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in found.items())
    (FOLDER / "functions.json").write_text("{\n" + lines + "\n}\n", encoding="utf-8")
