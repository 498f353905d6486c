"""A small change for each of four rows of ARCHITECTURE.md, made where the row says and no more."""

from typing import NamedTuple


class Change(NamedTuple):
    """What is added, and the tests that concern it.

    Attributes:
        topic: the row.
        files: new files, and what is in them.
        lines: file, the line before which something goes, and what.
        tests: files of tests.
        named: the tests of them that are run, as `pytest -k` has it.
        at_least: so many of them there are.
        compiles: whether a C compiler is needed.
    """

    topic: str
    files: dict[str, str]
    lines: tuple[tuple[str, str, str], ...]
    tests: tuple[str, ...]
    named: str
    at_least: int
    compiles: bool = False


_CELL = '''"""A recurrent network whose state drifts."""

import torch

from recurra.cells._vanilla.rnn import RNN


class DriftRNN(RNN):
    """One step of a recurrent network that adds to its state.

    For sums over time.

        h_t = h_{t-1} + tanh(W_x x_t + W_h h_{t-1} + b)
        y_t = h_t

    Conventions: one bias.
    Size: H (I + H + 1).
    Source: A. Nobody, "An example" (2024).

    Args:
        input_size: I, features of x_t.
        hidden_size: H, features of h_t.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Compute one step."""
        _, change = super().forward(x, hidden)
        return hidden + change, hidden + change
'''

_ORACLE = """import torch

from compare import assert_close
from recurra import cells


def test_drift():
    cell = cells.DriftRNN(3, 4).double()
    x, h = torch.randn(1, 3).double(), torch.randn(1, 4).double()
    expected = h + torch.tanh(x @ cell.weight_input.T + h @ cell.weight_hidden.T + cell.bias)
    assert_close(cell(x, h)[0], expected, "y")
"""

CELL = Change(
    "add a cell",
    {
        "src/recurra/cells/_vanilla/_drift.py": _CELL,
        "tests/oracles/test_drift.py": _ORACLE,
    },
    (
        ("src/recurra/cells/__init__.py", "from recurra.cells._vanilla.indrnn",
         "from recurra.cells._vanilla._drift import DriftRNN\n"),
        ("src/recurra/cells/__init__.py", '    "DropConnect",', '    "DriftRNN",\n'),
        ("src/recurra/cells/_collection.py", "from recurra.cells._vanilla.indrnn",
         "from recurra.cells._vanilla._drift import DriftRNN\n"),
        ("src/recurra/cells/_collection.py", '    _entry("lstm", ',
         '    _entry("drift", "vanilla", DriftRNN),\n'),
        ("tests/zoo.py", '    Specimen("IRNN"',
         '    Specimen("DriftRNN", lambda: cells.DriftRNN(3, 4)),\n'),
    ),
    ("tests/unit/cells/test_cards.py", "tests/api/test_exports.py", "tests/oracles/test_drift.py",
     "tests/unit/docs/test_equations_typeset.py", "tests/laws/test_collection.py",
     "tests/laws/test_padding.py", "tests/cli/test_cells.py"),
    "drift or DriftRNN or (exports and cells and not behind)",
    12,
    compiles=True,
)  # fmt: skip

OPERATION = Change(
    "add an elementwise operation to the compiler",
    {},
    (
        ("src/recurra/graph/_ops.py", '    Operation("div"',
         '    Operation("deg2rad", torch.deg2rad, 1, cheap=True),\n'),
        ("src/recurra/codegen/_support/elementwise.h", "INLINE vec v_rsqrt",
         "INLINE vec v_deg2rad(vec x) { return x * (real)0.017453292519943295; }\n"),
        ("tests/laws/test_operators.py", '    "listed places"',
         '    "degrees": lambda a, b, d, p: (torch.deg2rad(40 * a) * b,),\n'),
    ),
    ("tests/unit/graph/test_operation_table.py", "tests/laws/test_operators.py",
     "tests/unit/codegen/test_emitted_c.py"),
    "deg2rad or degrees or named_once",
    5,
    compiles=True,
)  # fmt: skip

_FORMAT = '''"""Lines of keys and values: `text=fine;label=1`."""

from collections.abc import Iterator
from pathlib import Path

from recurra.base import DataError
from recurra.data.records.bad_records import BadRecords
from recurra.data.records.lines import read_lines
from recurra.data.records.open_files import name_of
from recurra.data.records.options import ReadOptions
from recurra.data.records.record import Record


def read_pairs(path: Path, options: ReadOptions, bad: BadRecords) -> Iterator[Record]:
    """Read lines of keys and values, `key=value`, between semicolons."""
    for line in read_lines(path, options):
        where = f"{name_of(path)}:{line.number}"
        pairs = [pair.partition("=") for pair in line.text.split(";")]
        if line.error:
            bad.refuse(line.error)
        elif not all(sign for _, sign, _ in pairs):
            bad.refuse(DataError("A key has no value.", got=line.text[:40], where=where))
        else:
            yield Record({key: value for key, _, value in pairs}, where)
'''

FORMAT = Change(
    "read another format",
    {"src/recurra/data/records/pairs.py": _FORMAT},
    (
        ("src/recurra/data/records/formats.py", "from recurra.data.records.parallel",
         "from recurra.data.records.pairs import read_pairs\n"),
        ("src/recurra/data/records/formats.py", '    "parallel": Format',
         '    "pairs": Format(read_pairs, (".pairs",), ("encoding",)),\n'),
        ("tests/unit/data/test_read_any_bytes.py", '    "conllu": ',
         '    "pairs": "text=one;label=1\\ntext=two;label=2\\n",\n'),
    ),
    ("tests/unit/data/test_read_any_bytes.py", "tests/unit/data/test_read_options.py",
     "tests/unit/docs/test_format_table.py"),
    "pairs or formats or format_table",
    6,
)  # fmt: skip

_TASK = '''"""How good a text says that something is."""

from typing import ClassVar

from recurra.tasks.text.regressor import TextRegressor


class TextGrader(TextRegressor):
    """Tell the grade of a text."""

    kind: ClassVar[str] = "text_grader"
    command: ClassVar[str] = "grade"
    summary: ClassVar[str] = "Tell the grade of a text."
'''

TASK = Change(
    "add a task",
    {"src/recurra/tasks/text/grader.py": _TASK},
    (
        ("src/recurra/tasks/text/__init__.py", "from recurra.tasks.text.regressor",
         "from recurra.tasks.text.grader import TextGrader\n"),
        ("src/recurra/tasks/text/__init__.py", '    "TextRegressor",', '    "TextGrader",\n'),
        ("src/recurra/tasks/__init__.py", "\n__all__",
         "from recurra.tasks.text import TextGrader\n"),
        ("src/recurra/tasks/__init__.py", '    "TextRegressor",', '    "TextGrader",\n'),
        ("src/recurra/tasks/registry.py", "\n__all__",
         "from recurra.tasks.text import TextGrader\n"),
        ("src/recurra/tasks/registry.py", "    TableClassifier,\n", "    TextGrader,\n"),
        ("tests/cli/option_values.py", '    "table_classifier"',
         '    "text_grader": _texts("target", lambda k, i: k + i / 4),\n'),
    ),
    ("tests/api/test_exports.py", "tests/cli/test_tasks.py", "tests/cli/test_every_option.py",
     "tests/unit/tasks/test_task_files.py"),
    "(exports and tasks and not behind) or (test_tasks and grade) or (at_once and text_grader)",
    6,
)  # fmt: skip

ALL = (CELL, OPERATION, FORMAT, TASK)
