"""How far two colours are apart, for the eye."""


def linear(colour: str) -> list[float]:
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    ]


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it."""
    weights = (0.2126, 0.7152, 0.0722)
    low, high = sorted(
        sum(weight * part for weight, part in zip(weights, linear(each), strict=True))
        for each in (one, other)
    )
    return (high + 0.05) / (low + 0.05)
