"""Derivatives as formulas: what `formulas` finds, as data, as rows and as parts of a page. Imports page, quantity."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gradcalc.language.typeset import latex
from gradcalc.show import page as pages
from gradcalc.truth.quantity import ascii_name, derivative_name

NOWHERE = "nowhere"
"""Where a formula holds that has no value anywhere."""
_LINES = 12
"""Up to this many derivatives each has a line of its own."""
_CELLS = 40
"""Characters of an entry up to which a Hessian is shown as a matrix."""


@dataclass(frozen=True, slots=True)
class Written:
    """A derivative as a formula.

    Attributes:
        text: None where it is too long to be read.
        latex: its typesetting, where that was asked for and is known.
        source: whose form it is.
        where: where it holds, in words; empty: everywhere; None: that is too long to be told.
    """

    text: str | None
    latex: str = ""
    source: Literal["SymPy", "gradcalc"] = "gradcalc"
    where: str | None = ""

    @property
    def shown(self) -> pages.Piece:
        """The formula on a page."""
        return (
            "too long to be read" if self.text is None else pages.Formula(self.text, "strong", latex.known(self.latex))
        )


@dataclass(frozen=True, slots=True)
class Formulas:
    """The derivatives of a formula: of first order by name, of second by pair of names, without those that are 0.

    Attributes:
        names: what it is differentiated for.
        order: up to which there are derivatives, 1 or 2.
        domain: where the formula itself has a value, as `Written.where`.
        kinks: where it may have a kink or a jump; None: too many branches to tell.
    """

    names: tuple[str, ...]
    order: int
    entries: Mapping[tuple[str, ...], Written]
    domain: str | None = ""
    kinks: tuple[str, ...] | None = ()

    def entry(self, *names: str) -> Written:
        """The derivative for a name or two, in any order."""
        return self.entries.get(names) or self.entries.get(names[::-1]) or Written("0", "0", where=self.domain)

    @property
    def keys(self) -> list[tuple[str, ...]]:
        """All derivatives, of second order those that are not structurally 0, each once."""
        return [*((name,) for name in self.names), *(key for key in self.entries if len(key) == 2)]

    def to_dict(self) -> dict[str, Any]:
        """What JSON has of them."""
        body: dict[str, Any] = {"formulas": {name: self.entry(name).text for name in self.names}}
        if self.order == 2 and len(self.names) <= pages.DENSE_LIMIT:
            rows = [[self.entry(row, column).text for column in self.names] for row in self.names]
            body["hessian_formulas"] = rows
        elif self.order == 2:
            places = {name: index for index, name in enumerate(self.names)}
            pairs = [(places[a], places[b], self.entry(a, b).text) for a, b in (key for key in self.keys if key[1:])]
            rows_, columns, values = zip(*pairs, strict=True) if pairs else ((), (), ())
            body["hessian_formulas"] = {
                "format": "coo", "rows": list(rows_), "columns": list(columns), "values": list(values),
            }  # fmt: skip
        domains = {",".join(key): self.entry(*key).where for key in self.keys}
        return body | {
            "domain": self.domain, "domains": domains, "kinks": None if self.kinks is None else list(self.kinks),
        }  # fmt: skip

    def records(self) -> Iterator[tuple[object, ...]]:
        """A row of CSV for each derivative, the titles first."""
        yield "derivative", "formula", "where", "source"
        for key in self.keys:
            entry = self.entry(*key)
            yield ascii_name(derivative_name(",".join(key))), entry.text or "", entry.where or "", entry.source

    # -- on a page

    def blocks(self) -> Iterator[pages.Block]:
        """The formulas, and where they hold."""
        first = [key for key in self.keys if len(key) == 1]
        yield from self._listed(first)
        if self.order == 2:
            matrix = self._matrix()
            yield from [matrix] if matrix else self._listed([key for key in self.keys if len(key) == 2])
        yield from self._places()

    def _listed(self, keys: Sequence[tuple[str, ...]]) -> Iterator[pages.Block]:
        """A few derivatives in lines, many in a table."""
        named = [(derivative_name(",".join(key)), self.entry(*key).shown) for key in keys]
        if len(named) <= _LINES:
            yield from (pages.fact(f"{name} =", shown) for name, shown in named)
        else:
            yield pages.Table((pages.Column("derivative", "word"), pages.Column("formula", "formula")), tuple(named))

    def _matrix(self) -> pages.Table | None:
        """The second derivatives row by row, where that is short enough to be looked at."""
        names = self.names
        rows = [[self.entry(row, column) for column in names] for row in names[: _LINES + 1]]
        if not names or len(names) > _LINES or any(len(entry.text or "") > _CELLS for row in rows for entry in row):
            return None
        columns = (pages.Column("", "word"), *(pages.Column(name, "formula") for name in names))
        cells = ((pages.strong(name), *(entry.shown for entry in row)) for name, row in zip(names, rows, strict=True))
        return pages.Table(columns, tuple(cells), "Hessian")

    def _places(self) -> Iterator[pages.Line]:
        """Where the formula has a value, where its derivatives hold, and where it may have a kink."""
        if self.domain == NOWHERE:
            yield pages.fact("defined", pages.Text("nowhere: the formula has no value at any point", "strong bad"))
            return
        if self.domain:
            yield pages.fact("defined where", self.domain)
        wheres = {key: self.entry(*key).where for key in self.keys}
        others = {key: where for key, where in wheres.items() if where and where != self.domain}
        if len(others) == len(wheres) and len(set(others.values())) == 1 and len(others) > 1:
            where = next(iter(others.values()))
            yield pages.fact(f"the derivatives hold{'' if where == NOWHERE else ' where'}", where)
        else:
            shown = list(others.items())[:_LINES]
            for key, where in shown:
                yield pages.fact(f"{derivative_name(','.join(key))} holds{'' if where == NOWHERE else ' where'}", where)
            if len(others) > len(shown):
                yield pages.line(f"{len(others) - len(shown):,} more derivatives hold on a part of that")
        if self.kinks:
            places = [*self.kinks[:_LINES], *(["..."] if len(self.kinks) > _LINES else [])]
            yield pages.fact("perhaps a kink or a jump where", pages.Text("; ".join(places), "doubt"))
        if self.domain is None or self.kinks is None or None in wheres.values():
            yield pages.line("where all of this holds is too long to be told")

    def equations(self) -> Iterator[pages.Equation]:
        """The derivatives as mathematics."""
        for key in self.keys:
            entry = self.entry(*key)
            if entry.text is not None:
                yield pages.Equation((pages.Formula(entry.text, latex=latex.known(entry.latex)),), key)
        if self.order == 2 and (matrix := self._matrix()):
            yield pages.Equation((matrix,))
