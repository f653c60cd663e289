"""Attention over `(rows, steps, features)`, as Keras 3's layers. Imports layer and tape."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcalc.errors import only
from gradcalc.nn import activations
from gradcalc.nn.layer import Layer, pair, plain_mask
from gradcalc.nn.layers import EinsumDense
from gradcalc.tape.tensor import as_tensor

__all__ = ["AdditiveAttention", "Attention", "MultiHeadAttention"]


class MultiHeadAttention(Layer):
    """Each step of `query` as a mean of the steps of `value`, weighed by how its key agrees (Vaswani et al. 2017).

    Args:
        num_heads: in how many ways.
        key_dim: the size of a query and of a key, in each head.
        value_dim: the size of a value in each head; by default `key_dim`.
        dropout: the share of weights that are taken while training.
        use_bias: whether the four products have biases.
        output_shape: the size of the result's last axis, or of several in its place; by default that of the query.
        attention_axes: the axes of the steps; by default all between rows and features.
        sliding_window: a step looks at those alone that are nearer than this; by default at all.
        kernel_initializer, ..., bias_constraint: of kernels and biases, as of `Dense`.
        use_gate: whether what the heads give is multiplied with the sigmoid of a product of the query.
        seed: of the dropout.
        common: the arguments of `Layer`.
    """

    _quiet = frozenset({"flash_attention"})
    output_shape: Any
    attention_axes: Any

    def __init__(
        self, num_heads: int, key_dim: int, value_dim: int | None = None, dropout: float = 0.0, use_bias: bool = True,
        output_shape: Any = None, attention_axes: Any = None, sliding_window: Any = None,
        flash_attention: Any = None, kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
        kernel_constraint: Any = None, bias_constraint: Any = None, use_gate: bool = False, seed: int | None = None,
        **common: Any,
    ) -> None: ...  # fmt: skip

    def __post_init__(self) -> None:
        only(None, flash_attention=self.flash_attention)
        if self.sliding_window is not None and (not isinstance(self.sliding_window, int) or self.sliding_window <= 0):
            raise ValueError(
                f"`sliding_window` must be `None` or a positive integer. Received: sliding_window={self.sliding_window}"
            )
        if self.output_shape is not None:
            several = isinstance(self.output_shape, Sequence)
            self.output_shape = pair(self.output_shape, len(self.output_shape) if several else 1, "output_shape")
        self.value_dim: int = self.key_dim if self.value_dim is None else pair(self.value_dim, 1, "value_dim")[0]
        self.built = False

    def _prepare(self, shape: Any) -> None:
        """The first call makes the weights: they depend on query, value and key."""

    def build(self, query_shape: Any, value_shape: Any = None, key_shape: Any = None) -> None:
        """Make the four products, each with a kernel and perhaps a bias, for the shapes of three inputs."""
        axes, ndim = self.attention_axes, len(query_shape)
        given = range(1, ndim - 1) if axes is None else [axes] if isinstance(axes, int) else axes
        self.attention_axes = tuple(axis % ndim for axis in given)
        out = "uvwxyz"[: len(self.output_shape or "u")]
        q = _LETTERS[: ndim - 1]
        value_shape = value_shape or query_shape
        parts = [("query", self.key_dim, query_shape), ("key", self.key_dim, key_shape or value_shape)]
        parts += [("gate", self.value_dim, query_shape)] * self.use_gate + [("value", self.value_dim, value_shape)]
        for name, dim, shape in parts:
            product = self._product(name, f"{q}m,mnk->{q}nk", (*(None,) * (ndim - 2), self.num_heads, dim), "nk")
            product.build(shape)
        sized = (*(None,) * (ndim - 2), *(self.output_shape or query_shape[-1:]))
        self._product("output", f"{q}nk,nk{out}->{q}{out}", sized, out).build((*query_shape[:-1], self.num_heads, dim))

    def _product(self, name: str, equation: str, shape: Any, bias: str) -> Any:
        kinds = [f"{of}_{what}" for of in ("kernel", "bias") for what in ("initializer", "regularizer", "constraint")]
        settings = {kind: getattr(self, kind) for kind in kinds}
        settings |= {"name": "attention_output" if name == "output" else name, "dtype": self.dtype}
        settings |= {"activation": "sigmoid" if name == "gate" else None, "trainable": self._trainable}
        layer = EinsumDense(equation, shape, bias_axes=bias if self.use_bias else None, **settings)
        setattr(self, "_gate_dense" if name == "gate" else f"{name}_dense", layer)  # as in Keras's files
        return layer

    def call(
        self, query: Any, value: Any, key: Any = None, query_mask: Any = None, value_mask: Any = None,
        key_mask: Any = None, attention_mask: Any = None, return_attention_scores: bool = False,
        training: bool | None = None, use_causal_mask: bool = False,
    ) -> Any:  # fmt: skip
        """The result for a query.

        Args:
            query: `(rows, steps, features)`.
            value: `(rows, others, features)`.
            key: `(rows, others, features)`; by default `value`.
            query_mask, value_mask, key_mask: arrays of bools, which steps count; by default as the layer says that made
                the tensor.
            attention_mask: bools `(rows, steps, others)`, or what broadcasts to it: which step may look at which.
            return_attention_scores: whether the weights `(rows, heads, steps, others)` are returned besides.
            training: whether to drop out.
            use_causal_mask: whether no step looks at later ones.

        Returns:
            `(rows, steps, size)`.
        """
        given = {"query": query, "value": value, "key": value if key is None else key}
        values = {name: self._float(self._converted(x)) for name, x in given.items()}
        if not self.built:
            self.build(*(x.shape for x in values.values()))
        q, v, k = (getattr(self, f"{name}_dense")(x) for name, x in values.items())
        said = {"query": query_mask, "value": value_mask, "key": key_mask}
        masks = {name: getattr(given[name], "_keras_mask", None) if m is None else m for name, m in said.items()}
        for x in given.values():  # as in Keras: what else is made of these tensors knows of no mask
            if hasattr(x, "_keras_mask"):
                del x._keras_mask
        masks["key"] = None if key is None and key_mask is None else masks["key"]
        of_q = _LETTERS[: q.ndim - 2]
        steps = "".join(of_q[axis] for axis in self.attention_axes)
        of_k = "".join(letter.upper() if letter in steps else letter for letter in of_q)
        of_scores = "".join(letter for letter in of_q if letter not in steps) + "n" + steps + steps.upper()
        scores = np.einsum(f"{of_q}nk,{of_k}nk->{of_scores}", q / np.sqrt(np.asarray(self.key_dim, q.dtype)), k)
        allowed = _allowed(masks, attention_mask, use_causal_mask, (q.shape[1], k.shape[1]), self.sliding_window)
        if allowed is not None:
            heads = tuple(range(1, 1 + scores.ndim - allowed.ndim))
            scores = np.where(np.expand_dims(allowed, heads), scores, -0.7 * np.finfo(scores.dtype).max)
        scores = activations.softmax(scores, tuple(range(-len(steps), 0)))
        drops = training and self.dropout
        weights = scores * self._kept(self.dropout, scores.shape, scores.dtype) if drops else scores
        result = np.einsum(f"{of_scores},{of_k}nk->{of_q}nk", weights, v)
        result = self.output_dense(result * self._gate_dense(values["query"]) if self.use_gate else result)
        return (result, scores) if return_attention_scores else result

    def compute_output_shape(self, query_shape: Any, value_shape: Any = None, key_shape: Any = None) -> Any:
        return (*query_shape[:-1], *(self.output_shape or query_shape[-1:]))


_LETTERS = "abcdefgh"
"""Of rows and steps in the products of `MultiHeadAttention`; those of other steps are capitals."""


def _allowed(
    masks: Mapping[str, Any], given: Any, causal: bool, steps: tuple[int, ...], near: int | None = None
) -> Any:
    """Which step may look at which, what broadcasts to `(rows, steps, others)`, where not all may at all."""
    parts = [] if given is None else [np.asarray(as_tensor(given).array, bool)]
    for name, mask in masks.items():
        if mask is not None:
            parts.append(np.expand_dims(plain_mask(mask), -1 if name == "query" else -2))
    if causal:
        parts.append(np.tri(*steps, dtype=np.bool_)[None])
    if near is not None:
        parts.append(abs(np.subtract.outer(*map(np.arange, steps)))[None] < near)
    return np.logical_and.reduce(np.broadcast_arrays(*parts)) if parts else None


class Attention(Layer):
    """Each step of a query as a mean of the steps of a value, weighed by how its key agrees, as Keras's Attention.

    Called on `[query, value]` or `[query, value, key]`: `(rows, steps, features)`, and two of `(rows, others, ...)`.

    Args:
        use_scale: whether a learned number is multiplied with the scores.
        score_mode: `"dot"`, products of query and key (Luong et al. 2015), or `"concat"`, `sum(tanh(query + key))`.
        dropout: the share of weights that are taken while training.
        seed: of the dropout.
        common: the arguments of `Layer`.
    """

    def __init__(
        self, use_scale: bool = False, score_mode: str = "dot", dropout: float = 0.0, seed: int | None = None,
        **common: Any,
    ) -> None: ...  # fmt: skip

    def __post_init__(self) -> None:
        if self.score_mode not in ("dot", "concat"):
            raise ValueError(
                "Invalid value for argument score_mode. Expected one of {'dot', 'concat'}. Received: "
                f"score_mode={self.score_mode}"
            )

    def build(self, input_shape: Any) -> None:
        self._few("inputs", input_shape)
        self.scale = self._scale(input_shape) if self.use_scale else None
        concat = self.score_mode == "concat"
        self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight") if concat else None

    def _scale(self, input_shape: Any) -> Any:
        return self.add_weight((), "ones", name="scale")

    def call(
        self, inputs: Any, mask: Any = None, training: bool | None = None, return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:  # fmt: skip
        """The result `(rows, steps, size)` for a list of query, value and perhaps key.

        Args:
            inputs: the list.
            mask: a list of arrays of bools, which steps of query and value count.
            training: whether to drop out.
            return_attention_scores: whether the weights `(rows, steps, others)` are returned besides.
            use_causal_mask: whether no step looks at later ones.
        """
        self._few("inputs", inputs)
        query, value, key = map(self._float, (*inputs, inputs[1])[:3])
        of_query, of_value = (None, None) if mask is None else self._few("mask", mask)[:2]
        scores = self._scores(query, key)
        allowed = _allowed({"value": of_value}, None, use_causal_mask, scores.shape[-2:])
        if allowed is not None:
            scores = np.where(allowed, scores, scores - (65504.0 if scores.dtype == np.float16 else 1e9))
        weights = activations.softmax(scores)
        if training and self.dropout:
            weights = weights * self._kept(self.dropout, weights.shape, weights.dtype)
        result = weights @ value
        if of_query is not None:
            result = np.where(plain_mask(of_query)[..., None], result, 0)
        return (result, weights) if return_attention_scores else result

    def _scores(self, query: Any, key: Any) -> Any:
        """How each step of the query agrees with each of the key."""
        factor = 1.0 if self.scale is None else self.scale
        if self.concat_score_weight is None:
            return query @ np.swapaxes(key, -1, -2) * factor
        return self.concat_score_weight * np.sum(np.tanh(factor * _each_with_each(query, key)), axis=-1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return mask and self._few("mask", mask)[0]

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[0][:-1], input_shape[1][-1])

    def _few(self, what: str, given: Any) -> Any:
        """The list of query, value and perhaps key, or what belongs to each.

        Raises:
            ValueError: it is no list of two or three.
        """
        if not isinstance(given, list):
            asked = "must be called on a list of inputs" if what == "inputs" else "mask must be a list"
            raise ValueError(
                f"{type(self).__name__} layer {asked}, namely [query, value] or [query, value, key]. Received: "
                f"{what}={given}."
            )
        if not 2 <= len(given) <= 3:
            raise ValueError(
                f"{type(self).__name__} layer accepts {what} list of length 2 or 3. Received length: {len(given)}."
            )
        return given


class AdditiveAttention(Attention):
    """Attention with `sum(scale * tanh(query + key))` for scores (Bahdanau et al. 2015), as Keras's AdditiveAttention.

    Args:
        use_scale: whether there is a learned scale `(features,)`.
        dropout: the share of weights that are taken while training.
        common: the arguments of `Layer`.
    """

    _also = ("seed",)

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **common: Any) -> None: ...

    def _scale(self, input_shape: Any) -> Any:
        return self.add_weight(input_shape[0][-1:], "glorot_uniform", name="scale")

    def _scores(self, query: Any, key: Any) -> Any:
        values = np.tanh(_each_with_each(query, key))
        return np.sum(values if self.scale is None else self.scale * values, axis=-1)


def _each_with_each(query: Any, key: Any) -> Any:
    """The sums `(rows, steps, others, features)`."""
    return np.expand_dims(query, -2) + np.expand_dims(key, -3)
