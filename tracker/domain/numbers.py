"""Numbers that stand in Python and in ext/, where the C compiler needs them: each module compares its own at import."""

from collections.abc import Mapping


def compare(numbers: Mapping[str, tuple[int, int]]) -> None:
    """Refuses the import of a compiled module that was built with other numbers than Python has.

    Args:
        numbers: name -> (in Python, in ext/).

    Raises:
        ImportError: two differ; with them nothing may be read or written.

    Examples:
        >>> compare({"limits.EVENTS_MAX": (128, 127)})
        Traceback (most recent call last):
        ImportError: limits.EVENTS_MAX is 128 in Python and 127 in ext/: change both, and build again
    """
    for name, (in_python, in_ext) in numbers.items():
        if in_python != in_ext:
            raise ImportError(f"{name} is {in_python} in Python and {in_ext} in ext/: change both, and build again")
