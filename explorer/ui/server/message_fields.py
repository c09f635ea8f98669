"""Counts the fields of a message in protobuf's encoding, without reading the message.

Reading it makes an object of some hundred bytes of each field that may be two bytes long: 16 MB of
them would take more than a gigabyte.
"""

from collections.abc import Sequence

NUMBER, LENGTH = 0, 2  # how a field's value is written: as a number; as its length, then its bytes
_FIXED = {1: 8, 5: 4}  # of so many bytes


def has_more_fields(data: bytes, most: int, path: Sequence[int] = ()) -> bool:
    """Whether a message has more than `most` fields, or is none that can be read.

    Those in the fields of `path` count too: in the first of these numbers, in the second within
    those, and so on. Takes no longer than `most` fields take.
    """
    left, parts = most, [(0, len(data), tuple(path))]
    try:
        while parts:
            at, end, inner = parts.pop()
            while at < end:
                left -= 1
                if left < 0:
                    return True
                key, at = _number(data, at)
                number, kind = key >> 3, key & 7
                if kind == NUMBER:
                    _, at = _number(data, at)
                    continue
                size, at = (_FIXED[kind], at) if kind in _FIXED else _number(data, at)
                if kind == LENGTH and inner and number == inner[0]:
                    parts.append((at, at + size, inner[1:]))
                elif kind not in (LENGTH, *_FIXED):
                    return True
                at += size
            if at != end or end > len(data):
                return True
    except ValueError:
        return True
    return False


def _number(data: bytes, at: int) -> tuple[int, int]:
    """The number that is written there, seven bits a byte, and where it ends."""
    value = shift = 0
    for byte in data[at : at + 10]:
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise ValueError("a number without an end")
