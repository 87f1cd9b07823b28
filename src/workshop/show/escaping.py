"""Text that somebody else wrote, as it may be shown: in one line, with nothing in it that a terminal obeys."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Return text with every sign that is not visible written as its number.

    Those are control characters, and with them terminal escapes; line breaks; what turns the direction of writing
    round; what has no width.
    """
    return text if text.isprintable() else "".join(map(_visible, text))


def lines(text: str) -> str:
    """Return text of several lines, each as `one_line` has it."""
    return "\n".join(map(one_line, text.split("\n")))


def _visible(sign: str) -> str:
    number = ord(sign)
    return sign if sign.isprintable() else f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
