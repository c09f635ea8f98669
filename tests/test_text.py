"""Numbers as the screens and the reports write them."""

import pytest

from explorer import text


@pytest.mark.parametrize(
    ("write", "value", "expected"),
    [
        (text.short_count, 0, "0"),
        (text.short_count, 9_999, "9,999"),
        (text.short_count, 10_000, "10 k"),
        (text.short_count, 1_492_698, "1.49 M"),
        (text.short_count, 20_000_000_000, "20 G"),
        (text.short_bytes, 512, "0.5 KB"),
        (text.short_bytes, 1_500_000, "1.43 MB"),
        (text.percent, 0.994, "99.40 %"),
        (text.duration, 7.4, "7 s"),
        (text.duration, 59.6, "1 min 00 s"),
        (text.duration, 75, "1 min 15 s"),
        (text.duration, 3725, "1 h 02 min"),
    ],
)
def test_as_written(write, value, expected):
    assert write(value) == expected
