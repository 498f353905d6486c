"""Lists of words, written as they are read."""


def words_of(text: str) -> tuple[str, ...]:
    """Cut a text into its words, at blanks and line ends."""
    return tuple(text.split())
