"""The notebooks of `examples/`: executed, they print what they store, and the numbers of the lessons.

`python tests/test_examples.py` executes them and stores what they print.
"""

import re
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests import ROOT

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))

PRINTED = {
    "1_first_tape_and_network": [
        "dy/dx = 10.0",
        "weights: [(4, 3), (3,), (3, 1), (1,)]",
        "moves from 0.001 to 0.001",
        "all downhill: True",
        "smaller loss: True",
    ],
    "2_gradients_many_ways": [
        "differences: 4.0 6.0",
        "tape: 4.0 6.0",
        "second: an error",
        "persistent: 4.0 6.0",
        "watched: 4.0 not watched: None",
        "both targets: 13.0",
        "first: 32.0 6.0",
        "second: 48.0 None None 2.0",
        "by hand: -1.000000",
        "by SGD: -1.000000",
    ],
    "3_convolution_and_regression": [
        "[[19.0, 25.0], [37.0, 43.0]]",
        "x'x = [[14.0]] gradient [0.0, 2.0, 4.0, 6.0]",
        "gradients [0.0, 1.0, 2.0, 3.0] [4.0, 3.0, 2.0, 1.0]",
        "gradients -28.17 -6.8",
        "W = 2.817, b = 0.68",
    ],
    "4_second_derivatives_and_pooling": [
        "first: 6.0 second: 2.0",
        "by w [[5.0, 5.0], [7.0, 7.0], [9.0, 9.0]]",
        "by x [[0.0, 2.5, 3.0], [0.0, 2.5, 3.0]]",
        "[[4. 5.]\n [5. 8.]\n [7. 9.]]\nits gradient\n" + "\n".join([*(" [0. 0. 1. 0. 1. 0.]",) * 3]).replace(" ", "[", 1) + "]",
        "its gradient\n[[" + "]\n [".join([" ".join(["0.3333"] * 6)] * 3) + "]]",
    ],
    "5_training_a_model": [
        "(1000, 10) [(20, 32), (32,), (32, 10), (10,)]",
        "epoch 0: loss 2.36",
        "after 50: loss 0.31, right 94 %",
    ],
}  # fmt: skip
"""What the lessons say must be printed; TensorFlow 2.21 prints the same."""


@cache
def executed(path: Path) -> nbformat.NotebookNode:
    """A notebook as it is after a run of all its cells in a fresh kernel."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(ROOT)}}).execute()
    return notebook


def printed(notebook: nbformat.NotebookNode) -> list[str]:
    """What each code cell printed."""
    cells = (cell for cell in notebook.cells if cell.cell_type == "code")
    return ["".join(output.get("text", "") for output in cell.outputs) for cell in cells]


def test_every_lesson_has_a_notebook() -> None:
    assert [path.stem for path in NOTEBOOKS] == list(PRINTED)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_prints_what_it_stores(path: Path) -> None:
    assert printed(executed(path)) == printed(nbformat.read(path, as_version=4))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_prints_the_numbers_of_its_lesson(path: Path) -> None:
    text = "".join(printed(executed(path)))
    assert [line for line in PRINTED[path.stem] if line not in text] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_writes_nothing_but_its_answers(path: Path) -> None:
    cells = [cell for cell in executed(path).cells if cell.cell_type == "code"]
    looks = [cell for cell in cells if "gradcalc" in cell.metadata.get("tags", ())]
    shown = [output for cell in looks for output in cell.outputs if output.output_type == "execute_result"]
    assert shown and all("<table" in output.data["text/html"] for output in shown)
    others = [output for cell in cells for output in cell.outputs if output not in shown]
    assert {output.get("name") for output in others} <= {"stdout"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_tensorflow_code_but_for_one_line_and_a_look_at_the_tape(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    code = "\n".join(cell.source for cell in cells if "gradcalc" not in cell.metadata.get("tags", ()))
    assert code.count("table(") + code.count("trace(") == 0
    assert re.findall(r"^.*gradcalc.*$", code, re.MULTILINE) == ["import gradcalc.tf as tf"]


def refresh() -> None:
    """Execute all notebooks and store what they print."""
    for path in NOTEBOOKS:
        notebook = executed(path)
        for cell in notebook.cells:
            cell.metadata = {"tags": cell.metadata.tags} if "tags" in cell.metadata else {}
        notebook.metadata = {"kernelspec": notebook.metadata.kernelspec, "language_info": {"name": "python"}}
        nbformat.write(notebook, path)


if __name__ == "__main__":
    refresh()
