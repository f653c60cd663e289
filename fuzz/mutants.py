#!/usr/bin/env python3
"""Breaks exported functions in one place each: `--test` must tell it. Prints what it does not, by language.

    fuzz/mutants.py SEED COUNT [LANGUAGE ...]

Of each formula COUNT places in lines of temporaries get another sign, operator, function, comparison or last digit. A file
as it was made must end with 0, a broken one otherwise: with 1, or by not compiling. Some breaks change no number beyond
rounding (`x / 1.0`, the last terms of a series): so the command ends with 0 where at least 9 of 10 are told, of each
language, and every one that is not is printed to be looked at.
"""

import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from gradcalc.language.targets.languages import LANGUAGES
from gradcalc.truth.questions.export import export

FORMULAS = (
    "sin(x)*y^2 + exp(-x*y)/(1+x^2)", "log(x^2+1)*atan(y) - sqrt(x*x+y*y+3)", "erf(x)*y - 3/(2+cos(y))",
    "where(x>0, x^3-2*y, x*y) + tanh(x-y)", "(x-(y-2))/(x*x-(2-y)) + 1.25*x", "max(x, y)*hypot(x, y) + x^7/y^3",
)  # fmt: skip
SWAPS = (
    (r" \+ ", " - "), (r" - ", " + "), (r" \* ", " / "), (r" / ", " * "), (r"\bsin\(", "cos("), (r"\bcos\(", "sin("),
    (r"\bexp\(", "sqrt("), (r"\b2\.0\b", "2.0000001"), (r"\b3\.0\b", "3.000001"), (r"\b1\.25\b", "1.25000001"),
    (r" > ", " < "), (r"= -", "= "), (r"<- -", "<- "), (r"\b7\.0\b", "7.000001"),
)  # fmt: skip
RUN = {
    "c": "gcc -O1 -w -o out {0} -lm && ./out", "cpp": "g++ -O1 -w -o out {0} -lm && ./out",
    "fortran": "gfortran -O1 -w -o out {0} && ./out", "rust": "rustc -Awarnings -o out {0} && ./out",
    "js": "node {0}", "python": "PYTHON {0}", "numpy": "PYTHON {0}", "r": "Rscript --vanilla {0}",
    "octave": "octave-cli --norc --quiet {0}",
}  # fmt: skip
_LINE = re.compile(r"^.*\bv\d+(\(\w*\))? (=|<-) [^\n]*$", re.MULTILINE)
_COMMENT = re.compile(r"\s(/\*|//|#|%|!) .*")


def places(source: str) -> Iterator[tuple[int, int, str]]:
    """Where a file can be broken, and by what: in lines of temporaries, not in their comments."""
    for line in _LINE.finditer(source):
        code = _COMMENT.sub("", line[0])
        for pattern, other in SWAPS:
            for found in re.finditer(pattern, code):
                yield line.start() + found.start(), line.start() + found.end(), other


def ends(word: str, source: str, folder: Path) -> int:
    """How the program of a file ends."""
    path = folder / f"broken{LANGUAGES[word].suffix}"
    path.write_text(source)
    command = RUN[word].format(path.name).replace("PYTHON", sys.executable)
    return subprocess.run(command, shell=True, cwd=folder, capture_output=True, timeout=120, check=False).returncode


def main(seed: int, count: int, words: Sequence[str]) -> int:
    """How many whole files failed, and of how many languages too few broken ones were told."""
    wrong = 0
    for word in words or RUN:
        tool = RUN[word].split()[0]
        if tool != "PYTHON" and not shutil.which(tool):
            print(f"{word}: left out, {tool} is not here")
            continue
        draw, broken, told = random.Random(seed), 0, 0
        with tempfile.TemporaryDirectory() as name:
            for text in FORMULAS:
                source = export(text, word, 2, "f", test=True).source
                if ends(word, source, Path(name)):
                    print(f"{word}: {text}: the file as it was made fails")
                    wrong += 1
                found = list(places(source))
                for start, end, other in draw.sample(found, min(count, len(found))):
                    broken += 1
                    if ends(word, source[:start] + other + source[end:], Path(name)):
                        told += 1
                        continue
                    line = source[source.rfind("\n", 0, start) + 1 : source.find("\n", end)].strip()
                    print(f"{word}: {text}: {line!r} with {other.strip()!r} is not told")
        print(f"{word}: {told} of {broken} broken files are told", flush=True)
        wrong += 10 * told < 9 * broken
    return wrong


if __name__ == "__main__":
    sys.exit(min(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]), 1))
