"""What the configuration of a language model says of its texts and of its training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recurra.base import check_size, settings_from
from recurra.cli._options import MAX_THREADS
from recurra.data import ReadOptions, TextFile
from recurra.tasks import CorpusSettings
from recurra.tasks.framework import recorded_files
from recurra.train import TrainingSettings, with_what_was_fixed

TRAINING, VALIDATION, TEST = "files", "validation_files", "test_files"
"""What a configuration calls the files of the texts."""

ENCODING, USUAL = "encoding", "utf-8"
"""What it calls their encoding, and what that is where it does not say."""


@dataclass(frozen=True)
class RecordedTexts:
    """The `data` of a configuration.

    Args:
        training: files of the text that is learnt.
        validation: those that are measured after each epoch; none is the end of the first.
        test: those that are measured at the end.
        encoding: of their characters.
        cutting: how the text is cut up.
    """

    training: list[TextFile]
    validation: list[TextFile]
    test: list[TextFile]
    encoding: str
    cutting: CorpusSettings

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> "RecordedTexts":
        """Read it; whatever is wrong is an error of some sort."""
        data = dict(section)
        training, validation, test = (
            recorded_files(data.pop(name, [])) for name in (TRAINING, VALIDATION, TEST)
        )
        if not training:
            raise ValueError("no files")
        encoding = ReadOptions(encoding=data.pop(ENCODING, USUAL)).encoding
        return cls(training, validation, test, encoding, settings_from(CorpusSettings, data))


def recorded_training(config: Mapping[str, Any]) -> tuple[TrainingSettings, int]:
    """Read how a run is trained, and by how many threads."""
    settings = settings_from(TrainingSettings, with_what_was_fixed(config["training"]))
    return settings, check_size("threads", config["threads"], most=MAX_THREADS)
