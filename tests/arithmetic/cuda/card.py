"""A card in the computer's memory: the driver's functions, run on the processor, one thread of a block after the other.

It runs the IR that PTX is made of, so that what threads read and write is tested without a card; libdevice's functions
are C's. It says nothing of PTX, of the driver, nor of what runs at once.
"""

import ctypes
import re
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from gradcalc.arithmetic.native.code import host

_TYPES = {"i64": ctypes.c_int64, "double": ctypes.c_double, "ptr": ctypes.c_void_p}
_REGISTERS = "\n".join(
    f"@{name} = global i32 0\ndefine i32 @read.{name}() {{\n  %v = load i32, ptr @{name}\n  ret i32 %v\n}}"
    for name in ("ctaid", "tid")
)


class Card:
    """What the driver's library has, as far as gradcalc calls it.

    Attributes:
        calls: the functions called, in turn.
        fails: errors that functions give, by name.
        devices: the card of an address, where it is not 0.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.fails: dict[str, int] = {}
        self.devices: dict[int, int] = {}
        self.memory: dict[int, Any] = {}
        self.modules: list[Any] = []

    def __getattr__(self, name: str) -> Callable[..., int]:
        def call(*arguments: Any) -> int:
            self.calls.append(name)
            if name in self.fails:
                return self.fails[name]
            function = getattr(self, f"_{name}", None)
            return (function(*arguments) if function else None) or 0

        if not name.startswith("cu"):
            raise AttributeError(name)
        return call

    def _cuMemAlloc_v2(self, address: Any, size: Any) -> None:
        block = (ctypes.c_char * size.value)()
        address._obj.value = ctypes.addressof(block)
        self.memory[address._obj.value] = block

    def _cuMemFree_v2(self, address: Any) -> None:
        del self.memory[address.value]

    def _cuPointerGetAttribute(self, device: Any, attribute: Any, address: Any) -> int:
        assert attribute.value == 9
        device._obj.value = self.devices.get(address.value, 0)
        return 1 if device._obj.value < 0 else 0

    def _cuGetErrorString(self, code: Any, text: Any) -> None:
        text._obj.value = b"a reason"

    def _cuGetErrorName(self, code: Any, text: Any) -> None:
        text._obj.value = b"CUDA_ERROR_%d" % code.value

    def _cuModuleLoadDataEx(self, module: Any, text: Any, *options: Any) -> None:
        self.modules.append(_Threads(text.value.decode()))
        module._obj.value = len(self.modules)

    def _cuModuleGetFunction(self, function: Any, module: Any, name: Any) -> None:
        assert name.value == b"run"
        function._obj.value = module.value

    def _cuLaunchKernel(self, function: Any, *given: Any) -> None:
        blocks, _, _, threads, *_ = (each.value for each in given[:7])
        self.modules[function.value - 1].run(blocks, threads, given[8])


class _Threads:
    """A module of IR for the processor."""

    def __init__(self, text: str) -> None:
        host()
        text = re.sub(r"target triple.*|declare i32 @llvm.nvvm.*", "", text).replace(" addrspace(1)", "")
        text = re.sub(r"@llvm\.nvvm\.read\.ptx\.sreg\.(\w+)\.x", r"@read.\1", text).replace("ptx_kernel ", "")
        self.types = [_TYPES[each.split()[0]] for each in re.findall(r"@run\((.*)\)", text)[0].split(", ")]
        module = llvm.parse_assembly(_REGISTERS + re.sub(r"@__nv_(\w+)", r"@\1", text))
        self.engine = llvm.create_mcjit_compiler(module, llvm.Target.from_default_triple().create_target_machine())
        self.engine.finalize_object()

    def run(self, blocks: int, threads: int, places: Any) -> None:
        values = [type_.from_address(place).value for type_, place in zip(self.types, places, strict=True)]
        function = ctypes.CFUNCTYPE(None, *self.types)(self.engine.get_function_address("run"))
        block, thread = (
            ctypes.c_int32.from_address(self.engine.get_global_value_address(name)) for name in ("ctaid", "tid")
        )
        for block.value in range(blocks):
            for thread.value in range(threads):
                function(*values)


class Lent:
    """A NumPy array as one on the card: it lends its memory by `__cuda_array_interface__`."""

    def __init__(self, array: Any, **more: Any) -> None:
        self.array = np.asarray(array)
        self.more = more

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        described = self.array.__array_interface__
        return {name: described[name] for name in ("shape", "typestr", "data", "strides")} | {"version": 3} | self.more


def read(lent: Any) -> np.ndarray[Any, Any]:
    """What an array on the card holds."""
    described = lent.__cuda_array_interface__
    size = int(np.prod(described["shape"]))
    if not size:
        return np.empty(described["shape"])
    numbers = (ctypes.c_double * size).from_address(described["data"][0])
    return np.array(numbers).reshape(described["shape"])
