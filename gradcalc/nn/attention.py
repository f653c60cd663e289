"""Attention over `(rows, steps, features)`, as Keras 3's MultiHeadAttention. Imports layer and tape."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcalc.errors import only
from gradcalc.nn import activations, initializers
from gradcalc.nn.layer import Layer, pair
from gradcalc.tape.tensor import as_tensor

__all__ = ["MultiHeadAttention"]


_PRODUCTS = ("query", "key", "value", "output")


class MultiHeadAttention(Layer):
    """Each step of `query` as a mean of the steps of `value`, weighed by how its key agrees (Vaswani et al. 2017).

    Args:
        num_heads: in how many ways.
        key_dim: the size of a query and of a key, in each head.
        value_dim: the size of a value in each head; by default `key_dim`.
        dropout: the share of weights that are taken while training.
        use_bias: whether the four products have biases.
        output_shape: the size of the result's last axis; by default that of the query.
        kernel_initializer, bias_initializer: what kernels and biases begin with.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties, to be found in `losses`.
        kernel_constraint, bias_constraint: what optimizers hold them to.
        seed: of the dropout.
        common: the arguments of `Layer`.
    """

    _quiet = frozenset({"flash_attention"})

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | None = None,
        attention_axes: Any = None,
        sliding_window: Any = None,
        flash_attention: Any = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **common: Any,
    ) -> None:
        if attention_axes not in (1, [1], (1,)):  # that of steps, as Keras writes it of a built layer
            only(None, attention_axes=attention_axes)
        only(None, sliding_window=sliding_window, flash_attention=flash_attention)
        only(False, use_gate=use_gate)
        super().__init__(**common)
        self._keep(locals())
        self.output_shape = None if output_shape is None else pair(output_shape, 1, "output_shape")
        self.value_dim: int = self.key_dim if value_dim is None else pair(value_dim, 1, "value_dim")[0]
        self.built = False
        for name in _PRODUCTS:  # each holds a kernel and a bias, as Keras's layer has it
            setattr(self, f"{name}_dense", Layer(name=name))

    def _prepare(self, shape: Any) -> None:
        """The first call makes the weights: they depend on query, value and key."""

    def _make(self, sizes: Mapping[str, int], size: int) -> None:
        """Make the kernel and bias of each of the four products, of the sizes of what comes in and goes out."""
        heads = {"query": self.key_dim, "key": self.key_dim, "value": self.value_dim}
        for name, dim in heads.items():
            self._product(name, (sizes[name], self.num_heads, dim), (self.num_heads, dim))
        self._product("output", (self.num_heads, self.value_dim, size), (size,))

    def _product(self, name: str, kernel: tuple[int, ...], bias: tuple[int, ...]) -> None:
        holder = getattr(self, f"{name}_dense")
        holder.kernel = self._weight("kernel", kernel)
        holder.bias = self._weight("bias", bias) if self.use_bias else None

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
        given = {"query": query, "key": value if key is None else key, "value": value}
        values = {name: self._float(self._converted(x)) for name, x in given.items()}
        if not self.built:
            size = (self.output_shape or values["query"].shape)[-1]
            self._make({name: x.shape[-1] for name, x in values.items()}, size)
        q, k, v = (self._projected(name, x, 1) for name, x in values.items())
        scores = np.moveaxis(q, 1, 2) / np.sqrt(np.asarray(self.key_dim, q.dtype)) @ np.transpose(k, (0, 2, 3, 1))
        said = {"query": query_mask, "value": value_mask, "key": key_mask}
        masks = {name: getattr(given[name], "_keras_mask", None) if m is None else m for name, m in said.items()}
        masks["key"] = None if key is None and key_mask is None else masks["key"]
        allowed = _allowed(masks, attention_mask, use_causal_mask, (*q.shape[:2], k.shape[1]))
        if allowed is not None:
            scores = np.where(allowed[:, None], scores, -0.7 * np.finfo(scores.dtype).max)
        scores = activations.softmax(scores)
        if training and self.dropout:
            source = self._source or initializers.generator()
            kept = source.random(scores.shape) >= self.dropout
            weights = scores * np.asarray(kept / max(1 - self.dropout, np.finfo(float).tiny), scores.dtype)
        else:
            weights = scores
        result = self._projected("output", np.moveaxis(weights @ np.moveaxis(v, 1, 2), 1, 2), 2)
        return (result, scores) if return_attention_scores else result

    def compute_output_shape(self, query_shape: Any, value_shape: Any = None, key_shape: Any = None) -> Any:
        """The query's shape, with the size of the result."""
        return (*query_shape[:-1], (self.output_shape or query_shape)[-1])

    def _projected(self, name: str, x: Any, axes: int) -> Any:
        holder = getattr(self, f"{name}_dense")
        y = np.tensordot(x, holder.kernel, axes)
        return y if holder.bias is None else y + holder.bias


def _allowed(masks: Mapping[str, Any], given: Any, causal: bool, shape: tuple[int, ...]) -> Any:
    """Which step may look at which, `(rows, steps, others)`, where not all may at all."""
    parts = [] if given is None else [np.asarray(as_tensor(given).array, bool)]
    for name, mask in masks.items():
        if mask is not None:
            plain = np.asarray(getattr(mask, "array", mask), bool)
            parts.append(plain[:, :, None] if name == "query" else plain[:, None, :])
    if causal:
        parts.append(np.tri(shape[1], shape[2], dtype=bool)[None])
    return np.broadcast_to(np.logical_and.reduce(np.broadcast_arrays(*parts)), shape) if parts else None
