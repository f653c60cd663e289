"""The fixture of `pytest_plugin`, and that nothing heavy comes with it."""

from tests.test_architecture import HEAVY, imported_by


def test_the_fixture_is_the_function() -> None:
    import gradcalc
    from gradcalc import pytest_plugin

    made = pytest_plugin._assert_gradient
    function = getattr(made, "__wrapped__", None) or made._get_wrapped_function()  # as pytest keeps it
    assert function() is gradcalc.assert_gradient


def test_the_start_of_pytest_brings_nothing_heavy() -> None:
    assert not (HEAVY | {"flint", "typer", "rich"}) & imported_by("import gradcalc.pytest_plugin")
