"""What a device adds at the ends of a read: it is not part of the symbol."""

from typing import Final

_SPACES: Final = "".join(map(chr, range(0x2000, 0x200C)))

BLANKS: Final = f"\t\n\v\f\r \x85\xa0\u1680{_SPACES}\u2028\u2029\u202f\u205f\u3000"
"""Every blank and line end of Unicode, and the zero width space."""

STX: Final = "\x02"
ETX: Final = "\x03"
BYTE_ORDER_MARK: Final = "\ufeff"

ENDS: Final = STX + ETX + BYTE_ORDER_MARK + BLANKS
"""All of it: frames of a serial line, marks of a file, and blanks of whatever the read came through."""
