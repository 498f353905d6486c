"""A corpus as the data of a language model: its files, read, and found again."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from recurra.base import ArgumentError, ConfigMismatch, settings_from
from recurra.data import (
    PYTHON_REFERENCE,
    ReadOptions,
    Text,
    TextFile,
    paths_of,
    python_reference,
    read_text,
)
from recurra.store import Run
from recurra.tasks.framework import (
    DEMO,
    CellMaker,
    Dataset,
    DataSource,
    check_plain,
    recorded_files,
)
from recurra.tasks.language.corpus import Corpus, CorpusSettings
from recurra.tasks.language.corpus_data import CorpusData
from recurra.tasks.language.corpus_summary import summarise_corpus
from recurra.tasks.language.next_symbol_model import NextSymbolModel

USUAL = ReadOptions().encoding
"""The encoding of texts where a configuration does not say, because it is older than the choice."""


@dataclass(frozen=True)
class CorpusSource(DataSource[NextSymbolModel]):
    """Texts of a language model.

    Args:
        training: what is learnt, but for its end where there is no text to validate on.
        settings: how texts are cut up.
        validation: what is measured after each epoch. Default: the end of `training`.
        test: what is measured once, at the end. Default: nothing.
        encoding: of the characters of all files.
    """

    training: Text
    settings: CorpusSettings
    validation: Text | None = None
    test: Text | None = None
    encoding: str = USUAL

    @classmethod
    def of(  # type: ignore[override]  # of the options it takes those of a corpus
        cls,
        source: Any,
        /,
        *,
        data: CorpusSettings | None = None,
        validation: Any = None,
        test: Any = None,
        encoding: str = USUAL,
    ) -> "CorpusSource":
        """Read texts.

        Args:
            source: the text to learn: a file or several, a `Text`; or "demo", the reference of the
                Python language.
            data: how texts are cut up. Default: `CorpusSettings()`.
            validation: files or a `Text` to validate on. Default: the end of the text.
            test: files or a `Text` to measure once at the end. Default: none.
            encoding: of the characters of files. Default: UTF-8.
        """
        encoding = ReadOptions(encoding=encoding).encoding
        return cls(
            text_of(source, encoding),
            data or CorpusSettings(),
            None if validation is None else text_of(validation, encoding),
            None if test is None else text_of(test, encoding),
            encoding,
        )

    @classmethod
    def recorded(cls, run: Run, files: Sequence[Path] = ()) -> "CorpusSource":
        """Read the texts of a run again; the one that is learnt may be in other files by now."""
        with run.reading_config():
            recorded = _Recorded.of(run.config["data"])
        training = _same_text(run, recorded.training, files, recorded.encoding)
        validation, test = (
            _same_text(run, part, [], recorded.encoding) if part else None
            for part in (recorded.validation, recorded.test)
        )
        return cls(training, recorded.settings, validation, test, recorded.encoding)

    @classmethod
    def describe_section(cls, section: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Tell where the texts came from, and how they are cut up."""
        recorded = _Recorded.of(section)
        files, cut = recorded.training, recorded.settings
        validation = f"the last {100 * cut.validation:g} %"
        test = _names(recorded.test)
        return [
            ("text", "\n".join(f"{each.path} ({each.bytes:,} bytes)" for each in files)),
            ("sha256", "\n".join(each.sha256[:16] for each in files)),
            ("validation", _names(recorded.validation) or validation),
            *([("test", test)] if test else []),
            ("windows", f"{cut.streams} streams x {cut.window} steps"),
        ]

    def describe(self) -> dict[str, Any]:
        """Describe the texts and how they are cut up, as JSON."""
        named = {"files": self.training, "validation_files": self.validation}
        named["test_files"] = self.test
        files = {name: text.fingerprint() for name, text in named.items() if text is not None}
        return {**files, "encoding": self.encoding, **asdict(self.settings)}

    def read(self, kind: type[NextSymbolModel], settings: Any) -> "CorpusDataset":
        """Cut the texts up."""
        measured = (None if each is None else each.content for each in (self.validation, self.test))
        corpus = kind.make_corpus(self.training.content, self.settings, settings, *measured)
        return CorpusDataset(corpus, self.describe(), self._leaks())

    def _leaks(self) -> list[str]:
        """Say which texts to measure on are, or stand within, the text to learn."""
        named = {"validation": self.validation, "test": self.test}
        return [
            f"The {name} text is also in the text to learn; what is measured on it is memory."
            for name, text in named.items()
            if text is not None and (text.content.strip() or "\0") in self.training.content
        ]


