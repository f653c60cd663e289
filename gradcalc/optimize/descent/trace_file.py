"""Every step of descents as a CSV file. Imports files and descent."""

import csv
from collections.abc import Sequence
from pathlib import Path

from gradcalc.files import complete_file
from gradcalc.optimize.descent.answer import Descent


def write_trace(descents: Sequence[Descent], path: Path) -> None:
    """Write every step: step, value, gradient_norm and each flat variable; numbers with all their digits.

    Of several descents, with the optimizer before them.

    Raises:
        FileError: the file could not be written; nothing is left behind.
    """
    several = len(descents) > 1
    with complete_file(path) as name, name.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        head = ("step", "value", "gradient_norm", *descents[0].flat_variables)
        writer.writerow(("optimizer", *head) if several else head)
        for descent in descents:
            rows = descent.rows()
            writer.writerows(((descent.optimizer, *row) for row in rows) if several else rows)
