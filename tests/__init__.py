"""Tests, mirroring the package. No test judges speed: benchmarks/ does; `HANG` only ends what would never end."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

os.environ.pop("COLUMNS", None)  # the width that whoever runs the tests has: they say their own

with suppress(ImportError):  # the base install is tested without it
    from hypothesis import settings

    settings.register_profile("tests", derandomize="GRADCALC_RANDOM" not in os.environ)
    settings.load_profile("tests")

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""

CORPORA = ROOT / "tests" / "corpora"
"""Formulas of others, as data."""

HANG = 60.0
"""Seconds after which an answer counts as hanging, however loaded the machine."""


def python(code: str) -> str:
    """What a piece of code prints in a fresh process."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300).stdout
