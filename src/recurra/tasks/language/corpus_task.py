"""A language model that can be fitted and used: the class to make one of."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Self

from recurra.data import Record, streams_that_fit
from recurra.tasks.framework import Evaluation, Prediction, fit_task
from recurra.tasks.language.corpus_data import measure_windows
from recurra.tasks.language.corpus_source import CorpusSource, text_of
from recurra.tasks.language.next_symbol_model import NextSymbolModel


class CorpusTask(NextSymbolModel):
    """A task whose data are a corpus: one text, which goes on from window to window.

    What a model of symbols has to say of itself is the protocol of `NextSymbolModel`; this class
    adds the whole way from a text to a trained model and to its use.
    """

    source_type: ClassVar[type[CorpusSource]] = CorpusSource

    @classmethod
    def fit(cls, source: Any, /, **options: Any) -> Self:
        """Make a model of a text and train it.

        Args:
            source: the text: a file or several, a `recurra.data.Text`; or "demo".
            options: those of `recurra.tasks.framework.fit_task`, such as `out`, the run directory;
                and of the text: `data`, a `CorpusSettings`, `validation`, `test`, `encoding`.

        Returns:
            model: with the weights that were best on the validation text.

        Example:
            >>> import recurra
            >>> text = recurra.data.Text("the cat sat on the mat. " * 50, ())
            >>> cut = recurra.tasks.CorpusSettings(streams=4, window=16)
            >>> model = recurra.tasks.LanguageModel.fit(text, out="runs/cats", data=cut)
            >>> len(next(model.predict(["the "], length=5)).answer["text"])
            5
        """
        return fit_task(cls, source, **options)

    def predict(
        self,
        prompts: Iterable[str],
        /,
        *,
        length: int = 100,
        temperature: float = 0.0,
        top_k: int | None = None,
        seed: int = 0,
    ) -> Iterator[Prediction]:
        """Continue each of some texts; `generate` gives one piece by piece.

        Args:
            prompts: the texts; none is empty.
            length: symbols to write. Default: 100.
            temperature: below 1 safer, above 1 wilder. Default: 0, always the likeliest.
            top_k: choose among the k likeliest only. Default: among all.
            seed: the same seed gives the same text. Default: 0.

        Yields:
            predictions: the `text` that follows each prompt.
        """
        for number, prompt in enumerate(prompts, 1):
            text = self.generate_text(
                prompt, length=length, temperature=temperature, top_k=top_k, seed=seed
            )
            record = Record({"prompt": prompt}, f"row {number}")
            yield Prediction({"text": text.removeprefix(prompt)}, record)

    def evaluate(self, source: Any, /, *, encoding: str = "utf-8") -> Evaluation:
        """Measure the model on a text, cut as in training, with confidence intervals.

        Args:
            source: the text, as for `fit`.
            encoding: of the characters of files. Default: UTF-8.

        Raises:
            UnknownSymbol: the text has a symbol that the vocabulary lacks, and there is no "<unk>".
            TextError: the text is too short to measure.
        """
        text = text_of(source, encoding)
        numbers = self.encode(text.content, name="text", where=text.where)
        cut = self.cutting
        return measure_windows(
            self, streams_that_fit(numbers, streams=cut.streams, window=cut.window)
        )
