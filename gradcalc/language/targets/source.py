"""A function with its derivatives, ready to be written out as a file of any language: `Source`, and what makes it.

    Formula ──▶ Lines of value, gradient, Hessian ──▶ Parts, each a function of its own where there are many ──▶ Source
                                                                                  a Language's `file` ──▶ text

Compilers take more than linear time over one huge function, so a long program is cut: what one part hands on to others
stands in an array `w`, whose places are used again after their last use. Imports program and formula.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from gradcalc.errors import Span, UsageError
from gradcalc.graph import ops
from gradcalc.language.formula import Formula
from gradcalc.language.targets.lines import Line
from gradcalc.language.targets.program import Lines, Maker, Target, safe_names

LONGEST, PART = 2_000, 100
"""Lines of a program that stays one function, and of a part of a longer one."""

MOST_FULL = 2_000
"""With more variables the full Hessian is not written."""

_SMALL = 10
"""Up to so many variables every zero of a Hessian is written: a loop takes longer."""

_COMMENT = 60
"""Characters of the user's text in a comment."""


ARRAYS = ("value", "gradient", "hessian")
"""What a function gives, by the order of derivatives."""


@dataclass(frozen=True, slots=True)
class Store:
    """A result: `place` is what stands at this index of the value (0), the gradient (1) or the Hessian (2), flat."""

    result: int
    index: int
    place: str


