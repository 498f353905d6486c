"""Texts written for a text or for a label: translation, dialogue, writing."""

from recurra.base import set_module as _set_module
from recurra.tasks.seq2seq.chat import Chat, ChatConfig
from recurra.tasks.seq2seq.translation_network import TranslatorConfig
from recurra.tasks.seq2seq.translator import Translator
from recurra.tasks.seq2seq.writer import Writer, WritingOptions
from recurra.tasks.seq2seq.writer_network import WriterConfig

__all__ = [
    "Chat",
    "ChatConfig",
    "Translator",
    "TranslatorConfig",
    "Writer",
    "WriterConfig",
    "WritingOptions",
]

_set_module(__name__, globals())
