"""What a tape recorded, as a table: the steps by name, shapes, values, and adjoints where a target is given.

    records, adjoints by id ──▶ Row for each variable, watched tensor and step ──▶ Records ──▶ page, JSON, CSV

Imports tensor and show; nothing here computes a derivative.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcalc.show import page as pages
from gradcalc.show.answer import SCHEMA, Answer, jsonable
from gradcalc.tape.tensor import Tensor

_FEW = 4
"""Up to how many elements an array is shown by them, else by the least and the largest."""


@dataclass(frozen=True, slots=True)
class Row:
    """One step of a tape: its name, what it is of which others, its shape and dtype, and numbers as texts."""

    name: str
    step: str
    shape: tuple[int, ...]
    dtype: str
    value: str
    adjoint: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "name": self.name,
            "step": self.step,
            "shape": jsonable(list(self.shape)),
            "dtype": self.dtype,
            "value": self.value,
            "adjoint": self.adjoint,
        }


@dataclass(frozen=True, slots=True, repr=False)
class Records(Answer):
    """What a tape recorded, in the order of evaluation; `with_adjoints` where they are known."""

    rows: tuple[Row, ...]
    with_adjoints: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON-ready data."""
        return {"schema": SCHEMA, "command": "table", "nodes": [row.to_dict() for row in self.rows]}

    def records(self) -> Iterator[Sequence[object]]:
        """A row for each step, the titles first."""
        yield "name", "step", "shape", "dtype", "value", "adjoint"
        for row in self.rows:
            yield row.name, row.step, str(row.shape), row.dtype, row.value, row.adjoint or ""

    def page(self) -> pages.Page:
        """The answer as people see it."""
        titles = ("shape", "value", *(("adjoint",) if self.with_adjoints else ()), "dtype")
        rows = tuple(
            (
                pages.Formula(f"{row.name} = {row.step}", "strong"),
                str(row.shape),
                row.value,
                *((row.adjoint or "",) if self.with_adjoints else ()),
                row.dtype,
            )
            for row in self.rows
        )
        columns = (pages.Column("node", "formula"), *map(pages.Column, titles))
        return pages.Page(
            "table",
            (pages.Table(columns, rows, spare=("dtype", "shape")),) if rows else (pages.line("nothing recorded"),),
        )


def tabled(
    records: Sequence[tuple[Any, ...]], watched: Mapping[int, str | None], adjoints: Mapping[int, Any] | None
) -> Records:
    """The table of a tape's records.

    Args:
        watched: by id the names of what the tape watches, None of what it has made.
        adjoints: of the target for each tensor, by id; None where no target is given.
    """
    names: dict[int, str] = {}
    rows: list[Row] = []

    def enter(x: Tensor, step: str) -> None:
        names[x.id] = f"v{len(names) + 1}"
        found = None if adjoints is None else adjoints.get(x.id)
        shown = None if found is None else _shown(np.asarray(found))
        rows.append(Row(names[x.id], step, x.shape, str(x.dtype), _shown(x.array), shown))

    def written(operand: Any) -> str:
        if not isinstance(operand, Tensor):
            return _shown(np.asarray(operand)) if np.ndim(operand) == 0 else f"array{list(np.shape(operand))}"
        if operand.id not in names and operand.id not in watched:
            return _shown(operand.array) if operand.ndim == 0 else f"constant{list(operand.shape)}"
        if operand.id not in names:
            enter(operand, (watched[operand.id] or "watched").removesuffix(":0"))
        return names[operand.id]

    for op, operands, result, _, settings in records:
        told = {name: value for name, value in (settings or {}).items() if value is not None and value is not False}
        parts = [*map(written, operands), *(f"{name}={value}" for name, value in told.items())]
        enter(result, f"{op.name}({', '.join(parts)})")
    return Records(tuple(rows), adjoints is not None)


def _shown(array: Any) -> str:
    """A few elements, or of many the least and the largest."""
    plain = np.asarray(array)
    if plain.dtype.kind not in "fiu" or not plain.size:
        return str(plain) if plain.size <= _FEW else "…"
    if plain.size <= _FEW:
        return np.array2string(plain, formatter={"all": lambda x: f"{x:.5g}"}, separator=", ").replace("\n", "")
    return f"{plain.min():.5g} … {plain.max():.5g}"
