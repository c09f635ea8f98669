"""DATASETS: one row a data set that everybody has.

A new one is one row here and, where none fits, a reader in dataset_files.py. Whoever has the name
that a recipe gives asks `find_dataset` (dataset_lookup.py), which knows people's own images too.

Nothing here needs torch: forms, recipes and lists of runs name data sets without reading them.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.refusal import Refusal

if TYPE_CHECKING:
    from explorer.training.dataset_files import Split

BUILT_IN = "digits"

# What is told while images are read: the name of the file that is downloaded ("" while none is),
# its bytes so far, and in all (0 where unknown). It may raise, to give up.
Progress = Callable[[str, int, int], None]
# (data root, progress; None: never download) -> train, test
Read = Callable[[Path, Progress | None], tuple["Split", "Split"]]


class DatasetError(Refusal):
    """The data set cannot be had; the message says why and what to do."""


@dataclass(frozen=True)
class DatasetKind:
    """What is known of a data set without reading it. Mean and deviation are of the training
    images, scaled to 0..1.
    """

    title: str
    summary: str
    classes: tuple[str, ...]
    input_shape: tuple[int, int, int]
    mean: tuple[float, ...]  # one a channel
    std: tuple[float, ...]
    read: Read = field(compare=False)
    train_images: int = 0
    test_images: int = 0
    # The file that comes last when they are downloaded, below the data root; "" if built in.
    last_file: str = ""
    owner: str = ""  # the id of whose own images they are; "" for what everybody may use
    absent: str = ""  # why own images cannot be had here; "" where they can

    @property
    def images(self) -> int:
        """In all, to learn and to test."""
        return self.train_images + self.test_images

    def is_here(self, root: Path | None = None) -> bool:
        """Whether its files are under the data root, so that nothing has to be downloaded."""
        return not self.last_file or ((root or data_root()) / self.last_file).is_file()


def data_root() -> Path:
    """The folder of the data sets."""
    given = os.environ.get("EXPLORER_DATA")
    return (
        Path(given).expanduser()
        if given
        else Path.home() / ".cache" / "architecture-explorer" / "data"
    )


def read_by(reader: str, *given: Any) -> Read:
    """The reader of dataset_files.py with this name, which is imported when images are read."""

    def read(root: Path, progress: Progress | None) -> tuple["Split", "Split"]:
        found: tuple[Split, Split] = getattr(
            import_module("explorer.training.dataset_files"), reader
        )(root, progress, *given)
        return found

    return read


# MNIST's files once unpacked. The others' checksums are known only packed, so theirs are checked
# when they are downloaded.
_MNIST_MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
_DIGITS = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
# Of EMNIST's balanced split: capitals, and the small letters that do not look like theirs.
_CHARACTERS = (*_DIGITS, *"ABCDEFGHIJKLMNOPQRSTUVWXYZ", *"abdefghnqrt")
# In the order of CIFAR-100's fine labels.
_CIFAR100 = tuple(
    "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus "
    "butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch "
    "crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo "
    "keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse "
    "mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy "
    "porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper "
    "snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television "
    "tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm".replace(
        "_", "\u00a0"
    ).split(" ")
)
_GREY = (1, 28, 28)

DATASETS: dict[str, DatasetKind] = {
    "digits": DatasetKind(
        "Digits",
        "1,797 handwritten digits, built in: an epoch in seconds",
        _DIGITS,
        _GREY,
        (0.3121,),
        (0.3562,),
        read_by("read_digits"),
        1_437,
        360,
    ),
    "mnist": DatasetKind(
        "MNIST",
        "70,000 handwritten digits; 11 MB to download",
        _DIGITS,
        _GREY,
        (0.1307,),
        (0.3081,),
        read_by("read_idx", "MNIST", _MNIST_MD5),
        60_000,
        10_000,
        "MNIST/raw/t10k-labels-idx1-ubyte",
    ),
    "fashion-mnist": DatasetKind(
        "Fashion-MNIST",
        "70,000 pieces of clothing; 30 MB to download",
        (
            "T-shirt/top",
            "trouser",
            "pullover",
            "dress",
            "coat",
            "sandal",
            "shirt",
            "sneaker",
            "bag",
            "ankle boot",
        ),
        _GREY,
        (0.2860,),
        (0.3530,),
        read_by("read_idx", "FashionMNIST"),
        60_000,
        10_000,
        "FashionMNIST/raw/t10k-labels-idx1-ubyte",
    ),
    "kmnist": DatasetKind(
        "Kuzushiji-MNIST",
        "70,000 cursive Japanese characters; 20 MB to download",
        ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        _GREY,
        (0.1918,),
        (0.3483,),
        read_by("read_idx", "KMNIST"),
        60_000,
        10_000,
        "KMNIST/raw/t10k-labels-idx1-ubyte",
    ),
    "cifar10": DatasetKind(
        "CIFAR-10",
        "60,000 colour photographs; 170 MB to download",
        ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        (3, 32, 32),
        (0.4914, 0.4822, 0.4465),
        (0.2470, 0.2435, 0.2616),
        read_by("read_cifar", "CIFAR10"),
        50_000,
        10_000,
        "cifar-10-batches-py/batches.meta",
    ),
    # Mean and deviation of the next three are those that the literature gives, as "Wide Residual
    # Networks" and its successors normalise CIFAR-100 and SVHN, and PyTorch code EMNIST.
    "emnist": DatasetKind(
        "EMNIST Balanced",
        "131,600 handwritten digits and letters, 47 classes; 560 MB to download",
        _CHARACTERS,
        _GREY,
        (0.1751,),
        (0.3332,),
        read_by("read_emnist", "balanced"),
        112_800,
        18_800,
        "EMNIST/raw/emnist-balanced-test-labels-idx1-ubyte",
    ),
    "svhn": DatasetKind(
        "SVHN",
        "99,289 house numbers, cut from photographs of streets; 246 MB to download",
        _DIGITS,
        (3, 32, 32),
        (0.4377, 0.4438, 0.4728),
        (0.1980, 0.2010, 0.1970),
        read_by("read_svhn"),
        73_257,
        26_032,
        "test_32x32.mat",
    ),
    "cifar100": DatasetKind(
        "CIFAR-100",
        "60,000 colour photographs, 100 classes; 170 MB to download",
        _CIFAR100,
        (3, 32, 32),
        (0.5071, 0.4865, 0.4409),
        (0.2673, 0.2564, 0.2762),
        read_by("read_cifar", "CIFAR100"),
        50_000,
        10_000,
        "cifar-100-python/meta",
    ),
}
