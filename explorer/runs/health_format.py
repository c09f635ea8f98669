"""How the layers fared at the end of an epoch, as it is kept: single-precision numbers, layer after
layer, compressed.
"""

import math
import zlib

import numpy as np

from explorer.runs.run import RunError
from explorer.training.health import Health, LayerHealth

NUMBERS = len(LayerHealth._fields)
BYTES_A_LAYER = 4 * NUMBERS  # before they are compressed


class HealthError(RunError):
    """The bytes do not say how layers fared."""


def health_to_bytes(health: Health) -> bytes:
    return zlib.compress(np.asarray(health, "<f4").tobytes())


def health_from_bytes(data: bytes, layers: int) -> Health:
    """Of a network with so many layers. Raises HealthError."""
    reading = zlib.decompressobj()
    try:
        # No more than there should be, so that damaged bytes cannot ask for all memory.
        found = reading.decompress(data, BYTES_A_LAYER * layers + 1)
    except zlib.error as error:
        raise HealthError(f"kept figures of layers are damaged: {error}") from None
    if len(found) != BYTES_A_LAYER * layers or not reading.eof:
        raise HealthError(f"kept figures of layers are damaged: they are not those of {layers}")
    rows = np.frombuffer(found, "<f4").reshape(-1, NUMBERS)
    return tuple(LayerHealth(*row) for row in rows.tolist())


def health_bytes(layers: int) -> int:
    """Bytes that the figures of so many layers take at most."""
    return math.ceil(1.001 * BYTES_A_LAYER * layers) + 64
