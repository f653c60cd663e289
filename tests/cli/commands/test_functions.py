"""`gradcalc functions`: the list, and one card."""

from tests.cli import run


def test_functions_lists_the_table_and_one_of_it() -> None:
    assert "atan2(a, b)" in run("functions").out
    by_alias, by_name = run("functions", "arctan2"), run("functions", "atan2")
    assert by_alias == by_name
    assert "d/da: " in by_name.out
    assert run("functions", "sen").err == "error: no function sen\ntry: gradcalc functions sin\n"
