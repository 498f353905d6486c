"""Every error that Recurra raises, in one tree, in one form.

    RecurraError
    ├── ArgumentError (ValueError)    an argument of a call is wrong
    │   ├── ShapeError                a tensor has the wrong shape, or a size is impossible
    │   ├── DtypeError                a tensor has the wrong dtype
    │   └── UnknownName               a name is not among the known ones
    ├── DataError (ValueError)        the user's data cannot be used
    │   ├── TextError                 a text is empty, too short or not UTF-8
    │   └── UnknownSymbol             a text has a symbol that the vocabulary lacks
    ├── RunError (RuntimeError)       a run directory cannot be used
    │   ├── RunNotFound               there is no run directory at that place
    │   ├── RunIncomplete             the run has not got that far
    │   ├── RunExists                 something is in the way of a new run
    │   ├── RunBusy                   another process is training there
    │   ├── DamagedFile               a file is cut off, altered or of another version
    │   ├── ConfigMismatch            a checkpoint or a text belongs to another configuration
    │   └── TrainingDiverged          the loss is no longer a finite number
    ├── BackendUnavailable (RuntimeError)   the asked-for backend cannot run here
    │   └── BuildError                the C compiler refused or failed
    ├── CannotFuse (NotImplementedError)    a step does something that no kernel can hold
    ├── VerificationError (RuntimeError)    a kernel does not compute what the plain loop does
    └── MissingExtra (ImportError)    an optional dependency is not installed

The text of each has the same form; lines without content are left out:

    <one sentence: which object, which argument, what is wrong>
      got:       <what was received>
      expected:  <what would have been right>
      where:     <the file and line of the cause>
      fix:       <the line to write>

However long a value is, its line is not: see `_shorten.py`.
"""

import difflib
from collections.abc import Iterable

import torch

from recurra.base._shorten import shorten, shorten_repr, shorten_text

MAX_NAMES = 200
"""Known names that are listed where one is not among them."""


class RecurraError(Exception):
    """Report one mistake: what is wrong, what was got and expected, where, and how to fix it.

    Args:
        problem: one sentence that names the object and the argument.
        got: the value received.
        expected: what would have been right, in the same form as `got`.
        where: file and line of the cause.
        fix: the line to write instead.
    """

    def __init__(
        self,
        problem: str,
        *,
        got: object = None,
        expected: object = None,
        where: object = None,
        fix: object = None,
    ) -> None:
        self.problem = shorten_text(problem)
        self.details = {
            label: shorten(detail)
            for label, detail in (
                ("got", got),
                ("expected", expected),
                ("where", where),
                ("fix", fix),
            )
            if detail is not None
        }
        super().__init__(self.problem)

    def __str__(self) -> str:
        return self.text()

    def add_fix(self, fix: object) -> None:
        """Say how to fix it, where the one who raised the error could not know."""
        self.details["fix"] = shorten(fix)

    def text(self) -> str:
        """Lay the whole message out, one detail a line."""
        # those who catch an error may have put more into it
        details = {label: shorten(detail) for label, detail in self.details.items()}
        lines = [f"  {label + ':':<10} {detail}" for label, detail in details.items()]
        return "\n".join([self.problem, *lines])


class ArgumentError(RecurraError, ValueError):
    """An argument of a call is wrong."""


class ShapeError(ArgumentError):
    """A tensor has the wrong shape, or a size is impossible."""


class DtypeError(ArgumentError):
    """A tensor has the wrong dtype."""


class UnknownName(ArgumentError):
    """A name is not among the known ones."""

    @classmethod
    def among(cls, argument: str, name: object, known: Iterable[str]) -> "UnknownName":
        """Say that `name` is unknown and suggest the nearest of `known`."""
        known = list(known)
        nearest = difflib.get_close_matches(shorten(name, 60), known, n=1, cutoff=0.5)
        fix = f"did you mean {nearest[0]!r}?" if nearest else None
        shown = ", ".join(repr(each) for each in known[:MAX_NAMES])
        rest = f" ... ({len(known)} in all)" if len(known) > MAX_NAMES else ""
        return cls(
            f"`{argument}` is not a known name.",
            got=shorten_repr(name),
            expected=f"one of {shown}{rest}",
            fix=fix,
        )


class DataError(RecurraError, ValueError):
    """The user's data cannot be used."""


class TextError(DataError):
    """A text is empty, too short or not UTF-8."""


class UnknownSymbol(DataError):
    """A text has a symbol that the vocabulary lacks."""


class RunError(RecurraError, RuntimeError):
    """A run directory cannot be used."""


class RunNotFound(RunError):
    """There is no run directory at that place."""


class RunIncomplete(RunError):
    """The run has not got that far."""


class RunExists(RunError):
    """Something is in the way of a new run."""


class RunBusy(RunError):
    """Another process is training in that run directory."""


class DamagedFile(RunError):
    """A file is cut off, altered or of another version."""


class ConfigMismatch(RunError):
    """A checkpoint or a text belongs to another configuration."""


class TrainingDiverged(RunError):
    """The loss is no longer a finite number."""


class BackendUnavailable(RecurraError, RuntimeError):
    """The asked-for backend cannot run here."""


class BuildError(BackendUnavailable):
    """The C compiler refused or failed."""


class CannotFuse(RecurraError, NotImplementedError):
    """A step does something that no kernel can hold; the reference loop can still run it."""


class VerificationError(RecurraError, RuntimeError):
    """A kernel does not compute what the plain loop does; raised where `RECURRA_VERIFY` is set."""


class MissingExtra(RecurraError, ImportError):
    """An optional dependency is not installed."""

    @classmethod
    def named(cls, package: str, extra: str) -> "MissingExtra":
        """Say which package is missing and the exact command that installs it."""
        return cls(
            f"This needs the package `{package}`, which is not installed.",
            fix=f"pip install 'recurra[{extra}]'",
        )


def describe_tensor(value: object) -> str:
    """Describe a value as an error message shows it: shape as a plain tuple, dtype, device."""
    if not isinstance(value, torch.Tensor):
        words = " ".join(shorten_repr(value).split())
        return f"{words if len(words) <= 60 else words[:60] + '...'} ({type(value).__name__})"
    dtype = str(value.dtype).removeprefix("torch.")
    return f"{tuple(value.shape)} {dtype} on {value.device}"
