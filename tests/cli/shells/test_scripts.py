"""Completion: the scripts of `shells` (`table`, `bash`, `fish`, `zsh`) run in their shells, as far as these are here."""

import shutil
import subprocess
from collections.abc import Sequence

import pytest

from gradcalc.cli import main
from gradcalc.cli.commands import COMMANDS, function_of
from gradcalc.cli.parameters import parameters
from gradcalc.cli.shells import SCRIPTS, SETUP
from gradcalc.data.formats import FORMATS
from gradcalc.language.targets.languages import LANGUAGES
from gradcalc.optimize.descent.run import OPTIMIZERS


def shell(name: str, words: Sequence[str], script: str) -> list[str]:
    """What a shell prints for a script on its standard input."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not here")
    done = subprocess.run([name, *words], input=script, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


ASKED = [
    (["gradcalc", "he"], ["hessian"]),
    (["gradcalc", "gra"], ["grad", "graph"]),
    (["gradcalc", "--v"], ["--version"]),
    (["gradcalc", "x^2+acos"], ["x^2+acos(", "x^2+acosh("]),
    (["gradcalc", "grad", "aco"], ["acos(", "acosh(", "acot(", "acoth("]),
    (["gradcalc", "x^2", "--a"], ["--at"]),
    (["gradcalc", "taylor", "x", "--wi"], ["--within"]),
    (["gradcalc", "grad", "x", "--format", "j"], ["json"]),
    (["gradcalc", "grad", "x", "--no-s"], ["--no-symbolic"]),
    (["gradcalc", "check", "x", "--format", "g"], ["github"]),
    (["gradcalc", "fit", "y ~ a", "--loss", ""], ["cauchy", "huber", "l1", "linear"]),
    (["gradcalc", "fit", "y ~ a", "--data", "only"], ["only.csv"]),
    (["gradcalc", "verify", "only"], ["only.csv"]),
    (["gradcalc", "export", "x", "--to", "ju"], ["julia"]),
    (["gradcalc", "export", "x", "--order", ""], ["0", "1", "2"]),
    (["gradcalc", "plot", "x", "-n", ""], ["1", "2"]),
    (["gradcalc", "descend", "x", "--optimizer", "ada"], ["adagrad", "adam"]),
    (["gradcalc", "descend", "x", "--compare", "newt"], ["newton", "newton-cg"]),
    (["gradcalc", "descend", "x", "--compare", "sgd,adag"], ["sgd,adagrad"]),
    (["gradcalc", "map", "x", "--format", "ar"], ["arrow"]),
    (["gradcalc", "completion", ""], ["bash", "fish", "zsh"]),
    (["gradcalc", "functions", "aco"], ["acos", "acosh", "acot", "acoth"]),
    (["gradcalc", "grad", "x", "--at", "x"], []),
]


@pytest.fixture(autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with one file."""
    path = tmp_path_factory.mktemp("shell")
    path.joinpath("only.csv").touch()
    monkeypatch.chdir(path)


def quoted(words: Sequence[str]) -> str:
    return " ".join(f"'{word}'" for word in words)


def test_bash() -> None:
    lines = [SCRIPTS["bash"](), "compopt() { :; }"]  # which is for a line that is being edited
    for words, _ in ASKED:
        lines.append(f"COMP_WORDS=({quoted(words)}); COMP_CWORD={len(words) - 1}; _gradcalc; echo ${{COMPREPLY[@]}}")
    shown = shell("bash", ["--norc"], "\n".join(lines))
    assert [sorted(line.split()) for line in shown] == [found for _, found in ASKED]


def test_bash_splits_an_option_from_its_value_at_the_equals_sign() -> None:
    script = (
        SCRIPTS["bash"]()
        + "COMP_WORDS=(gradcalc grad x --format = js); COMP_CWORD=5; _gradcalc; echo ${COMPREPLY[@]}\n"
    )
    script += "COMP_WORDS=(gradcalc grad x --from =); COMP_CWORD=4; _gradcalc; echo ${COMPREPLY[@]}\n"
    assert shell("bash", ["--norc"], script) == ["json", "text latex excel mathematica matlab"]


def test_bash_keeps_what_stands_before_a_name_and_drops_the_quote() -> None:
    script = (
        SCRIPTS["bash"]() + "compopt() { :; }\nCOMP_WORDS=(gradcalc grad '\"sin(x) + lgam'); COMP_CWORD=2; _gradcalc\n"
    )
    assert shell("bash", ["--norc"], script + 'printf "%s\\n" "${COMPREPLY[@]}"') == ["sin(x) + lgamma("]


def test_fish() -> None:
    lines = [SCRIPTS["fish"]()]
    for words, _ in ASKED:
        lines.append(
            f"echo (complete -C {quoted([' '.join(word.replace(' ', '') for word in words)])} | string split -f1 \\t)"
        )
    shown = shell("fish", ["--no-config"], "\n".join(lines))
    assert [sorted(line.split()) for line in shown] == [found for _, found in ASKED]


def test_fish_describes_options_and_not_each_of_their_choices() -> None:
    asked = [f"complete -C {quoted(['gradcalc export x --' + rest])}" for rest in ("to ", "ord")]
    shown = shell("fish", ["--no-config"], "\n".join([SCRIPTS["fish"](), *asked]))
    assert "python" in shown and "--order\t0: value; 1: gradient too; 2: Hessian too" in shown


def test_what_is_offered_is_what_there_is() -> None:
    offered = {
        (command, each.flags[-1]): list(each.offered)
        for command in COMMANDS for each in parameters(function_of(command)) if each.flags
    }  # fmt: skip
    assert offered["export", "--to"] == list(LANGUAGES)
    assert sorted(offered["descend", "--optimizer"]) == sorted(OPTIMIZERS)
    assert sorted(offered["map", "--format"]) == sorted(FORMATS)


def test_zsh_reads_its_script() -> None:
    assert shell("zsh", ["-f", "-n"], SCRIPTS["zsh"]()) == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_option_of_every_command_is_there(name: str) -> None:
    script = SCRIPTS[name]()
    for command in COMMANDS:
        assert command in script
        for each in parameters(function_of(command)):
            for flag in filter(None, (*each.flags, each.opposite)):
                spelled = f"-l {flag[2:]} " if flag.startswith("--") else f"-s {flag[1:]}"
                assert (spelled if name == "fish" else flag) in script


def test_the_command_prints_a_script_or_how_to_set_it_up(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "fish"]) == 0
    assert capfd.readouterr().out == SCRIPTS["fish"]()
    assert main(["completion"]) == 0
    out = capfd.readouterr().out
    assert all(line in out for lines in SETUP.values() for line in lines)
    assert main(["completion", "zhs"]) == 2
    assert "'zhs' is not one of 'bash', 'zsh', 'fish'" in capfd.readouterr().err
