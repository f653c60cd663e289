"""Commands while calls of the system fail, in a small form; `.ci/faults` tries every call. `room` of cli too."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from gradcalc.errors import ExitCode
from tests.faults import FAULTS, MISSING, Faults, Ran, Scenario, scenarios, wrong

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

PRELOADED = ("numpy", "flint", "pyarrow.parquet", "pyarrow.csv", "llvmlite.binding", "scipy.special", "scipy.optimize",
             "gradcalc.data.map", "gradcalc.optimize.fit.fit", "gradcalc.optimize.descend", "gradcalc.cli.app",
             "gradcalc.data.points", "gradcalc.truth.calculator", "gradcalc.show.terminal",
             "gradcalc.truth.critical.ask", "gradcalc.truth.critical.proof", "gradcalc.truth.questions.export",
             "gradcalc.cli.answers")  # fmt: skip
SCENARIOS = {scenario.name: scenario for scenario in scenarios(small=True)} if not MISSING else {}
TRIED = {
    "grad": {
        "broken": (2, 30),
        "descriptors": (1, 20),
        "memory": (1, 900),
        "no memory": (2, 60),
        "limited": (2**18, 2**30),
    },
    "grad > answer": {"full": (1,), "short": (24,), "broken": (10,)},
    "map csv to csv": {"full": (2, 4), "dying": (60,), "short": (20,), "threads": (5,), "limited": (2**18, 2**23)},
    "map parquet to parquet": {"once full": (2,), "stuck": (1,), "limited": (2**18, 2**25)},
    "map npy to npy": {"full": (3,)},
    "descend": {"full": (1, 2), "dying": (3,), "stuck": (1,)},
    "fit --residuals": {"full": (1,)},
    "critical --proof": {"full": (1, 2), "memory": (800,)},
    "export": {"forbidden": (1, 2)},
}
"""Which calls fail, of each command and fault; where memory is `limited`, how much there is."""


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faults]:
    with Faults(tmp_path_factory.mktemp("faults"), PRELOADED) as made:
        yield made


@pytest.mark.parametrize("name", TRIED)
def test_whatever_fails_the_answer_is_right_or_one_line_says_why(name: str, faults: Faults) -> None:
    scenario = SCENARIOS[name]
    right = faults.run(scenario, FAULTS["short"], 0)
    assert right.code == 0 and right.counted and not right.failed
    failed, ends = 0, set[int]()
    for fault, places in TRIED[name].items():
        for at in places:
            ran = faults.run(scenario, FAULTS[fault], at)
            assert not wrong(scenario, FAULTS[fault], right, ran), (fault, at)
            failed += ran.failed
            ends |= {ran.code} if FAULTS[fault].rooms else set()
    assert failed
    assert not ends or ExitCode.NO in ends  # the least memory is not enough


def test_a_bad_end_is_found() -> None:
    scenario = Scenario("x", ["x"], {"in": b"1"}, ["out"])
    right = Ran(0, "1\n", "", {"in": b"1", "out": b"all"}, 9, 0)
    full = FAULTS["full"]
    told = Ran(4, "", "error: cannot write out: No space left on device\n", {"in": b"1"}, 9, 1)
    assert wrong(scenario, full, right, right) == wrong(scenario, full, right, told) == ""
    for change in (
        {"code": 1}, {"code": -9}, {"code": 0}, {"err": "Traceback (most recent call last)\nerror: x"}, {"err": ""},
        {"err": "error: a\nerror: b\n"}, {"files": {"in": b"1", "out": b"al"}}, {"files": {"in": b"1", ".half": b"al"}},
        {"files": {}}, {"files": {"in": b"2"}},
    ):  # fmt: skip
        assert wrong(scenario, full, right, replace(told, **change)), change
    for change in ({"out": "2\n"}, {"files": {"in": b"1"}}, {"err": "Warning: x\n"}):
        assert wrong(scenario, full, right, replace(right, **change)), change
    short = Ran(1, "", "error: not enough memory\n", {"in": b"1"}, 9, 0)
    assert wrong(scenario, FAULTS["limited"], right, short) == ""
    openblas = "OpenBLAS error: Memory allocation still failed after 10 retries, giving up.\n"
    assert wrong(scenario, FAULTS["limited"], right, replace(short, err=openblas)) == ""
    for change in ({"err": openblas, "files": {}}, {"err": 2 * openblas}, {"err": openblas, "code": -6}, {"code": 4}):
        assert wrong(scenario, FAULTS["limited"], right, replace(short, **change)), change
