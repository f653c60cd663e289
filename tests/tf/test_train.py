"""`tf.train`: what a checkpoint writes comes back; a folder keeps its last ones; what does not fit is refused."""

from pathlib import Path

import numpy as np
import pytest

import gradcalc.tf as tf
from gradcalc.errors import FileError


def test_values_come_back(tmp_path: Path) -> None:
    v, model, optimizer = tf.Variable(2.0), tf.keras.Sequential([tf.keras.layers.Dense(2)]), tf.keras.optimizers.Adam()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(np.ones((1, 3), np.float32)))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.weights), model.weights, strict=True))
    checkpoint = tf.train.Checkpoint(model, optimizer=optimizer, step=v)
    before = [w.numpy().copy() for w in (*model.weights, *optimizer.variables)]
    path = checkpoint.save(str(tmp_path / "inner" / "ckpt"))
    assert path == tf.train.latest_checkpoint(tmp_path / "inner") == str(tmp_path / "inner" / "ckpt-1")
    for w in (*model.weights, *optimizer.variables, v):
        w.assign(w.numpy() * 0)
    checkpoint.restore(path).assert_consumed()
    assert all((w.numpy() == b).all() for w, b in zip((*model.weights, *optimizer.variables), before, strict=True))
    assert checkpoint.step is v and v.numpy() == 2
    with pytest.raises(FileError, match="of another model: it has"):
        tf.train.Checkpoint(step=v).restore(path)


def test_a_manager_keeps_the_last(tmp_path: Path) -> None:
    v, begun = tf.Variable(0.0), []
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(v=v), tmp_path, 2, init_fn=lambda: begun.append(1))
    assert manager.restore_or_initialize() is None and begun and tf.train.latest_checkpoint(tmp_path) is None
    for n in range(12):
        v.assign(float(n))
        manager.save()
    assert [Path(path).name for path in manager.checkpoints] == ["ckpt-11", "ckpt-12"]
    v.assign(-1.0)
    assert manager.restore_or_initialize() == manager.latest_checkpoint and v.numpy() == 11
    assert manager.save(checkpoint_number=40) == str(tmp_path / "ckpt-40")
