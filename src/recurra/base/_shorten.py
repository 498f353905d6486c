"""Values as messages show them: whole where they are short, their ends and a count where not."""

from collections.abc import Callable, Collection, Mapping

MAX_CHARACTERS = 2000
"""Of one detail of a message; more hides what the message says."""

MAX_ITEMS = 20
"""Of a list that is shown whole; of a longer one the first few are."""

FIRST_ITEMS = 3

MAX_DEPTH = 4
"""Lists within lists that are shown."""

MAX_BITS = 512
"""Of an integer that is written out; Python refuses to write those of many thousand digits."""

_BRACKETS: dict[type, tuple[str, str]] = {list: ("[", "]"), tuple: ("(", ")"), set: ("{", "}")}


def shorten(value: object, most: int = MAX_CHARACTERS) -> str:
    """Write a value as `str` does, in `most` characters or a few more.

    A list of many values shows the first of them and says how many there are; a long text shows its
    beginning and its end. No value makes it fail, whatever its class does.

    Args:
        value: the value.
        most: characters of a text that is shown whole. Default: 2000.

    Example:
        >>> from recurra.base import shorten
        >>> shorten(list(range(1000)))
        '[0, 1, 2, ... 1000 in all]'
        >>> shorten("a" * 100, most=20)
        'aaaaaaaaaa ... (100 characters in all) ... aaaaaaaaaa'
    """
    return shorten_text(value if isinstance(value, str) else _written(value, 0, str), most)


def shorten_repr(value: object, most: int = MAX_CHARACTERS) -> str:
    """Write a value as `repr` does, in `most` characters or a few more; see `shorten`."""
    return shorten_text(_written(value, 0, repr), most)


def shorten_text(text: str, most: int = MAX_CHARACTERS) -> str:
    """Take out the middle of a text that is longer than `most`."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]} ... ({len(text)} characters in all) ... {text[len(text) - half :]}"


def _written(value: object, depth: int, form: Callable[[object], str]) -> str:
    if isinstance(value, str):
        return repr(value) if len(value) <= MAX_CHARACTERS else repr(shorten_text(value))
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        return f"an integer of {value.bit_length()} bits"
    if type(value) in (list, tuple, set, dict) and isinstance(value, Collection):
        return _collection(value, depth)
    return _safely(value, form)


def _collection(value: Collection[object], depth: int) -> str:
    begin, end = _BRACKETS.get(type(value), ("{", "}"))
    if depth == MAX_DEPTH:
        return f"{begin}... {len(value)} in all{end}"
    items: list[str] = []
    for item in value:
        if len(items) == FIRST_ITEMS and len(value) > MAX_ITEMS:
            items.append(f"... {len(value)} in all")
            break
        words = _written(item, depth + 1, repr)
        if isinstance(value, Mapping):
            words += f": {_written(value[item], depth + 1, repr)}"
        items.append(words)
    comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
    if isinstance(value, set) and not value:
        return "set()"
    return f"{begin}{', '.join(items)}{comma}{end}"


def _safely(value: object, form: Callable[[object], str]) -> str:
    """Call `str` or `repr`, which may run code of the user's that fails."""
    try:
        return form(value)
    except Exception as error:
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"
