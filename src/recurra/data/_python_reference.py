"""The text that every Python carries: its language reference, as `help()` shows it."""

import hashlib

from recurra.data._files import TextFile
from recurra.data._text import Text

PYTHON_REFERENCE = "pydoc_data.topics"
"""The path that stands for this text in the configuration of a run."""


def python_reference() -> Text:
    """Read the Python language reference from `pydoc_data.topics`, in alphabetical order.

    Half a megabyte of English and Python that needs no file and no network; it differs a little
    between versions of Python.
    """
    from pydoc_data.topics import topics

    content = "\n\n".join(topics[name].strip() for name in sorted(topics))
    raw = content.encode()
    file = TextFile(PYTHON_REFERENCE, len(raw), hashlib.sha256(raw).hexdigest())
    return Text(content, (file,))
