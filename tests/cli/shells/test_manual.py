"""The pages of the manual."""

import shutil
import subprocess

import pytest

from gradcalc.cli.commands import COMMANDS, function_of
from gradcalc.cli.parameters import parameters
from gradcalc.cli.shells.manual import pages


def test_there_is_a_page_for_each_command_with_all_its_options() -> None:
    found = pages()
    assert set(found) == {"gradcalc.1", *(f"gradcalc-{name}.1" for name in COMMANDS)}
    for name in COMMANDS:
        page = found[f"gradcalc-{name}.1"]
        assert name in found["gradcalc.1"]
        for each in parameters(function_of(name)):
            for flag in each.flags:
                assert flag.replace("-", "\\-") in page


def test_the_pages_are_without_fault() -> None:
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not here")
    for page in pages().values():
        done = subprocess.run(["mandoc", "-Tlint", "-Wwarning"], input=page, capture_output=True, text=True, timeout=60)
        assert [line for line in done.stdout.splitlines() if "missing date" not in line] == []


def test_formulas_keep_their_signs() -> None:
    page = pages()["gradcalc-hessian.1"]
    assert r'gradcalc hessian "x**2 \- y**2" \-\-at x=0,y=0' in page
