"""Draw `docs/terminal.svg`, the picture of the README: real reports as the terminal shows them. Run it from anywhere."""

import io
import re
from pathlib import Path

from rich.console import Console
from rich.text import Text

from gradcalc import differentiate
from gradcalc.show.terminal import View, print_page

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "terminal.svg"
WIDTH = 80
SHOWN = (
    ("x**4 + y**2 + 1", {"x": "2", "y": "3"}),
    ("abs(x)*y", {"x": "0", "y": "3"}),
)


def draw() -> str:
    """The picture as SVG text."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    view = View(console)
    for formula, at in SHOWN:
        words = ",".join(f"{name}={value}" for name, value in at.items())
        console.print(Text.assemble(("$ ", "dim"), f'gradcalc grad "{formula}" --at {words}'))
        print_page(differentiate(formula, at=at).page(), view)
        console.print()
    svg = console.export_svg(title="gradcalc", unique_id="gradcalc")
    return re.sub(r"\s*@font-face {.*?}", "", svg, flags=re.DOTALL)  # fonts that would be loaded from elsewhere


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(draw(), encoding="utf-8")
    print(f"wrote {PICTURE}")
