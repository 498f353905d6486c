"""What tasks of several families share: classes, numbers, and a network that reads a text."""

from recurra.base import set_module as _set_module
from recurra.tasks.shared.classifier import ClassChoices, Classifier
from recurra.tasks.shared.labels import (
    balanced_weights,
    labels_of,
    number_of_label,
    with_labels_known_twice,
)
from recurra.tasks.shared.regressor import Regressor, check_constant
from recurra.tasks.shared.scales import Scales, precisely
from recurra.tasks.shared.text_network import (
    TextConfig,
    TextExample,
    TextNetwork,
    encode_field,
    texts_of,
)

__all__ = [
    "ClassChoices",
    "Classifier",
    "Regressor",
    "Scales",
    "TextConfig",
    "TextExample",
    "TextNetwork",
    "balanced_weights",
    "check_constant",
    "encode_field",
    "labels_of",
    "number_of_label",
    "precisely",
    "texts_of",
    "with_labels_known_twice",
]

_set_module(__name__, globals())
