"""`tf.train`: checkpoints of models, optimizers and variables, as `.npz` files of plain arrays. Imports nn.weights."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gradcalc.files import complete_file
from gradcalc.nn.weights import npz_of, read_npz
from gradcalc.tape.tensor import Variable
from gradcalc.tf.defaults import as_index, only


class _Status:
    """What `restore` answers: all was found, or an error was raised, so that there is nothing left to ask."""

    def assert_consumed(self) -> "_Status":
        """Itself."""
        return self

    expect_partial = assert_existing_objects_matched = assert_consumed


class Checkpoint:
    """Objects with variables, each by a name, whose values are written and read together.

    Args:
        root: one more object, which needs no name.
        kwargs: variables, layers, models and optimizers.
    """

    def __init__(self, root: Any = None, **kwargs: Any) -> None:
        self._objects = kwargs if root is None else {"root": root, **kwargs}
        self.save_counter = Variable(np.int64(0), trainable=False)
        vars(self).update(self._objects)

    def _places(self) -> Mapping[str, Variable]:
        """The variables by the object's name and their number in it."""
        found = {"save_counter": self.save_counter}
        for name, value in self._objects.items():
            variables = [value] if isinstance(value, Variable) else getattr(value, "weights", None) or value.variables
            found |= {f"{name}.{i}": variable for i, variable in enumerate(variables)}
        return found

    def write(self, file_prefix: Any, options: Any = None) -> str:
        """Write the values to `file_prefix` with `.npz` behind it; returns `file_prefix`."""
        only(None, options=options)
        path = Path(f"{file_prefix}.npz")
        path.parent.mkdir(parents=True, exist_ok=True)
        with complete_file(path) as name:
            name.write_bytes(npz_of({key: variable.array for key, variable in self._places().items()}))
        return str(file_prefix)

    def save(self, file_prefix: Any, options: Any = None) -> str:
        """As `write`, with the number of the call behind the prefix, which is returned with it."""
        self.save_counter.assign_add(1)
        return self.write(f"{file_prefix}-{int(self.save_counter)}", options)

    def read(self, save_path: Any, options: Any = None) -> _Status:
        """Give the variables the values of a checkpoint; None is none, and changes nothing.

        Raises:
            FileError: there is no such file, or its names and shapes are others: a model must have been called, and an
                optimizer have its `build(variables)`, so that their variables are there.
        """
        only(None, options=options)
        if save_path is not None:
            places = self._places()
            arrays = read_npz(Path(f"{save_path}.npz"), places)
            for key, variable in places.items():
                variable.assign(arrays[key])
        return _Status()

    restore = read


def _numbers(directory: Any, name: str = "") -> dict[int, str]:
    """The checkpoints in a folder by their numbers, upwards."""
    files = [re.fullmatch(rf"({name or '.*'})-(\d+)\.npz", path.name) for path in Path(directory).glob("*.npz")]
    found = {int(match[2]): str(Path(directory, match[0].removesuffix(".npz"))) for match in files if match}
    return dict(sorted(found.items()))


def latest_checkpoint(checkpoint_dir: Any, latest_filename: Any = None) -> str | None:
    """The checkpoint in a folder that has the largest number, or None."""
    only(None, latest_filename=latest_filename)
    return next(reversed(_numbers(checkpoint_dir).values()), None)


class CheckpointManager:
    """The last checkpoints in a folder: `save` writes one, and takes away those before the last `max_to_keep`."""

    def __init__(
        self, checkpoint: Checkpoint, directory: Any, max_to_keep: int | None,
        keep_checkpoint_every_n_hours: Any = None, checkpoint_name: str = "ckpt", step_counter: Any = None,
        checkpoint_interval: Any = None, init_fn: Callable[[], Any] | None = None, last_checkpoint_step: Any = None,
    ) -> None:  # fmt: skip
        only(None, keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours, step_counter=step_counter)
        only(None, checkpoint_interval=checkpoint_interval, last_checkpoint_step=last_checkpoint_step)
        self.checkpoint, self.directory = checkpoint, str(directory)
        self._keep, self._name, self._begin = max_to_keep, checkpoint_name, init_fn

    @property
    def checkpoints(self) -> list[str]:
        """Those that are there, the oldest first."""
        return list(_numbers(self.directory, re.escape(self._name)).values())

    @property
    def latest_checkpoint(self) -> str | None:
        """The newest, or None."""
        return next(reversed(self.checkpoints), None)

    def save(self, checkpoint_number: Any = None, check_interval: bool = True, options: Any = None) -> str:
        """Write a checkpoint, by default of the next number; returns its path."""
        prefix = Path(self.directory, self._name)
        if checkpoint_number is None:
            path = self.checkpoint.save(prefix, options)
        else:
            path = self.checkpoint.write(f"{prefix}-{as_index(checkpoint_number)}", options)
        for old in self.checkpoints[: -self._keep] if self._keep else []:
            Path(f"{old}.npz").unlink()
        return path

    def restore_or_initialize(self) -> str | None:
        """Read the newest checkpoint, or call `init_fn` where there is none; returns its path, or None."""
        path = self.latest_checkpoint
        if path is None and self._begin is not None:
            self._begin()
        self.checkpoint.restore(path)
        return path