@dataclass(frozen=True)
class CorpusDataset(Dataset[NextSymbolModel]):
    """Texts cut up into windows.

    Args:
        corpus: the windows.
        description: what the configuration says of the texts.
        leaks: what stands both in the text to learn and where it is measured, in sentences.
    """

    noun: ClassVar[str] = "texts"

    corpus: Corpus
    description: dict[str, Any]
    leaks: list[str]

    def describe(self) -> dict[str, Any]:
        """Describe the texts and how they are cut up, as JSON."""
        return self.description

    def make_task(
        self, kind: type[NextSymbolModel], settings: Any, cell: CellMaker | None
    ) -> NextSymbolModel:
        """Make a model of the vocabulary of the texts."""
        return kind.of_vocabulary(self.corpus.vocabulary, settings, cell)

    def prepare(self, task: NextSymbolModel) -> CorpusData:
        """Sum up the texts; windows are ready as they are."""
        if task.vocabulary != self.corpus.vocabulary:
            raise ConfigMismatch(
                "The vocabulary of a configuration is not that of its text.",
                got=f"{len(task.vocabulary):,} symbols",
                expected=f"the {len(self.corpus.vocabulary):,} of the text",
            )
        summary = summarise_corpus(self.corpus, task.unit)
        corpus = self.corpus
        return CorpusData(corpus.training, corpus.validation, corpus, summary, self.leaks)


def text_of(source: Any, encoding: str = USUAL) -> Text:
    """Give a text as it is, or read it from files; "demo" is the Python reference."""
    if isinstance(source, Text):
        return source
    if isinstance(source, str) and source == DEMO:
        return python_reference()
    paths = paths_of(source)
    if paths is None:
        raise ArgumentError(
            "A language model learns from files, or from a `Text`.",
            got=type(source).__name__,
            expected="a path, several paths, or recurra.data.Text(content, ())",
        )
    return read_text(paths, encoding=encoding)


class _Recorded(NamedTuple):
    """What the `data` of a configuration says: files of each part, encoding, how they are cut."""

    training: list[TextFile]
    validation: list[TextFile]
    test: list[TextFile]
    encoding: str
    settings: CorpusSettings

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> "_Recorded":
        """Read it; whatever is wrong is an error of some sort."""
        data = dict(section)
        names = ("files", "validation_files", "test_files")
        training, validation, test = (recorded_files(data.pop(name, [])) for name in names)
        if not training:
            raise ValueError("no files")
        encoding = ReadOptions(encoding=data.pop("encoding", USUAL)).encoding
        return cls(training, validation, test, encoding, settings_from(CorpusSettings, data))


def _names(files: Sequence[TextFile]) -> str:
    return ", ".join(each.path for each in files)


def _same_text(run: Run, recorded: list[TextFile], files: Sequence[Path], encoding: str) -> Text:
    if not files and "-" in [each.path for each in recorded]:
        raise ArgumentError(
            "The run learnt from standard input, which is gone.",
            got=run.folder,
            expected="a file with the same text",
            fix=f"recurra train lm FILE --resume {shlex.quote(str(run.folder))}",
        )
    if not files and [each.path for each in recorded] == [PYTHON_REFERENCE]:
        text = python_reference()
    else:
        check_plain([] if files else recorded, run)
        text = read_text(files or [each.path for each in recorded], encoding=encoding)
    if [each.sha256 for each in text.files] != [each.sha256 for each in recorded]:
        raise ConfigMismatch(
            "The text is not the one that the run began with.",
            got=", ".join(f"{each.path} with {each.bytes} bytes" for each in text.files),
            expected=", ".join(f"{each.path} with {each.bytes} bytes" for each in recorded),
            where=run.folder / "config.json",
            fix="restore the text, or begin a new run",
        )
    return text
