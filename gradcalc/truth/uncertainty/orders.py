"""The variance of a result to first and second order, as nodes of the formula's graph, so that balls prove its digits.

JCGM 100:2008, 5.1.2 and 5.2.2, and for normal inputs the terms of second order: the mean is f + tr(HΣ)/2, the variance
g'Σg + tr((HΣ)²)/2. What is structurally zero is never made. Imports covariance and graph.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gradcalc.graph import ops
from gradcalc.graph.graph import Graph, Ref
from gradcalc.truth.uncertainty.covariance import Inputs, Pair

Gradient = Mapping[int, int]
"""The nodes of the derivatives by the place of the input; those that are not there are 0."""
Hessian = Mapping[Pair, int]
"""The nodes of the second derivatives by two places, both halves; those that are not there are 0."""


@dataclass(frozen=True)
class First:
    """The nodes of the linear answer: variance, standard uncertainty, and of the variance the part of each input."""

    variance: int
    deviation: int
    shares: Mapping[int, int]


@dataclass(frozen=True)
class Second:
    """The nodes to second order: mean, standard uncertainty; of the variance the parts of curvature, by i <= j."""

    mean: int
    deviation: int
    shares: Mapping[Pair, int]


def first_order(graph: Graph, gradient: Gradient, inputs: Inputs) -> First:
    """The linear variance g'Σg; covariances are split in halves between the two inputs."""
    parts: dict[int, list[Ref]] = {}
    for i, j, product in _products(graph, gradient, gradient, inputs):
        parts.setdefault(i, []).append(product)
        if i != j:
            parts.setdefault(j, []).append(product)
    sums = {i: _sum(graph, found) for i, found in sorted(parts.items())}
    variance = _sum(graph, list(sums.values()))
    return First(variance.index, ops.sqrt(variance).index, {i: (part / variance).index for i, part in sums.items()})


def covariance(graph: Graph, one: Gradient, other: Gradient, inputs: Inputs) -> int:
    """The node of the linear covariance of two results."""
    products = [product for _, _, product in _products(graph, one, other, inputs)]
    swapped = [product for i, j, product in _products(graph, other, one, inputs) if i != j]
    return _sum(graph, [*products, *swapped]).index


def correlation(graph: Graph, covariance: int, one: First, other: First) -> int:
    """The node of the linear correlation of two results."""
    result: Ref = graph.ref(covariance) / (graph.ref(one.deviation) * graph.ref(other.deviation))
    return result.index


def _products(graph: Graph, one: Gradient, other: Gradient, inputs: Inputs) -> Iterator[tuple[int, int, Ref]]:
    """The products g_i Σ_ij h_j for i <= j, without those that are zero."""
    for i in sorted(one.keys() & other.keys()):
        u = graph.ref(inputs.deviations[i])
        yield i, i, (graph.ref(one[i]) * u) * (graph.ref(other[i]) * u)
    for (i, j), node in sorted(inputs.covariances.items()):
        if i in one and j in other:
            yield i, j, graph.ref(one[i]) * graph.ref(other[j]) * graph.ref(node)


def second_order(graph: Graph, value: int, first: First, hessian: Hessian, inputs: Inputs) -> Second:
    """Mean and variance with the terms of the Hessian, under normal inputs."""
    product = _by_covariance(graph, hessian, inputs)
    zero = graph.ref(graph.constant(0))
    trace = _sum(graph, [node for (i, j), node in product.items() if i == j])
    parts = {}
    for (i, j), node in product.items():
        if i <= j and (j, i) in product:
            square = node * product[j, i]
            parts[i, j] = square / 2 if i == j else square
    more = _sum(graph, list(parts.values())) if parts else zero
    variance = graph.ref(first.variance) + more
    mean = graph.ref(value) + trace / 2
    shares = {pair: (part / variance).index for pair, part in parts.items()}
    return Second(mean.index, ops.sqrt(variance).index, shares)


def _by_covariance(graph: Graph, hessian: Hessian, inputs: Inputs) -> dict[Pair, Ref]:
    """The product HΣ by places, without what is structurally zero."""
    columns: dict[int, list[tuple[int, Ref]]] = {}
    for k, u in enumerate(inputs.deviations):
        columns[k] = [(k, graph.ref(u) * graph.ref(u))]
    for (i, j), node in inputs.covariances.items():
        columns[i].append((j, graph.ref(node)))
        columns[j].append((i, graph.ref(node)))
    terms: dict[Pair, list[Ref]] = {}
    for (i, k), node in sorted(hessian.items()):
        for j, entry in columns[k]:
            terms.setdefault((i, j), []).append(graph.ref(node) * entry)
    return {pair: _sum(graph, found) for pair, found in sorted(terms.items())}


def _sum(graph: Graph, terms: Sequence[Ref]) -> Ref:
    """The sum of some nodes."""
    if not terms:
        return graph.ref(graph.constant(0))
    return terms[0] if len(terms) == 1 else graph.ref(graph.emit(ops.add, tuple(term.index for term in terms)))
