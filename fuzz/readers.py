#!/usr/bin/env python3
"""Looks for files and texts that end badly: in each reader of files, in JSON of points, in LaTeX and other dialects.

    fuzz/readers.py TARGET[,TARGET ...]|all [SECONDS [SEED]]

Whatever the bytes, reading ends as an answer or as an error of gradcalc, within two seconds, without a warning. Each
target changes what lies in `fuzz/corpus/TARGET`: guided by coverage where atheris is installed (one target at a time),
else by chance with a seed. A finding is written to `finding-TARGET` and ends the run.
"""

import itertools
import math
import random
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

try:
    import atheris
except ImportError:
    atheris = None

sys.path.insert(0, str(Path(__file__).parents[1]))
with atheris.instrument_imports(include=["gradcalc"]) if atheris and __name__ == "__main__" else ExitStack():
    from gradcalc.data.columns import read_columns, read_records
    from gradcalc.data.pairs import check_file
    from gradcalc.data.points import read_points
    from gradcalc.errors import GradcalcError
    from gradcalc.language.parse import parse
    from gradcalc.settings import Limits
    from gradcalc.truth.claims.proofs import verify
    from gradcalc.truth.uncertainty.covariance import read_matrix

CORPUS = Path(__file__).parent / "corpus"
SECONDS = 2.0
LIMITS = Limits(text=4000, depth=50, nodes=5_000)

# -- targets: what is done with bytes, or with a file that holds them -----------------------------------------------------


def columns(path: Path) -> None:
    """The columns of a file, and its rows."""
    for read in (lambda: read_columns(path, ["x", "y"]), lambda: list(itertools.islice(read_records(path), 99))):
        with suppress(GradcalcError):
            read()


def pairs(path: Path) -> None:
    """A file of claims: an error of a line is no defect either."""
    for claim in check_file(path, limits=LIMITS).claims:
        assert "defect" not in str(claim.error or ""), claim.error


def proof(path: Path) -> None:
    """A proof file."""
    verify(path, limits=LIMITS)


def text(dialect: str) -> Callable[[Path], None]:
    """A formula of a dialect; what it is must read back."""

    def read(path: Path) -> None:
        given = path.read_bytes().decode("utf-8", "surrogateescape")
        formula = parse(given, limits=Limits(text=4000, depth=50, nodes=5_000, dialect=dialect))
        again = parse(formula.canonical, shapes={name: each.shape for name, each in formula.variables.items()})
        assert again.canonical == formula.canonical, given

    return read


TARGETS: dict[str, tuple[str, Callable[[Path], None]]] = {
    **{name: (name, columns) for name in ("csv", "jsonl", "npy", "npz", "parquet", "arrow")},
    "points": ("json", lambda path: read_points(str(path), LIMITS)),
    "pairs": ("csv", pairs),
    "claims": ("jsonl", pairs),
    "proof": ("json", proof),
    "covariance": ("csv", read_matrix),
    **{dialect: ("txt", text(dialect)) for dialect in ("text", "latex", "excel", "mathematica", "matlab")},
}  # fmt: skip
"""The suffix of each target's files, and what reads one."""

# -- one run ------------------------------------------------------------------------------------------------------------


def tried(name: str, data: bytes, folder: Path) -> str:
    """Have a target read bytes; what is wrong with how it ended, "" if nothing."""
    suffix, read = TARGETS[name]
    path = folder / f"in.{suffix}"
    path.write_bytes(data)
    began = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read(path)
    except GradcalcError as error:
        if "defect of gradcalc" in str(error) or not error.message:
            return str(error)
    except Exception as error:  # noqa: BLE001 - what is looked for
        return f"{type(error).__name__}: {error}"
    took = time.process_time() - began
    return f"{took:.1f} s" if took > SECONDS else ""


def seeds(name: str) -> list[bytes]:
    """The corpus of a target."""
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


WORDS = [b"nan", b"inf", b"-", b"1e999", b"9" * 40, b"\0", b"\xff\xfe", b'"', b"\n", b",", b"{", b"}", b"[", b"]", b"null", b"\\",
         b"(", b")", b"^", b"1e-400", b"\xc3", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\0\0\0\0\0\0\0\x80", b"%", b"x", b";",
         b"\\frac", b"\\sum_{", b"=", b":", b"true", b"0x", b"..", b"'", b"#", b"\t", b"\xef\xbb\xbf"]  # fmt: skip


def mutants(known: list[bytes], draw: random.Random) -> Iterator[bytes]:
    """Without end: what is known, with some places changed, cut, doubled, put together."""
    while True:
        data = bytearray(draw.choice(known))
        for _ in range(draw.choice((1, 1, 2, 4, 9))):
            start = draw.randrange(len(data) + 1)
            end = min(len(data), start + int(draw.expovariate(0.2)))
            other = draw.choice(known)
            place = draw.randrange(len(other) + 1)
            data[start:end] = draw.choice(
                (draw.choice(WORDS), draw.choice(WORDS), bytes([draw.randrange(256)]), b"", data[start:end] * 2,
                 other[place : place + 16], data[start:end] * draw.choice((1, 60)))
            )  # fmt: skip
        yield bytes(data[:1500])


def report(name: str, data: bytes, found: str) -> None:
    """Keep a finding."""
    Path(f"finding-{name}").write_bytes(data)
    print(f"{name}: {found}: {data[:300]!r}", flush=True)


def main(names: str, seconds: float, seed: int) -> int:
    """Run targets, each for so many seconds; how many findings."""
    chosen = list(TARGETS) if names == "all" else names.split(",")
    findings = 0
    with tempfile.TemporaryDirectory() as holder:
        folder = Path(holder)
        for name in chosen:
            end, runs = time.process_time() + seconds, 0
            known = seeds(name)
            for data in itertools.chain(known, mutants(known, random.Random(f"{seed} {name}"))):
                found, runs = tried(name, data, folder), runs + 1
                if found:
                    report(name, data, found)
                    findings += 1
                if found or time.process_time() > end:
                    break
            print(f"{name}: {runs} runs", flush=True)
    return findings


def guided(name: str, seconds: float, seed: int) -> None:
    """The same by atheris, which ends the process itself."""
    folder = Path(tempfile.mkdtemp())

    def one(data: bytes) -> None:
        if found := tried(name, data, folder):
            report(name, data, found)
            raise AssertionError(found)

    kept = Path(tempfile.mkdtemp())
    words = [sys.argv[0], f"-max_total_time={math.ceil(seconds)}", f"-seed={seed}", "-max_len=4096", "-timeout=20",
             str(kept), str(CORPUS / name)]  # fmt: skip
    atheris.Setup(words, one)
    atheris.Fuzz()


if __name__ == "__main__":
    target, length, start = [*sys.argv[1:], *("60", "1")[max(0, len(sys.argv) - 2) :]]
    if atheris and target in TARGETS:
        guided(target, float(length), int(start))
    else:
        sys.exit(min(main(target, float(length), int(start)), 1))
