"""The test images of a data set as pictures of a page."""

import base64
import io
from functools import lru_cache

from PIL import Image

from explorer.training.dataset_files import load_present_dataset


@lru_cache(maxsize=1024)
def picture_address(dataset: str, index: int) -> str:
    """A test image as a PNG in a data URL, one pixel a pixel. Raises DatasetError."""
    pixels = load_present_dataset(dataset).test.images[index]  # (1 or 3, H, W) uint8
    array = pixels.permute(1, 2, 0).numpy()
    picture = Image.fromarray(array[..., 0] if array.shape[2] == 1 else array)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
