"""What can be set, each said once: the limits of the language; how a report, a descent and a map are made.

A field made by `option` is an option of the command line too: its name, type, default and help stand here alone.
Standard library only, so that help stays fast.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, replace
from typing import Any, Literal, NamedTuple, TypeVar

T = TypeVar("T")

MAX_NODES = 1_000_000
SYMBOLIC_SECONDS = 5.0
CERTIFY_SECONDS = 60.0
"""The last resort of a proof: far more than its work takes, even on a machine that is busy with other things."""

CERTIFY_WORK, SLOPES_WORK, OPINION_WORK = 2_000_000, 2_000_000, 5_000_000
"""What certification, kinks and SymPy's formulas may cost per point, in units of about a microsecond."""

DIGITS = 19
"""How many significant digits a certified value shows unless told otherwise: two more than a double can hold."""

MAX_DIGITS = 1_000
"""How many can be asked for: 4,096 bits are always tried."""

MAX_SECONDS = 1_000_000
"""More than the timers of some systems can hold."""

WHAT, DESCENT, FIT, ROWS, FILES, SHOW, LIMITS = (
    "What and where", "How to descend", "How to fit", "Rows of data", "How files are written", "How to show it",
    "Limits and time budgets",
)  # fmt: skip
"""The groups of options in a help text."""


class Option(NamedTuple):
    """What the command line says of a field, beside its type and default.

    Attributes:
        spelling: its flags and what stands for its value: `-o --output OUT`; of an argument its name alone: `EXPR`.
        help: what it is for, a sentence or two.
        group: where it stands in the help text.
        low, high: the ends of a number, which then must be finite.
        offered: values that shells offer, where others may be given too, or another place says which there are.
    """

    spelling: str
    help: str
    group: str = WHAT
    low: float | None = None
    high: float = math.inf
    offered: Sequence[str] = ()


def option(
    default: T,
    said: str | Option,
    help: str = "",
    group: str = WHAT,
    *,
    low: float | None = None,
    high: float = math.inf,
    offered: Sequence[str] = (),
) -> T:
    """A field of a dataclass that is an option of the command line: its default; its `Option` or what that holds."""
    said = said if isinstance(said, Option) else Option(said, help, group, low, high, offered)
    return field(default=default, metadata={"option": said})


def required(said: str | Option, help: str = "", *, offered: Sequence[str] = ()) -> Any:
    """The same without a default: it must be given."""
    return option(MISSING, said, help, offered=offered)


Dialect = Literal["text", "latex", "excel", "mathematica", "matlab"]
"""How a formula is written: in the language of gradcalc, or in that of another system."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken for an expression: characters of text, nesting, nodes of its graph; in which dialect it is."""

    text: int = option(1_000_000, "--max-text N", "Longest formula; from a file 32 million characters.", LIMITS, low=1)
    depth: int = option(200, "--max-depth N", "Deepest nesting.", LIMITS, low=1)
    nodes: int = option(MAX_NODES, "--max-nodes N", "Largest graph.", LIMITS, low=1)
    dialect: Dialect | None = option(
        None, "--from", "How the formula is written. Default: LaTeX if it has a backslash, else as text.", WHAT
    )


def limits_for(limits: Limits | None, dialect: Dialect | None) -> Limits:
    """The limits that are given, or the usual ones, in a dialect if one is given."""
    limits = limits or Limits()
    return limits if dialect is None else replace(limits, dialect=dialect)


@dataclass(frozen=True, slots=True)
class Options:
    """How a report is made: `order` 2 for the Hessian as well, `latex` for formulas that SymPy typesets."""

    order: int = 1
    symbolic: bool = option(True, "--symbolic", "Set SymPy's derivative beside the tape's.")
    certify: bool = option(True, "--certify", "Prove by interval arithmetic how many digits are right.")
    numeric: bool = option(False, "--numeric", "Add central differences with an error estimate.")
    symbolic_seconds: float = option(
        SYMBOLIC_SECONDS, "--symbolic-timeout SECONDS", "How long SymPy may take.", LIMITS, low=0, high=MAX_SECONDS
    )
    certify_seconds: float = option(
        CERTIFY_SECONDS, "--certify-timeout SECONDS", "A proof ends by the work it costs, and at the latest "
        "after this time, which is told.", LIMITS, low=0, high=MAX_SECONDS,
    )  # fmt: skip
    digits: int = DIGITS
    latex: bool = False
    limits: Limits = Limits()


OPTIMIZERS = str.split(
    "auto newton least-squares l-bfgs bfgs l-bfgs-b newton-cg trust-exact sgd momentum nesterov adagrad rmsprop adam"
)
"""The optimizers of a descent, as shells offer them."""

SCHEDULER = Option(
    "--scheduler ADDRESS", "The rows by the workers of a cluster of Dask: tcp://host:8786; local:4 is of four "
    "processes here.", ROWS,
)  # fmt: skip
"""An option that several commands have."""


