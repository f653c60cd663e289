"""`tf.data`: elements, orders, how many there are, what each method makes of them; errors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradcalc.tf as tf
from tests.nn.support import over, says

D = tf.data.Dataset


def plain(dataset: Any) -> list[Any]:
    """The elements as lists and numbers."""
    shown = lambda leaf: plain(leaf) if isinstance(leaf, D) else leaf.numpy().tolist()
    return [tf.nest.map_structure(shown, element) for element in dataset]


def four() -> Any:
    return D.range(4)


MADE: list[tuple[Callable[[], Any], list[Any], Any]] = [  # elements, and their number as TensorFlow says it
    (four, [0, 1, 2, 3], 4), (lambda: D.range(5, 1, -2), [5, 3], 2), (lambda: D.range(0), [], 0),
    (lambda: D.from_tensor_slices([[1, 2], [3, 4]]), [[1, 2], [3, 4]], 2),
    (lambda: D.from_tensor_slices(([1, 2], {"a": [3.0, 4.0]})), [(1, {"a": 3}), (2, {"a": 4})], 2),
    (lambda: D.from_tensors(([1, 2], 3)), [([1, 2], 3)], 1),
    (lambda: D.from_generator(lambda: iter([1, 2])), [1, 2], -2),
    (lambda: D.from_generator(lambda n: iter(range(n)), output_types=tf.float32, args=(3,)), [0, 1, 2], -2),
    (lambda: D.zip((four(), {"b": D.range(7, 9)})), [(0, {"b": 7}), (1, {"b": 8})], 2), (lambda: D.zip(four(), four()).take(1), [(0, 0)], 1),
    (lambda: four().map(lambda n: (n, n * 2)).map(lambda n, m: n + m), [0, 3, 6, 9], 4), (lambda: four().map(lambda n: [n, n]).take(1), [[0, 0]], 1),
    (lambda: four().batch(3), [[0, 1, 2], [3]], 2), (lambda: four().batch(3, drop_remainder=True), [[0, 1, 2]], 1),
    (lambda: four().batch(3).unbatch(), [0, 1, 2, 3], -2), (lambda: four().filter(lambda n: n > 1), [2, 3], -2),
    (lambda: D.zip((four(), four())).batch(2).take(1), [([0, 1], [0, 1])], 1), (lambda: four().repeat(2), [0, 1, 2, 3] * 2, 8),
    (lambda: four().repeat().take(6), [0, 1, 2, 3, 0, 1], 6), (lambda: four().repeat(0), [], 0), (lambda: D.range(0).repeat(), [], 0),
    (lambda: four().take(-1), [0, 1, 2, 3], 4), (lambda: four().take(9), [0, 1, 2, 3], 4), (lambda: four().skip(3), [3], 1),
    (lambda: four().skip(9), [], 0), (lambda: four().skip(-1), [], 0), (lambda: four().skip(2).enumerate(5), [(5, 2), (6, 3)], 2),
    (lambda: four().concatenate(D.range(1)), [0, 1, 2, 3, 0], 5), (lambda: four().prefetch(tf.data.AUTOTUNE).cache(), [0, 1, 2, 3], 4),
]  # fmt: skip


def up_to(n: Any) -> Any:
    return D.range(n)


WINDOWS: list[tuple[Callable[[], Any], list[Any], Any]] = [
    (lambda: D.range(7).window(3), [[0, 1, 2], [3, 4, 5], [6]], 3), (lambda: D.range(0).window(2), [], 0),
    (lambda: D.range(7).window(3, 1), [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6], [5, 6], [6]], 7),
    (lambda: D.range(7).window(3, 1, 1, True), [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6]], 5),
    (lambda: D.range(7).window(2, 3), [[0, 1], [3, 4], [6]], 3), (lambda: D.range(7).window(2, 3, 1, True), [[0, 1], [3, 4]], 2),
    (lambda: D.range(7).window(2, 1, 2), [[0, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5], [6]], 7),
    (lambda: D.range(7).window(2, 1, 2, True), [[0, 2], [1, 3], [2, 4], [3, 5], [4, 6]], 5),
    (lambda: D.range(7).window(3, 2, 3), [[0, 3, 6], [2, 5], [4], [6]], 4), (lambda: D.range(7).window(3, 9), [[0, 1, 2]], 1),
    (lambda: D.range(7).window(8, 1, 1, True), [], 0), (lambda: D.range(7).window(2, 9, 1, True), [[0, 1]], 1),
    (lambda: D.range(7).filter(lambda n: n > 1).window(2), [[2, 3], [4, 5], [6]], -2), (lambda: D.range(3).repeat().window(2).take(2), [[0, 1], [2, 0]], 2),
    (lambda: D.from_tensor_slices(([1, 2, 3], {"a": [4, 5, 6]})).window(2), [([1, 2], {"a": [4, 5]}), ([3], {"a": [6]})], 2),
    (lambda: D.range(7).window(3).map(lambda w: w.skip(1)), [[1, 2], [4, 5], []], 3), (lambda: D.range(9).window(3).window(2), [[[0, 1, 2], [3, 4, 5]], [[6, 7, 8]]], 2),
    (lambda: D.from_tensors(D.range(3)), [[0, 1, 2]], 1), (lambda: D.zip(four().window(2), D.range(2)), [([0, 1], 0), ([2, 3], 1)], 2),
    (lambda: four().flat_map(up_to), [0, 0, 1, 0, 1, 2], -2), (lambda: D.range(2).flat_map(lambda n: D.from_tensors([n, n])), [[0, 0], [1, 1]], -2),
    (lambda: D.from_tensor_slices(([1, 2, 3], [4, 5, 6])).window(2, 1, 1, True).flat_map(lambda a, b: D.zip((a.batch(2), b.batch(2)))), [([1, 2], [4, 5]), ([2, 3], [5, 6])], -2),
    (lambda: D.range(1, 4).interleave(lambda n: D.from_tensors(n).repeat(3), 2, 2), [1, 1, 2, 2, 1, 2, 3, 3, 3], -2),
    (lambda: D.range(1, 6).interleave(lambda n: D.from_tensors(n).repeat(n), 3), [1, 2, 3, 2, 3, 4, 3, 4, 5, 4, 5, 4, 5, 5, 5], -2),
    (lambda: D.range(6).interleave(up_to, 4, 2), [0, 0, 1, 0, 1, 0, 1, 0, 1, 2, 2, 3, 2, 3, 4], -2),
    (lambda: D.range(6).interleave(up_to, 2, num_parallel_calls=2), [0, 0, 1, 0, 1, 0, 2, 1, 2, 0, 3, 1, 2, 3, 4], -2),
    (lambda: D.range(0).interleave(up_to), [], -2), (lambda: D.range(2, 3).interleave(up_to), [0, 1], -2), (lambda: D.range(1).repeat().interleave(lambda n: four(), 1).take(2), [0, 1], -2),
]  # fmt: skip


def lists() -> Any:
    return D.from_generator(lambda: iter([[1], [2, 3], [4, 5, 6]]), output_signature=tf.TensorSpec((None,), tf.int32))


def of_two() -> Any:
    return [D.range(1), D.range(10, 14)]


def rows() -> Any:
    return D.from_tensor_slices(([[1.0], [2.0], [3.0]], {"n": [1, 2, 3]}))


PARTS: list[tuple[Callable[[], Any], list[Any], Any]] = [
    (lambda: lists().padded_batch(2), [[[1, 0], [2, 3]], [[4, 5, 6]]], -2), (lambda: four().padded_batch(3), [[0, 1, 2], [3]], 2),
    (lambda: lists().padded_batch(2, [4], -1, drop_remainder=True), [[[1, -1, -1, -1], [2, 3, -1, -1]]], -2),
    (lambda: rows().padded_batch(2, ([2], {"n": []}), (9.0, {"n": 0}), True), [([[1, 9], [2, 9]], {"n": [1, 2]})], 1),
    (lambda: rows().padded_batch(3), [([[1], [2], [3]], {"n": [1, 2, 3]})], 1),
    (lambda: D.range(8).batch(4).rebatch(3), [[0, 1, 2], [3, 4, 5], [6, 7]], -2), (lambda: D.range(8).batch(4).rebatch(3, drop_remainder=True), [[0, 1, 2], [3, 4, 5]], -2),
    (lambda: D.range(8).batch(4).rebatch([2, 1, 1]), [[0, 1], [2], [3], [4, 5], [6], [7]], -2),
    (lambda: D.range(8).shard(3, 0), [0, 3, 6], 3), (lambda: D.range(8).shard(3, 2), [2, 5], 2), (lambda: D.range(1).shard(3, 2), [], 0),
    (lambda: four().take_while(lambda n: n % 3 < 2), [0, 1], -2), (lambda: D.zip(four(), four()).take_while(lambda a, b: a + b < 3), [(0, 0), (1, 1)], -2),
    (lambda: four().scan((np.int64(0), np.int64(1)), lambda s, x: ((s[1], s[0] + x), (s[0], x))), [(0, 0), (1, 1), (0, 2), (2, 3)], 4),
    (lambda: D.zip(four(), four()).scan(np.int64(0), lambda s, x: (s + x[0], s + x[1])), [0, 1, 3, 6], 4),
    (lambda: four().apply(lambda d: d.skip(2)), [2, 3], 2), (lambda: D.from_tensor_slices([1, 37, 2, 37, 2, 1]).unique(), [1, 37, 2], -2),
    (lambda: D.from_tensor_slices([[1, 2], [1, 2], [3, 4]]).unique(), [[1, 2], [3, 4]], -2),
    (lambda: D.choose_from_datasets(of_two(), D.from_tensor_slices(np.array([0, 0, 1, 1, 0, 1]))), [0], -2),
    (lambda: D.choose_from_datasets(of_two(), D.from_tensor_slices(np.array([0, 0, 1, 1, 0, 1])), False), [0, 10, 11, 12], -2),
    (lambda: D.sample_from_datasets(of_two(), [0.0, 1.0]), [10, 11, 12, 13], -2), (lambda: D.sample_from_datasets([four()]), [0, 1, 2, 3], -2),
]  # fmt: skip


def check_made(make: Callable[[], Any], elements: list[Any], count: int) -> None:
    dataset = make()
    assert plain(dataset) == elements == plain(dataset)
    assert int(dataset.cardinality()) == count and dataset.cardinality().dtype == "int64"
    if count >= 0:
        assert len(dataset) == count
    else:
        with pytest.raises(TypeError, match="unknown"):
            len(dataset)


test_elements_are_tensorflows = over(MADE + WINDOWS + PARTS, check_made)


def test_orders_repeat_by_seeds_and_stay_within_the_buffer() -> None:
    numbers = D.range(100)
    for size in (1, 7, 100, 500):
        shuffled = numbers.shuffle(size, seed=3)
        first, second = plain(shuffled), plain(shuffled)
        assert sorted(first) == sorted(second) == list(range(100)) and (first != second or size == 1)
        assert plain(numbers.shuffle(size, seed=3)) == first
        assert all(n < place + size for place, n in enumerate(first))
    fixed = numbers.shuffle(100, reshuffle_each_iteration=False)
    assert plain(fixed) == plain(fixed) != plain(numbers)
    found = []
    for _ in range(2):
        tf.random.set_seed(5)
        found.append(plain(numbers.shuffle(50)))
    assert found[0] == found[1] and len(numbers.shuffle(3)) == 100


def test_dtypes_are_tensorflows() -> None:
    element = next(iter(D.from_tensors((np.ones(2), [1.0], 2))))
    assert [part.dtype.name for part in element] == ["float64", "float32", "int32"]
    assert next(iter(D.range(2, output_type=tf.float32))).dtype == "float32"
    signature = (tf.TensorSpec((None, 2), tf.float32), tf.TensorSpec(shape=(), dtype=tf.int64))
    x, y = next(iter(D.from_generator(lambda: iter([(np.ones((3, 2)), 1)]), output_signature=signature)))
    assert (x.dtype, y.dtype, x.shape) == ("float32", "int64", (3, 2))
    named = D.from_generator(lambda: iter([{"a": 1}]), output_types={"a": tf.float64}, output_shapes={"a": ()})
    assert next(iter(named))["a"].dtype == "float64"


def test_functions_run_once_where_elements_are_kept() -> None:
    calls = []
    kept = four().map(lambda n: calls.append(int(n)) or n).cache()  # type: ignore[func-returns-value]
    assert plain(kept.take(2)) == [0, 1] and plain(kept) == plain(kept) == [0, 1, 2, 3]
    assert calls == [0, 1, 0, 1, 2, 3]  # as in TensorFlow, what was not there to its end is not kept
    assert int(four().reduce(np.int64(10), lambda state, n: state + n)) == 16


def test_a_dataset_is_true_and_says_what_it_is() -> None:
    assert (
        D.range(0)
        and repr(four()) == "<Dataset of 4 elements>"
        and repr(four().filter(bool)) == "<Dataset of ? elements>"
    )
    with pytest.raises(TypeError, match="infinite"):
        len(four().repeat())
    assert int(four().repeat().cardinality()) == tf.data.INFINITE_CARDINALITY == tf.data.experimental.AUTOTUNE == -1
    with pytest.raises(AttributeError, match=r"tf\.data\.Datset is not there; did you mean Dataset\?"):
        tf.data.Datset  # noqa: B018


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: D.from_tensor_slices(([1, 2], [1])), r"shapes \[\(2,\), \(1,\)\] have not as many rows"), (lambda: D.from_tensor_slices(3.0), "rows"),
    (lambda: four().batch(0), "`batch_size` must be greater than zero"), (lambda: four().shuffle(0), "`buffer_size`"),
    (lambda: four().window(0), "`size` must be"), (lambda: four().window(1, 0), "`shift` must be"), (lambda: four().window(1, 1, 0), "`stride` must be"),
    (lambda: four().interleave(up_to, 0), "`cycle_length`"), (lambda: four().interleave(up_to, 2, 0), "`block_length`"),
    (lambda: plain(D.from_generator(lambda: iter([[1], [2, 3]])).batch(2)), "make no batch: map them to one shape"),
    (lambda: plain(D.from_generator(lambda: iter([[1, 2]]), output_signature=tf.TensorSpec((3,), tf.int32))), r"shape \(2,\), where \(3,\) was expected"),
]  # fmt: skip
ERRORS += [
    (lambda: four().shard(2, 2), "num_shards=2, index=2"), (lambda: four().shard(0, 0), "num_shards=0"), (lambda: D.sample_from_datasets([]), "should not be empty"),
    (lambda: D.sample_from_datasets(of_two(), [1.0]), "same length"), (lambda: plain(D.choose_from_datasets(of_two(), D.range(3)).skip(2)), "out of range: 2 >= 2"),
    (lambda: plain(lists().padded_batch(2, [1])), "pad to a smaller size"), (lambda: plain(D.zip(four(), four()).unique()), "single component"),
    (lambda: four().get_single_element(), "more than one element"), (lambda: four().take(0).get_single_element(), "no elements"),
]  # fmt: skip
test_errors_say_what_is_wrong = over(ERRORS, says)


def test_a_generator_itself_could_be_used_once() -> None:
    with pytest.raises(TypeError, match="a function with yield"):
        D.from_generator(iter([1]))
    with pytest.raises(NotImplementedError, match="filename='kept'"):
        four().cache("kept")


def test_windows_are_datasets_with_a_length_and_no_tensors() -> None:
    windows = D.range(7).window(3)
    assert [len(window) for window in windows] == [3, 3, 1] and [len(window.batch(2)) for window in windows] == [
        2,
        2,
        1,
    ]
    with pytest.raises(TypeError, match="flat_map"):
        list(windows.as_numpy_iterator())
    with pytest.raises(TypeError, match=r"make no batch: flat_map"):
        plain(windows.batch(2))
    with pytest.raises(TypeError, match=r"must return a `Dataset` object.*from_tensors"):
        plain(four().flat_map(lambda n: n))
    with pytest.raises(tf.errors.InvalidArgumentError, match="greater than zero"):
        four().batch(0)


def test_what_is_drawn_repeats_by_its_seed_and_loses_nothing() -> None:
    def made(**settings: Any) -> list[Any]:
        return plain(D.sample_from_datasets([D.range(9), D.range(20, 29)], [0.3, 0.7], seed=3, **settings))

    assert made() == made() and sorted(made()) == [*range(9), *range(20, 29)]
    cut = made(stop_on_empty_dataset=True)
    assert 8 in cut or 28 in cut
    assert int(D.from_tensors(3).get_single_element()) == 3


def test_errors_of_parts_are_tensorflows() -> None:
    with pytest.raises(tf.errors.DataLossError):
        plain(lists().padded_batch(2, [1]))
    with pytest.raises(tf.errors.InvalidArgumentError):
        four().shard(2, -1)
    with pytest.raises(TypeError, match="must return a `tf.data.Dataset`"):
        four().apply(lambda d: 3)  # type: ignore[arg-type,return-value]
    with pytest.raises(TypeError, match="of float32 do not fill elements of int32"):
        plain(lists().padded_batch(2, padding_values=0.5))


def test_numbers_at_random_repeat_with_a_seed_unless_they_are_to_be_others() -> None:
    fixed, other = D.random(seed=4).take(3), D.random(seed=4, rerandomize_each_iteration=True).take(3)
    assert plain(fixed) == plain(fixed) and plain(other) != plain(other)
    assert all(0 <= n < 2**32 for n in plain(fixed)) and int(D.random().cardinality()) == tf.data.INFINITE_CARDINALITY


def test_what_fails_is_left_out_and_told() -> None:
    made = four().map(lambda n: tf.debugging.check_numerics(np.float64([np.inf, 1][int(n) % 2]), "infinite"))
    with pytest.warns(UserWarning, match="an element is left out: infinite"):
        assert plain(made.ignore_errors(log_warning=True)) == [1, 1]
    assert plain(four().with_options(tf.data.Options(deterministic=True)).ignore_errors()) == [0, 1, 2, 3]
    assert four().options() == tf.data.Options()


def test_an_iteration_gives_elements_by_name() -> None:
    going = iter(D.range(2))
    assert [int(next(going)), int(going.get_next())] == [0, 1]


def test_what_windows_hold_is_known() -> None:
    assert D.range(4).window(2).element_spec == tf.data.DatasetSpec(tf.TensorSpec((), tf.int64))
    with pytest.raises(ValueError, match="empty dataset"):
        _ = D.range(0).filter(lambda n: n > 0).map(lambda n: n).element_spec


def test_groups_and_buckets_say_what_they_need() -> None:
    with pytest.raises(ValueError, match="either `window_size` or `window_size_func`"):
        four().group_by_window(lambda n: n, lambda key, window: window)
    with pytest.raises(ValueError, match="one more `bucket_batch_sizes`"):
        four().bucket_by_sequence_length(lambda n: n, [2], [2])
    with pytest.raises(tf.errors.InvalidArgumentError, match="longer than the last boundary, 2"):
        plain(D.from_tensors([1, 2, 3]).bucket_by_sequence_length(len, [2], [2, 2], pad_to_bucket_boundary=True))


def test_shapes_of_a_dict_go_by_its_keys_whatever_their_order() -> None:
    elements = D.from_tensors({"b": [1, 2], "a": [[3]]})
    made = elements.padded_batch(1, {"b": [3], "a": [1, 2]}, {"b": 7, "a": 8})
    assert plain(made) == [{"b": [[1, 2, 7]], "a": [[[3, 8]]]}]
    types = D.from_generator(
        lambda: iter([{"b": 1, "a": [2.0]}]), {"b": tf.int32, "a": tf.float32}, {"b": (), "a": (1,)}
    )
    assert plain(types) == [{"b": 1, "a": [2]}] and types.element_spec["b"] == tf.TensorSpec((), tf.int32)
