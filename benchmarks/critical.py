"""All critical points in a box: CPU seconds of the whole answer, beside what is known of each problem."""

import time

import gradcalc
from benchmarks.tables import table

_TANG = "+".join(f"(x{i}^4 - 16x{i}^2 + 5x{i})/2" for i in range(1, 7))
_SHEKEL = ((4, 4, 4, 4, 10), (1, 1, 1, 1, 5), (8, 8, 8, 8, 5), (6, 6, 6, 6, 2.5), (3, 7, 3, 7, 2.5))

PROBLEMS = (
    ("Himmelblau", "(x^2 + y - 11)^2 + (x + y^2 - 7)^2", "x=-5:5,y=-5:5", 9),
    ("six-hump camel", "(4 - 2.1x^2 + x^4/3)*x^2 + x*y + (-4 + 4y^2)*y^2", "x=-3:3,y=-2:2", 15),
    ("Rastrigin", "20 + x^2 - 10cos(2*pi*x) + y^2 - 10cos(2*pi*y)", "x=-5:6,y=-5:6", 529),
    ("Goldstein-Price", "(1 + (x + y + 1)^2*(19 - 14x + 3x^2 - 14y + 6x*y + 3y^2))"
     "*(30 + (2x - 3y)^2*(18 - 32x + 12x^2 + 48y - 36x*y + 27y^2))", "x=-2:2,y=-2:2", 9),
    ("SIAM 100-digit challenge, 4", "exp(sin(50x)) + sin(60exp(y)) + sin(70sin(x)) + sin(sin(80y)) - sin(10(x + y))"
     " + (x^2 + y^2)/4", "x=-1:1,y=-1:1", 2720),
    ("Styblinski-Tang, 6", _TANG, ",".join(f"x{i}=-5:5" for i in range(1, 7)), 729),
    ("Wood", "100(a^2 - b)^2 + (a - 1)^2 + (c - 1)^2 + 90(c^2 - d)^2 + 10.1((b - 1)^2 + (d - 1)^2) + 19.8(b - 1)*(d - 1)",
     "a=-10:10,b=-10:10,c=-10:10,d=-10:10", 3),
    ("Shekel, 5", "-(" + " + ".join(
        "1/(" + " + ".join(f"({v} - {c})^2" for v, c in zip("xyzw", row[:4], strict=True)) + f" + 1/{row[4]})"
        for row in _SHEKEL) + ")", "x=0:10,y=0:10,z=0:10,w=0:10", 11),
)  # fmt: skip
"""Names, formulas, boxes, and how many critical points there are."""


def run() -> None:
    """Print how many points are proved of each problem, and what that takes."""
    rows = []
    for name, text, box, count in PROBLEMS:
        began = time.process_time()
        found = gradcalc.critical(text, box=box, max_seconds=120)
        seconds = time.process_time() - began
        told = "complete" if found.complete else f"{len(found.unsettled)} boxes left"
        rows.append((name, f"{len(found.points):,} of {count:,}", told, f"{found.looked:,}", f"{seconds:.2f}"))
    table("Critical points, proved", ("problem", "points", "verdict", "boxes", "CPU seconds"), rows)
