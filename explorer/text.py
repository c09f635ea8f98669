"""Numbers as the screens and the reports write them."""


def short_count(value: int) -> str:
    """1492698 -> "1.49 M"; below ten thousand in full."""
    if value < 10_000:
        return f"{value:,}"
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:.3g} {letter}"
    raise AssertionError("a value of at least ten thousand is at least a thousand")


def short_bytes(value: int) -> str:
    """1500000 -> "1.43 MB", of 2**20 bytes."""
    if value < 2**20:
        return f"{value / 2**10:.1f} KB"
    return f"{value / 2**20:.2f} MB"


def counted(count: int, noun: str) -> str:
    """(1, "layer") -> "1 layer"; (1437, "layer") -> "1,437 layers"."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def percent(share: float, digits: int = 2) -> str:
    """0.994 -> "99.40 %"."""
    return f"{100 * share:.{digits}f} %"


def duration(seconds: float) -> str:
    """3725 -> "1 h 02 min"; 75 -> "1 min 15 s"; 7 -> "7 s"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
