"""NVIDIA's libdevice, the mathematical functions of its cards as LLVM bitcode: where it is. Standard library only.

The CUDA toolkit has it, and so have packages that generate code: `nvidia-cuda-nvcc`, Triton, JAX, conda's toolkit.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from gradcalc.errors import UsageError, install_command

_IN_TOOLKIT = "nvvm/libdevice/libdevice.10.bc"
_IN_PACKAGES = (
    f"nvidia/*/{_IN_TOOLKIT}", f"jaxlib/cuda/{_IN_TOOLKIT}", "triton/backends/nvidia/lib/libdevice.10.bc",
)  # fmt: skip


def _toolkits() -> Iterator[Path]:
    """Folders that may be a CUDA toolkit: those that the environment names, the compiler's, the usual ones."""
    yield from (Path(os.environ[name]) for name in ("CUDA_HOME", "CUDA_PATH", "CONDA_PREFIX") if os.environ.get(name))
    compiler = shutil.which("nvcc")
    if compiler:
        yield Path(compiler).resolve().parent.parent
    yield from (Path("/usr/local/cuda"), Path("/opt/cuda"))
    yield from sorted(Path("/usr/local").glob("cuda-*"), reverse=True)


def _places() -> Iterator[Path]:
    yield from (folder / _IN_TOOLKIT for folder in _toolkits())
    for folder in map(Path, sys.path):
        for pattern in _IN_PACKAGES:
            yield from sorted(folder.glob(pattern))


@cache
def libdevice() -> bytes:
    """The bitcode.

    Raises:
        UsageError: it is nowhere.
    """
    for place in _places():
        if place.is_file():
            return place.read_bytes()
    hint = f"the CUDA toolkit, with CUDA_HOME set to its folder, or {install_command('nvidia-cuda-nvcc')}"
    raise UsageError(
        "functions on a card come from libdevice.10.bc of the CUDA toolkit, which was not found", hint=hint
    )