@dataclass(frozen=True, slots=True)
class DescentSettings:
    """How to descend; what is None is chosen. `bounds` are the least and the largest value, by variable."""

    optimizer: str | None = option(
        None, "--optimizer NAME", "auto, newton, least-squares, l-bfgs, SciPy's bfgs, l-bfgs-b, newton-cg, trust-exact;"
        " with a rate sgd, momentum, nesterov, adagrad, rmsprop, adam. Default: sgd where --lr is given, else auto.",
        DESCENT, offered=OPTIMIZERS,
    )  # fmt: skip
    learning_rate: float | None = option(None, "--lr RATE", "The learning rate.", DESCENT)
    schedule: str | None = option(
        None, "--schedule SCHEDULE", "How the rate falls: cosine:1000, exponential:100:0.96, inverse-time:100:0.5, "
        "polynomial:1000:0.001.", DESCENT,
    )  # fmt: skip
    maximize: bool = option(False, "--maximize", "Seek a maximum: all that is told is of f, with its values.", DESCENT)
    steps: int | None = option(
        None, "--steps N", "How many steps at most; default: 1,000 by a rate, else 10,000.", DESCENT, low=0
    )
    tolerance: float | None = option(
        None, "--tolerance NORM", "Converged where the gradient's norm is not above this.", DESCENT, low=0
    )
    seconds: float = option(math.inf, "--max-seconds SECONDS", "How long it may take.", LIMITS, low=0)
    bounds: Mapping[str, tuple[float, float]] | None = None
    certify: bool = option(
        False,
        "--certify",
        "Prove where it ends: a critical point, of which kind, the only one in a box around it.",
        DESCENT,
    )
    box: tuple[str, ...] = option(
        (), "--box SIDES", "With --certify: compare it with the proved least value in a box, x=-5:5,y=0:pi.", DESCENT
    )
    reduce: Literal["mean", "sum"] = option("mean", "--reduce", "What is made of the rows.", ROWS)
    batch_size: int | None = option(None, "--batch-size N", "Rows of each step; default: all.", ROWS, low=1)
    epochs: int | None = option(None, "--epochs N", "Passes over the rows.", ROWS, low=1)
    seed: int = option(0, "--seed N", "Of the order of the rows.", ROWS, low=0)
    scheduler: str | None = option(None, SCHEDULER)

    @property
    def method(self) -> str:
        """The optimizer that is meant."""
        chosen = "auto" if self.learning_rate is None and self.schedule is None else "sgd"
        return chosen if self.optimizer is None else self.optimizer


