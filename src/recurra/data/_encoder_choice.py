"""The text encoder that settings ask for, or that a configuration describes."""

from collections.abc import Iterable, Mapping
from typing import Any

from recurra.base import check_names, settings_from
from recurra.data._subwords import SubwordEncoder, learn_subwords
from recurra.data._text_encoder import MARKS, EncoderSettings, TextEncoder
from recurra.data._token_encoder import TokenEncoder
from recurra.data._token_vocabulary import TokenVocabulary


def make_text_encoder(texts: Iterable[str], settings: EncoderSettings | None = None) -> TextEncoder:
    """Make an encoder whose symbols are those of some texts.

    Args:
        texts: the texts, such as those of the training data.
        settings: how texts become numbers. Default: `EncoderSettings()`.

    Raises:
        MissingExtra: subwords are asked for, and `tokenizers` is not installed.

    Example:
        >>> import recurra
        >>> settings = recurra.data.EncoderSettings(units="words")
        >>> encoder = recurra.data.make_text_encoder(["the cat sat.", "the dog sat."], settings)
        >>> encoder.encode("the cow sat.")
        [5, 0, 4, 3]
        >>> encoder.decode([1, 5, 6, 4, 3, 2])
        'the cat sat.'
    """
    settings = settings or EncoderSettings()
    if settings.units == "subwords":
        return learn_subwords(texts, settings)
    draft = TokenEncoder(settings, TokenVocabulary(MARKS))
    vocabulary = TokenVocabulary.of(
        (token for text in texts for token in draft.tokens(text)),
        specials=MARKS,
        least_count=settings.least_count,
        most=settings.vocabulary_size,
    )
    return TokenEncoder(settings, vocabulary)


def text_encoder_from(config: Mapping[str, Any]) -> TextEncoder:
    """Build the encoder that a configuration describes.

    Raises:
        ArgumentError: it does not describe one.
        MissingExtra: it has subwords, and `tokenizers` is not installed.
    """
    names = EncoderSettings.__dataclass_fields__
    settings = settings_from(EncoderSettings, {name: config[name] for name in names})
    if settings.units == "subwords":
        return SubwordEncoder(settings, config["subwords"])
    tokens = check_names("tokens", config["tokens"])
    return TokenEncoder(settings, TokenVocabulary([*MARKS, *tokens]))
