"""State: an array of an optimizer that takes part in NumPy."""

import numpy as np
import pytest

from gradcalc import optimize


def test_state_takes_part_in_numpy() -> None:
    state = optimize.State([1.0, 2.0], "s/x")
    assert state.name == "x" and state.shape == (2,) and state.dtype == np.float64
    assert (state * 2 == [2.0, 4.0]).all() and np.sum(np.asarray(state)) == 3.0
    with pytest.raises(ValueError, match=r"s/x has shape \(2,\)"):
        state.assign(1.0)
    count = optimize.State(3, "s/n")
    assert list(range(5))[count] == 3 and int(count) == 3 and float(count) == 3.0 and bool(count)
    assert f"{count}" == repr(count) and f"{count:03d}" == "003"
