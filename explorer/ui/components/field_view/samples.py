"""Images to look at a network with."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.training.dataset_files import load_present_dataset, sample_images
from explorer.training.dataset_lookup import find_dataset
from explorer.training.datasets import BUILT_IN, DatasetError, DatasetKind
from explorer.training.images import normalise

IMAGES = 32


@dataclass(frozen=True)
class OwnImage:
    """An image of the visitor's own, as the data set that a network was trained on holds its."""

    title: str  # "Your drawing"
    shape: tuple[int, int, int]  # rows, columns, 1 or 3
    pixels: bytes

    def array(self) -> NDArray[np.uint8]:
        """(rows, columns, 1 or 3)."""
        return np.frombuffer(self.pixels, np.uint8).reshape(self.shape)


@dataclass(frozen=True, eq=False)
class Samples:
    """Test images, one of each class in turn, stretched to the size that a network takes; or one
    image of the visitor's own.
    """

    dataset: str  # that they are of, or are made like
    images: NDArray[np.uint8]  # (IMAGES or 1, rows, columns, 1 or 3), as they lie in the data set
    height: int
    width: int
    own: OwnImage | None = None

    def picture(self, index: int) -> NDArray[np.uint8]:
        """(height, width, 1 or 3): one image, to be drawn."""
        return np.asarray(self._stretched(self.images[index : index + 1])[0])

    def as_input(
        self, first: int, count: int, channels: int, trained_on: str | None = None
    ) -> Tensor:
        """(count, channels, height, width) in float64, normalised as in a training on `trained_on`,
        else as is theirs.

        A network that takes another number of channels than the images have gets them in grey.
        """
        kind = self._normalised_as(trained_on)
        pixels = np.ascontiguousarray(
            self._stretched(self.images[first : first + count]).transpose(0, 3, 1, 2)
        )
        images = normalise(torch.from_numpy(pixels).double() / 255, kind)
        if images.shape[1] != channels:
            images = images.mean(1, keepdim=True).expand(-1, channels, -1, -1).contiguous()
        return images

    def normalisation_text(self, trained_on: str | None = None) -> str:
        """What as_input does to a pixel of 0 to 1, where all colours have it done alike."""
        kind = self._normalised_as(trained_on)
        if len(kind.mean) > 1:
            return "each colour is normalised to mean 0 and standard deviation 1"
        return f"normalised pixels: (x − {kind.mean[0]}) ÷ {kind.std[0]}, x from 0 to 1"

    def _normalised_as(self, trained_on: str | None) -> DatasetKind:
        kind = find_dataset(trained_on or self.dataset)
        return kind if len(kind.mean) == self.images.shape[3] else find_dataset(self.dataset)

    def _stretched(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        rows = np.arange(self.height) * images.shape[1] // self.height
        columns = np.arange(self.width) * images.shape[2] // self.width
        return images[:, rows][:, :, columns]


def samples(dataset: str, height: int, width: int, own: OwnImage | None = None) -> Samples:
    """Images of a data set, of the built-in digits where its files are not here; or the visitor's
    own image.
    """
    if own:
        return Samples(dataset, own.array()[None], height, width, own)
    try:
        if absent := find_dataset(dataset).absent:  # deleted since they were read
            raise DatasetError(absent)
        return Samples(dataset, _read(dataset), height, width)
    except DatasetError:  # not kept: the files may come at any time, with the first training
        # At hand since the server started; without its start, a busy machine reads them late.
        load_present_dataset(BUILT_IN)
        return Samples(BUILT_IN, _read(BUILT_IN), height, width)


@lru_cache(maxsize=16)
def _read(dataset: str) -> NDArray[np.uint8]:
    images = sample_images(dataset, IMAGES)
    return images[..., None] if images.ndim == 3 else images
