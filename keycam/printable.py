"""Text that came from elsewhere, on one line of a terminal."""


def printable(text: str) -> str:
    """`text` with a mark for what a terminal would obey instead of show, for ends of lines and for what is no letter.

    A name may hold any of them: an escape sequence could clear the screen or hide what stands there.
    """
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
