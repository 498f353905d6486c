"""Language models small enough for a test."""

import torch

from recurra.data import Vocabulary
from recurra.tasks import LanguageModel, LanguageModelConfig

SENTENCE = "the quick brown fox jumps over the lazy dog.\n"


def small_model(text=SENTENCE, *, unknown=False, cell_class=None, seed=0, **choices):
    """Make a model over the characters of a text; `choices` are those of the configuration."""
    torch.manual_seed(seed)
    sizes = {"hidden_size": 6, "layers": 2, "embedding_size": 4, "cell": "gru", **choices}
    vocabulary = Vocabulary.of(text, unknown=unknown)
    return LanguageModel(vocabulary, LanguageModelConfig(**sizes), cell=cell_class)


def random_numbers(model, T, B):
    return torch.randint(len(model.vocabulary), (T, B))