HELD = 64.0
"""Megabytes of columns up to which a fit holds those of files."""


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How to fit; `bounds` are the least and the largest value, by parameter."""

    sigma: str | None = option(None, "--sigma COLUMN", "The error of each row: a column, or a formula of columns.", FIT)
    weights: str | None = option(None, "--weights COLUMN", "What the square of each row's residual is times.", FIT)
    absolute_sigma: bool = option(
        False, "--absolute-sigma", "Errors are known: standard errors are not scaled by the residuals.", FIT
    )
    fix: tuple[str, ...] = option(
        (), "--fix NAMES", "Parameters that keep their value: a of --at, or a=2; may repeat.", FIT
    )
    bounds: Mapping[str, tuple[float, float]] | None = None
    level: float = option(0.95, "--level P", "The probability of intervals.", FIT, low=0.0, high=1.0)
    starts: int = option(
        1, "--starts N", "Begin at N places: over the bounds, or around the start.", FIT, low=1, high=10_000
    )
    loss: Literal["linear", "huber", "cauchy", "l1"] = option(
        "linear", "--loss", "What is summed: squares, or less of large residuals.", FIT
    )
    loss_scale: float = option(
        1.0, "--loss-scale S", "From where residuals are large, for huber and cauchy.", FIT, low=0.0
    )
    nll: bool = option(False, "--nll", "EXPR is one row's negative log-likelihood, to be summed: no ~.", FIT)
    robust: bool = option(False, "--robust", "Standard errors by the sandwich of Hessian and scores; with --nll.", FIT)
    certify: bool = option(
        False, "--certify", "Prove the minimum and its digits, the data taken as they are written.", FIT
    )
    box: tuple[str, ...] = option(
        (), "--box SIDES", "With --certify: prove the least sum over a box of parameters, a=0:5,b=-1:1.", FIT
    )
    seconds: float = option(10.0, "--max-seconds SECONDS", "How long the search of the box may take.", LIMITS, low=0)
    profile: bool = option(False, "--profile", "Intervals by the likelihood too.", FIT)
    nulls: Literal["fail", "drop"] = option("fail", "--nulls", "What a row with a null does.", ROWS)
    undefined: Literal["fail", "drop"] = option(
        "fail", "--undefined", "What a row does where the model has no value at the start.", ROWS
    )
    seed: int = option(0, "--seed N", "Of the starts.", LIMITS, low=0)
    memory: float = option(
        HELD, "--memory MB", "Files whose columns take more megabytes are read anew for each pass over them.", LIMITS,
        low=0,
    )  # fmt: skip
    scheduler: str | None = option(None, SCHEDULER)


@dataclass(frozen=True)
class Reading:
    """How data files are written, where that is not as usual; all but `rename` are for text: CSV and JSON lines."""

    rename: tuple[str, ...] = option(
        (), "--rename OLD=NEW", 'Call a column otherwise: "time (s)=t"; may repeat.', FILES
    )
    decimal_comma: bool = option(False, "--decimal-comma", "Numbers are written 1,5.", FILES)
    comment: str | None = option(None, "--comment MARK", "Lines that begin with it, such as #, are no rows.", FILES)
    missing: Sequence[str] = option((), "--missing WORDS", "Cells that hold no value: NA,-999.", FILES)
    header: bool = option(True, "--header", "The first line names the columns; else they are c1, c2, ...", FILES)
    encoding: str | None = option(
        None, "--encoding NAME", "How characters are written: latin-1, utf-16. Default: utf-8.", FILES
    )


AS_USUAL = Reading()
"""How most files are written."""


@dataclass(frozen=True)
class MapSettings:
    """How to map; `keep=["*"]` keeps all columns."""

    wrt: Sequence[str] | None = None
    order: int = option(1, "--order N", "0: value; 1: gradient too; 2: Hessian too.", low=0, high=2)
    keep: Sequence[str] = option(
        (), "--keep COLUMNS", "Columns of IN that are written too: x,y or all. Default: none. Of a csv file, numbers "
        "stay numbers where OUT has types, and text stays as it is.", ROWS,
    )  # fmt: skip
    names: Sequence[str] | None = option(
        None, "--names NAMES", "Other names for the results, in their order: value,gx,gy. Default: f, df/dx, df/dy, "
        "d2f/dx2, d2f/dxdy, d2f/dy2.", ROWS,
    )  # fmt: skip
    format: str | None = option(
        None,
        "--format FORMAT",
        "What OUT is, where its suffix does not say: csv, parquet, arrow, npz, npy, jsonl.",
        ROWS,
        offered=("csv", "parquet", "arrow", "npz", "npy", "jsonl"),
    )
    nulls: Literal["nan", "drop", "fail"] = option(
        "nan", "--nulls", "Where a row has a null or nan, its results are nan, it is left out, or it is an error.", ROWS
    )
    undefined: Literal["nan", "fail"] = option(
        "nan", "--undefined", "Where a row has no value, as of log(-1) or 1/0, its results are nan, or it is an error.",
        ROWS,
    )  # fmt: skip
    kinks: Literal["nan", "keep"] = option(
        "keep", "--kinks", "Where a row is on a kink, a jump or a branch boundary, its derivatives are those that the "
        "ops choose, or nan; such rows are counted.", ROWS,
    )  # fmt: skip
    propagate: tuple[str, ...] = option(
        (), "--propagate PAIRS", "Columns of standard uncertainties: x=sx,y=sy; a number (y=0.1) or a part (y=2%) is "
        "that of all rows. Adds the linear uncertainty of the value, u.", ROWS,
    )  # fmt: skip
    corr: tuple[str, ...] = option((), "--corr PAIR", "With --propagate, a correlation: x,y=-0.36; may repeat.", ROWS)
    second_order: bool = option(
        False, "--second-order", "With --propagate, mean and uncertainty to second order too: mean2, u2.", ROWS
    )
    digits: bool = option(
        False, "--digits", "A column more, digits: how many digits of a row's results are right, proved for the least "
        "right of them; 0 on a kink and without a value.", ROWS,
    )  # fmt: skip
    digits_at_least: int | None = option(
        None, "--digits-at-least N", "With --digits: count the rows with fewer right digits, and tell the first.", ROWS,
        low=1, high=15,
    )  # fmt: skip
    repair: bool = option(
        False, "--repair", "With --digits-at-least: compute those rows again by interval arithmetic, rounded rightly.",
        ROWS,
    )  # fmt: skip
    certify_rows: int = option(
        16, "--certify-rows N", "Check N random rows by interval arithmetic; 0: none.", LIMITS, low=0
    )
    seed: int = option(0, "--seed N", "Of the random rows.", LIMITS, low=0)
    resume: bool = option(False, "--resume", "Go on where the same run was killed, interrupted, or out of room.", ROWS)
    shard: str | None = option(
        None, "--shard K/N", "Only the K-th of N parts of the rows, for arrays of jobs; --merge joins their outputs.",
        ROWS,
    )  # fmt: skip
    scheduler: str | None = option(None, SCHEDULER)


SAMPLES, MAX_SAMPLES = 1_000_000, 1_000_000_000
"""How many random samples there are at first unless told otherwise; how many can be asked for."""


@dataclass(frozen=True)
class UncertaintySettings:
    """How uncertainties are propagated."""

    level: float = option(0.95, "--level P", "The probability of the intervals, between 0 and 1.")
    samples: int = option(
        SAMPLES, "--samples N", "Monte Carlo samples, at first: they grow, up to 40 times as many, until two digits of "
        "the uncertainty are settled.", low=1, high=MAX_SAMPLES,
    )  # fmt: skip
    seed: int = option(0, "--seed N", "Of the samples.", low=0)
    monte_carlo: bool = option(True, "--monte-carlo", "Sample the inputs too.")
