"""`gradcalc verify`: whether a proof file holds."""

from dataclasses import dataclass
from pathlib import Path

from gradcalc.cli import options as o
from gradcalc.cli.write import Format, write
from gradcalc.settings import Limits, option, required


@dataclass(frozen=True)
class File:
    """The file, and how the answer is shown."""

    proof: str = required("FILE", "What critical, check or fit wrote with --proof.")
    format: Format | None = option(None, o.FORMAT)
    json: bool = option(False, o.JSON)


def verify(file: File, limits: Limits) -> int:
    """Whether a proof file holds, checked without the search that made it: exit status 0 or 1.

    \b
    gradcalc critical "x^3 - 3*x*y^2 + x" --box x=-2:2,y=-2:2 --proof p.json
    gradcalc verify p.json
    """
    from gradcalc.truth.claims.proofs import checked

    made = checked(Path(file.proof), limits)
    write(made, o.shape_of(file.format, file.json))
    return made.exit_code
