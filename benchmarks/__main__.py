"""`python -m benchmarks [startup] [large] [gradient] [tape] [descent] [minima] [nist] [linear] [kernels] [files] [gpu] [critical] [rows]`.

All parts, or those named.
"""

import sys

from benchmarks import (
    critical,
    descent,
    files,
    fit_rows,
    gpu,
    gradient,
    kernels,
    large,
    more_garbow_hillstrom,
    nist,
    nist_linear,
    startup,
    tables,
    tape,
)

PARTS = {
    "startup": startup.run,
    "large": large.run,
    "gradient": gradient.run,
    "tape": tape.run,
    "descent": descent.run,
    "minima": more_garbow_hillstrom.run,
    "nist": nist.run,
    "linear": nist_linear.run,
    "kernels": kernels.run,
    "files": files.run,
    "gpu": gpu.run,
    "critical": critical.run,
    "rows": fit_rows.run,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    tables.print_machine()
    for name in names or PARTS:
        PARTS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