@dataclass(frozen=True, slots=True)
class Keep:
    """What a part hands on to later ones: a temporary and its place in `w`."""

    slot: int
    name: str
    truth: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the program: its lines, then what it keeps for later parts, then its results."""

    lines: tuple[Line, ...]
    keeps: tuple[Keep, ...]
    stores: tuple[Store, ...]

    def used(self) -> tuple[str, ...]:
        """Which of `x`, `value`, `gradient`, `hessian` and `w` it reads or writes, as a part of several."""
        places = [each for line in self.lines for each in line.operands] + [store.place for store in self.stores]
        found = {ARRAYS[store.result] for store in self.stores} | ({"w"} if self.keeps else set())
        found |= {name for name in "xw" if any(f"{name}{mark}" in each for each in places for mark in "[(")}
        return tuple(name for name in ("x", *ARRAYS, "w") if name in found)


@dataclass(frozen=True)
class Probe:
    """A point where a file tests itself.

    Attributes:
        at: the arguments.
        wanted: the doubles nearest to the true numbers, of those that are compared (`Source.compared`); nan for one
            that is not known.
        within: how far each may be from that.
    """

    at: tuple[float, ...]
    wanted: tuple[float, ...]
    within: tuple[float, ...]


@dataclass(frozen=True)
class Source:
    """A function with its derivatives.

    Attributes:
        name: what it is called; `order` of the derivatives, 0 to 2.
        formula: the formula as a comment can hold it; `variables` the same of the arguments' names, in their order.
        wrt: how many of the arguments, the first ones, it is differentiated for.
        parameters: safe names of the arguments.
        routines: functions that travel with it.
        parts: one, whose operands are the parameters; or several, whose operands are elements of `x` and `w`.
        slots: how many places `w` has.
        has_zeros: whether the Hessian has entries that no part stores: zeros, more of them than others.
        derived: the formula itself, for languages that show it.
        probes: where it tests itself; none where it does not.
        compared: which numbers are, counted through value, gradient and Hessian.
        made_by: who made it, in words.
    """

    name: str
    order: int
    formula: str
    variables: tuple[str, ...]
    wrt: int
    parameters: tuple[str, ...]
    routines: tuple[str, ...]
    parts: tuple[Part, ...]
    slots: int
    has_zeros: bool
    derived: Formula
    made_by: str = ""
    probes: tuple[Probe, ...] = ()
    compared: tuple[int, ...] = ()

    @property
    def is_cut(self) -> bool:
        """Whether it is of several parts."""
        return len(self.parts) > 1

    @property
    def sizes(self) -> tuple[int, int, int]:
        """How many numbers the value, the gradient and the Hessian are; 0 of what is not asked for."""
        return 1, self.wrt if self.order else 0, self.wrt**2 if self.order == 2 else 0

    @property
    def results(self) -> str:
        """What it gives, in words."""
        return ("value", "value and gradient", "value, gradient and Hessian")[self.order]

    def stores(self) -> Mapping[tuple[int, int], str]:
        """The results of a program of one part, by result and index."""
        return {(store.result, store.index): store.place for part in self.parts for store in part.stores}

    def head(self, argument: str = "{1}") -> Iterator[str]:
        """What the file says of itself, line by line, safe in comments; arguments by index, name and place from 1."""
        yield f"{self.name}: {self.results} of"
        yield f"    {self.formula}"
        names = [argument.format(i, name, i + 1) for i, name in enumerate(self.variables[:_NAMED])]
        more = [f"and {len(self.variables) - _NAMED:,} more"] if len(self.variables) > _NAMED else []
        yield f"Arguments: {', '.join([*names, *more]) or 'none'}."
        if self.order and self.wrt < len(self.variables):
            yield f"Derivatives: for the first {self.wrt} of them."
        yield self.made_by


_NAMED, _PREFIX = 40, 40


@dataclass(frozen=True)
class Language:
    """A language that functions are exported to: how it is asked for, how a file is laid out.

    Attributes:
        word: as `--to` has it; `aliases` other words for it.
        suffix: of its files.
        target: how lines are written.
        file: the whole text of a source.
        taken: names that the function cannot have, beside those that no input can.
        tests: whether a file can test itself.
        whole: whether a long program is not cut.
        shorter: how many times shorter than elsewhere a program is that is cut.
        argument, slot, truth: in a program of several parts, an argument, a number of `w`, and a truth value of `w`:
            `{0}` counts from 0, `{1}` from 1.
    """

    word: str
    suffix: str
    target: Target
    file: Callable[[Source], str]
    aliases: tuple[str, ...] = ()
    taken: frozenset[str] = frozenset()
    argument: str = "x[{}]"
    slot: str = "w[{}]"
    truth: str = "(w[{}] != 0.0)"
    tests: bool = True
    whole: bool = False
    shorter: int = 1


def commented(text: str, limit: int = _COMMENT) -> str:
    """Text of the user as the comments of all languages can hold it, in one line; "" for none.

    What ends a comment, begins another, continues a line, or is not shown as it stands, is taken apart or replaced.
    """
    short = " ".join(text[: 4 * limit].split())
    short = "".join(c if c.isprintable() else "?" for c in short)
    for mark in ("*/", "/*", "??", "--", "#=", "=#", "#|", "|#", "%{", "%}"):
        while mark in short:
            short = short.replace(mark, f"{mark[0]} {mark[1]}")
    cut = short if len(short) <= limit else short[: limit - 3] + "..."
    return cut.rstrip("\\ ")


def made(language: Language, formula: Formula, arguments: Sequence[str], name: str, made_by: str) -> Source:
    """A formula, differentiated up to its order, as a function of a language.

    Args:
        arguments: the names of all scalars that it is a function of; first those that it is differentiated for.

    Raises:
        Unavailable: it needs a function that the language has not.
        UsageError: the Hessian is too large to be written in full.
    """
    if formula.order == 2 and len(formula.names) > MOST_FULL:
        message = f"a full Hessian of {len(formula.names):,} variables has {len(formula.names) ** 2:,} entries"
        raise UsageError(message, hint="--order 1, or --wrt with fewer variables")
    target = language.target
    maker = Maker(target, f"{name}_")
    parameters = safe_names(target, arguments, name, maker.prefix)
    inputs = [formula.graph.input(argument) for argument in arguments]
    needed = formula.graph.needed(formula.outputs)
    derived = frozenset(needed).difference(formula.graph.needed([formula.output]))
    lines = Lines(maker, formula.graph, dict(zip(inputs, parameters, strict=True)), derived)
    comments = places(formula)
    for index in needed:
        lines.node(index, comments(index))
    results = list(_results(formula))
    finished, found = lines.finished([node for _, _, node in results], comments)
    stores = [Store(result, at, place) for (result, at, _), place in zip(results, found, strict=True)]
    routines = maker.finished()
    parts, slots = _parts(language, [_with_prefix(maker, line) for line in finished], stores, parameters)
    size = len(formula.names)
    return Source(
        name, formula.order, commented(formula.canonical, 300), tuple(commented(each) for each in arguments), size,
        tuple(parameters), routines, parts, slots,
        derived=formula, has_zeros=formula.order == 2 and len(results) < 1 + size + size**2, made_by=made_by,
    )  # fmt: skip


def _with_prefix(maker: Maker, line: Line) -> Line:
    """The line with the names of routines as they are."""
    written = line.written
    if isinstance(written, str):
        return replace(line, written=maker.finish(written))
    return replace(line, written=lambda operands: maker.finish(written(operands)))


def _results(formula: Formula) -> Iterator[tuple[int, int, int]]:
    """Each number of the answer: whether of value, gradient or Hessian, its index there, its node; few zeros too."""
    yield 0, 0, formula.output
    if formula.order:
        yield from ((1, i, node) for i, node in enumerate(formula.gradient))
    if formula.order == 2:
        size = len(formula.names)
        zero = formula.graph.constant(0)
        found = {i * size + j: node for (i, j), node in formula.hessian.items() if node != zero}
        if 2 * len(found) >= size**2 or size <= _SMALL:
            found = dict.fromkeys(range(size**2), zero) | found
        yield from ((2, at, node) for at, node in sorted(found.items()))


def places(formula: Formula) -> Callable[[int], str]:
    """What a node's line says: the place in the user's text that it means, or, in a derivative, that it comes from."""
    spans, graph, text = formula.places, formula.graph, formula.text
    value = frozenset(graph.needed([formula.output]))

    @cache
    def shown(span: Span) -> str:
        return commented(text[span[0] : min(span[1], span[0] + 4 * _COMMENT)])

    def comment(index: int) -> str:
        span = spans.get(index) if index in value else graph.spans[index]
        if span is None or graph.nodes[index].op is ops.const:
            return ""
        written = shown(span)
        return written if index in value or not written else f"d {written}"

    return comment


def _parts(
    language: Language, lines: Sequence[Line], stores: Sequence[Store], parameters: Sequence[str]
) -> tuple[tuple[Part, ...], int]:
    """The program in parts, and how many places `w` needs; in one part where it is short."""
    if language.whole or len(lines) + len(stores) <= LONGEST // language.shorter:
        return (Part(tuple(lines), (), tuple(stores)),), 0
    of_place: dict[str, list[Store]] = {}
    for store in stores:
        of_place.setdefault(store.place, []).append(store)
    events: list[Line | Store] = []
    for line in lines:
        events += [line, *of_place.pop(line.name, ())]
    events += [store for left in of_place.values() for store in left]
    cut = [events[first : first + PART] for first in range(0, len(events), PART)]
    return _Cutting(language, parameters, cut).done()


class _Cutting:
    """The state of cutting a program: where each temporary is last used, and which places are free."""

    def __init__(self, language: Language, parameters: Sequence[str], parts: Sequence[Sequence[Line | Store]]) -> None:
        self.language, self.parts = language, parts
        self.arguments = {name: language.argument.format(i, i + 1) for i, name in enumerate(parameters)}
        self.last = {name: number for number, part in enumerate(parts) for event in part for name in _used(event)}

    def done(self) -> tuple[tuple[Part, ...], int]:
        """The parts, and the size of `w`."""
        found: list[Part] = []
        slots: dict[str, tuple[int, bool]] = {}
        ending: dict[int, list[str]] = defaultdict(list)
        free: list[int] = []
        size = 0
        for number, part in enumerate(self.parts):
            made = [event for event in part if isinstance(event, Line)]
            keeps = []
            for line in made:
                if self.last.get(line.name, number) > number:
                    slot = free.pop() if free else size
                    size = max(size, slot + 1)
                    keeps.append(Keep(slot, line.name, line.truth))
                    ending[self.last[line.name]].append(line.name)
            own = frozenset(line.name for line in made)
            places = self._places(part, own, slots)
            found.append(
                Part(
                    tuple(replace(line, operands=tuple(places.get(x, x) for x in line.operands)) for line in made),
                    tuple(keeps),
                    tuple(replace(e, place=places.get(e.place, e.place)) for e in part if isinstance(e, Store)),
                )
            )
            slots |= {keep.name: (keep.slot, keep.truth) for keep in keeps}
            free += [slots.pop(name)[0] for name in ending.pop(number, ())]
        return tuple(found), size

    def _places(
        self, part: Sequence[Line | Store], own: frozenset[str], slots: Mapping[str, tuple[int, bool]]
    ) -> dict[str, str]:
        """How a part writes what it did not make itself."""
        found = {}
        for event in part:
            for name in _used(event):
                if name in self.arguments and name not in own:
                    found[name] = self.arguments[name]
                elif name in slots and name not in own:
                    slot, truth = slots[name]
                    found[name] = (self.language.truth if truth else self.language.slot).format(slot, slot + 1)
        return found


def _used(event: Line | Store) -> Sequence[str]:
    """The operands of a line, or the place of a result."""
    return event.operands if isinstance(event, Line) else (event.place,)
