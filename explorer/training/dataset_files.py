"""Reading data sets, and downloading what is not there.

The files lie under the data root, in torchvision's own layout: the folder that EXPLORER_DATA names,
else ~/.cache/architecture-explorer/data. What is not there is downloaded on first use.
"""

import errno
import gzip
import logging
import math
import shutil
import socket
import threading
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, cast
from urllib.error import HTTPError, URLError
from uuid import uuid4

import numpy as np
import torch
from torch import Tensor

from explorer.files import sweep_parts
from explorer.training.dataset_lookup import find_dataset
from explorer.training.datasets import (
    BUILT_IN,
    DatasetError,
    DatasetKind,
    Progress,
    data_root,
)

log = logging.getLogger(__name__)

TIMEOUT = 20  # seconds without an answer from a server
# Seconds after which a half-written file is nobody's any more: a download writes all the time.
ABANDONED = 3600.0
LONG_PATIENCE = 120  # seconds, where nobody's page waits for the images
MOST_OWN_LOADED = 3  # own images that stay in memory, those used last
PATIENCE = 3  # seconds that a look at some images waits while they are read or downloaded
LOOK_EVERY = 0.2  # seconds between two looks of who waits for images at whether to go on waiting


class NotDownloaded(DatasetError):
    """A file is not here and could not be downloaded; the message goes on after the data set's
    title.
    """


@dataclass(frozen=True)
class Split:
    """Raw images, uint8 (N, C, H, W), and their classes, int64 (N,)."""

    images: Tensor
    labels: Tensor


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in memory, as it lies in its files; training normalises each batch on its
    device.
    """

    name: str
    kind: DatasetKind
    train: Split
    test: Split


# --- the built-in digits --------------------------------------------------------------------------


def read_digits(root: Path, progress: Progress | None) -> tuple[Split, Split]:
    """scikit-learn's 1,797 digits of 8×8 pixels, enlarged to 28×28; always the same 1,437 to train,
    360 to test.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    images = enlarged_digits(bunch.images)
    labels = torch.from_numpy(bunch.target).long()
    learn, test = train_test_split(
        np.arange(len(labels)), test_size=360, stratify=labels.numpy(), random_state=0
    )
    return Split(images[learn], labels[learn]), Split(images[test], labels[test])


def enlarged_digits(small: np.ndarray[Any, np.dtype[np.float64]]) -> Tensor:
    """Digits of 8×8 counts from 0 to 16, (N, 8, 8), as images: uint8 (N, 1, 28, 28)."""
    scaled = torch.from_numpy(small).float().unsqueeze(1) / 16
    images = torch.nn.functional.interpolate(scaled, size=(28, 28), mode="bicubic").clamp(0, 1)
    return (images * 255).round().to(torch.uint8)


# --- what torchvision knows -----------------------------------------------------------------------

_IDX_SIZES = {  # their dimensions, of one byte a value
    "train-images-idx3-ubyte": (60_000, 28, 28),
    "train-labels-idx1-ubyte": (60_000,),
    "t10k-images-idx3-ubyte": (10_000, 28, 28),
    "t10k-labels-idx1-ubyte": (10_000,),
}
_EMNIST_IMAGES = {"balanced": {"train": 112_800, "test": 18_800}}  # of each split


def read_idx(
    root: Path,
    progress: Progress | None,
    class_name: str,
    md5: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Split, Split]:
    """A data set in MNIST's format: torchvision's class, and the checksums of its unpacked files,
    if known.
    """
    source, folder = _torchvision(class_name), root / class_name / "raw"
    for name, checksum in source.resources:
        path = folder / name.removesuffix(".gz")
        if not path.is_file():
            _fetch([mirror + name for mirror in source.mirrors], folder / name, checksum, progress)
            with (folder / name).open("rb") as packed:
                _unpack(packed, path)
    for name, sizes in _IDX_SIZES.items():
        _check_idx(folder / name, sizes, md5.get(name))
    return _split(source(root, train=True)), _split(source(root, train=False))


def read_emnist(root: Path, progress: Progress | None, split: str) -> tuple[Split, Split]:
    """A split of EMNIST, whose images lie transposed in its files; torchvision leaves them so."""
    source, folder = _torchvision("EMNIST"), root / "EMNIST" / "raw"
    sizes: dict[str, tuple[int, ...]] = {}
    for part, images in _EMNIST_IMAGES[split].items():
        sizes[f"emnist-{split}-{part}-images-idx3-ubyte"] = (images, 28, 28)
        sizes[f"emnist-{split}-{part}-labels-idx1-ubyte"] = (images,)
    absent = [name for name in sizes if not (folder / name).is_file()]
    if absent:
        packed = folder / source.url.rpartition("/")[2]
        _fetch([source.url], packed, source.md5, progress)
        with zipfile.ZipFile(packed) as archive:
            for name in absent:
                with archive.open(f"gzip/{name}.gz") as file:
                    _unpack(file, folder / name)
    for name, dimensions in sizes.items():
        _check_idx(folder / name, dimensions)
    train, test = (_split(source(root, split=split, train=is_train)) for is_train in (True, False))
    return _transposed(train), _transposed(test)


def _transposed(split: Split) -> Split:
    return Split(split.images.transpose(2, 3).contiguous(), split.labels)


def read_svhn(root: Path, progress: Progress | None) -> tuple[Split, Split]:
    """SVHN's training and test images, without the easier "extra" ones."""
    source = _torchvision("SVHN")
    for url, name, checksum in (source.split_list[part] for part in ("train", "test")):
        if not (root / name).is_file():
            _fetch([url], root / name, checksum, progress)
        _check_file(root / name, checksum)
    train, test = (_svhn_split(source(root, split=part)) for part in ("train", "test"))
    return train, test


def _svhn_split(source: Any) -> Split:
    return Split(
        torch.from_numpy(np.ascontiguousarray(source.data)), torch.from_numpy(source.labels)
    )


def read_cifar(root: Path, progress: Progress | None, class_name: str) -> tuple[Split, Split]:
    """CIFAR-10 or CIFAR-100, by the name of torchvision's class."""
    source = _torchvision(class_name)
    folder = root / source.base_folder
    files = [*source.train_list, *source.test_list, (source.meta["filename"], source.meta["md5"])]
    if any(not (folder / name).is_file() for name, _ in files):
        _fetch([source.url], root / source.filename, source.tgz_md5, progress)
        source(root, download=True)  # finds what was fetched, and unpacks it
    for name, checksum in files:
        _check_file(folder / name, checksum)
    return _split(source(root, train=True)), _split(source(root, train=False))


def read_own(root: Path, progress: Progress | None, path: Path) -> tuple[Split, Split]:
    """Own images, as own_images/kept.py writes them."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        found = load_file(path)
        train, test = (
            Split(found[f"{part}_images"], found[f"{part}_labels"]) for part in ("train", "test")
        )
    except (SafetensorError, KeyError) as error:
        raise DatasetError(
            f"the file of these images is damaged ({error}): delete them, and upload them again"
        ) from None
    for split in (train, test):
        is_right = split.images.dtype == torch.uint8 and split.labels.dtype == torch.int64
        if not is_right or split.images.ndim != 4 or len(split.images) != len(split.labels):
            raise DatasetError(
                "the file of these images does not hold images and their classes: "
                "delete them, and upload them again"
            )
    return train, test


def _torchvision(class_name: str) -> Any:
    from torchvision import datasets  # a second to import, and not needed for the built-in digits

    return getattr(datasets, class_name)


def _split(source: Any) -> Split:
    """torchvision's (N, H, W) or (N, H, W, C) as (N, C, H, W)."""
    images = torch.as_tensor(source.data)
    images = images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2).contiguous()
    return Split(images, torch.as_tensor(source.targets))


def _check_file(path: Path, md5: str | None, header: bytes = b"", size: int | None = None) -> None:
    """Raises if a file that was there before is damaged. It is not deleted, as we may not have made
    it.
    """
    remedy = "delete it, and it is downloaded again"
    if size is not None and path.stat().st_size != size:
        raise DatasetError(
            f"{path} has {path.stat().st_size:,} bytes where {size:,} belong: {remedy}"
        )
    with path.open("rb") as file:
        right = file.read(len(header)) == header
    if not right or (md5 is not None and _md5(path) != md5):
        raise DatasetError(f"{path} is corrupt: {remedy}")


def _check_idx(path: Path, sizes: tuple[int, ...], md5: str | None = None) -> None:
    """Raises if a file in MNIST's format has not these dimensions, of one byte a value."""
    header = bytes((0, 0, 8, len(sizes))) + b"".join(size.to_bytes(4, "big") for size in sizes)
    _check_file(path, md5, header, len(header) + math.prod(sizes))


def _md5(path: Path) -> str:
    from torchvision.datasets.utils import calculate_md5

    return cast(str, calculate_md5(path))


# --- downloading ----------------------------------------------------------------------------------


def _fetch(urls: list[str], path: Path, md5: str, progress: Progress | None) -> None:
    """Download one packed file from the first of `urls` that has it to `path`, and check it.
    Without `progress` it must be there.
    """
    if path.is_file() and _md5(path) == md5:
        return
    if progress is None:
        raise DatasetError(
            f"{path} is not here yet; train on this data set once, and it is downloaded"
        )
    failures: list[tuple[str, Exception]] = []
    for url in urls:
        try:
            with _whole(path) as partial:
                _download(url, partial, lambda done, total: progress(path.name, done, total))
                if _md5(partial) != md5:
                    raise OSError("what came has a wrong checksum")
            return
        except (OSError, HTTPException) as error:  # URLError and time-outs are OSErrors too
            failures.append((url, error))
    details = "; ".join(f"{url}: {error}" for url, error in failures)
    log.warning("%s could not be downloaded (%s)", path.name, details)
    if all(_is_no_internet(error) for _, error in failures):
        raise NotDownloaded(
            "is not on this server, and there is no internet. Connect it, "
            f"or put {path.name} at {path}"
        )
    raise NotDownloaded(
        f"is not on this server, and {path.name} could not be downloaded "
        f"({details}). Put it at {path}"
    )


def _is_no_internet(error: Exception) -> bool:
    """Whether no server was reached at all."""
    reason = (
        error.reason if isinstance(error, URLError) and not isinstance(error, HTTPError) else error
    )
    if isinstance(reason, TimeoutError | socket.gaierror):
        return True
    return isinstance(reason, OSError) and reason.errno in (
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.ECONNREFUSED,
    )


def _download(url: str, path: Path, progress: Callable[[int, int], None]) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": "architecture-explorer"})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer, path.open("wb") as file:
        total, done = int(answer.headers.get("Content-Length") or 0), 0
        while chunk := answer.read(1 << 16):
            file.write(chunk)
            done += len(chunk)
            progress(done, total)


def _unpack(packed: IO[bytes], path: Path) -> None:
    with gzip.open(packed) as source, _whole(path) as partial, partial.open("wb") as file:
        shutil.copyfileobj(source, file)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A path to write to, which becomes `path` once the file is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid4().hex[:8]}.part")
    try:
        yield partial
        partial.replace(path)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def sweep_downloads(root: Path | None = None) -> int:
    """Delete what killed downloads left under the data root. Returns the number of files."""
    root = root or data_root()
    folders = [
        root,
        *(folder for depth in ("*", "*/*") for folder in root.glob(depth) if folder.is_dir()),
    ]
    return sum(sweep_parts(folder, older_than=ABANDONED) for folder in folders)


# --- loading --------------------------------------------------------------------------------------


def load_dataset(
    name: str, root: Path | None = None, progress: Progress = lambda file, done, total: None
) -> Dataset:
    """The data set of DATASETS, kept in memory once it is read.

    Threads that ask for one at once read it once.

    `progress` is called at least every LOOK_EVERY seconds until it is there; what it raises ends
    the waiting. Raises DatasetError, whose message offers what works instead.
    """
    return _load(name, (root or data_root()).absolute(), progress)


def is_loaded(name: str, root: Path | None = None) -> bool:
    """Whether the data set is in memory."""
    return (name, (root or data_root()).absolute()) in _loaded


def load_present_dataset(name: str, root: Path | None = None) -> Dataset:
    """Like `load_dataset` without downloading: raises DatasetError if the files are not there. May
    take a minute.
    """
    return _load(name, (root or data_root()).absolute(), None, LONG_PATIENCE)


def sample_images(
    name: str, count: int = 10, root: Path | None = None
) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Test images to show, one of each class in turn: uint8 (count, H, W), or (count, H, W, 3) in
    colour.

    Never downloads: raises DatasetError if the files are not there.
    """
    test = _load(name, (root or data_root()).absolute(), None).test
    classes = len(find_dataset(name).classes)
    of_class = [(test.labels == label).nonzero().flatten() for label in range(classes)]
    # Of own images there may be a few of each: then they come again.
    images = test.images[
        [
            int(of_class[i % classes][i // classes % len(of_class[i % classes])])
            for i in range(count)
        ]
    ]
    return images.squeeze(1).numpy() if images.shape[1] == 1 else images.permute(0, 2, 3, 1).numpy()


def training_samples(name: str, count: int, root: Path | None = None) -> Split:
    """The first training images of each class in turn, to show.

    Never downloads: raises DatasetError if the files are not there.
    """
    train = _load(name, (root or data_root()).absolute(), None).train
    labels = sorted(set(train.labels.tolist()))
    classes = [(train.labels == label).nonzero().flatten() for label in labels]
    turns = [divmod(place, len(classes)) for place in range(count)]
    chosen = [int(classes[label][turn % len(classes[label])]) for turn, label in turns]
    return Split(train.images[chosen], train.labels[chosen])


# At most one of each row and root, 940 MB for all of DATASETS, and of own images those of
# MOST_OWN_LOADED, of 100 MB at most each.
_loaded: dict[tuple[str, Path], Dataset] = {}
_loadings: dict[tuple[str, Path], "_Loading"] = {}  # those that go on
_loading_lock = threading.Lock()  # of both; never held while reading


class _GivenUp(Exception):
    """Nobody waits for these images any more."""


class _Loading:
    """The reading of a data set in a thread of its own, so that those who wait for it can stop at
    any moment.

    The thread is a daemon: it may hang in a download for TIMEOUT, and a file gets its name only
    once it is whole.
    """

    def __init__(self, name: str, root: Path, may_download: bool):
        self.may_download, self.waiting = may_download, 0
        self._name, self._root = name, root
        self._changed = threading.Condition()  # notified of what is told, and of the end
        self._told: list[tuple[str, int, int]] = []  # some thousand for the largest of DATASETS
        self._result: Dataset | BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"reading-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait(self, heard: int) -> tuple[list[tuple[str, int, int]], bool]:
        """What was told after the first `heard` times, and whether it has ended; at the latest
        after LOOK_EVERY seconds.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._result is not None or len(self._told) > heard, LOOK_EVERY
            )
            return self._told[heard:], self._result is not None

    def result(self) -> Dataset:
        """Raises what went wrong."""
        assert self._result is not None
        if isinstance(self._result, BaseException):
            raise self._result
        return self._result

    def _tell(self, file: str, done: int, total: int) -> None:
        if self.waiting == 0:
            raise _GivenUp
        with self._changed:
            self._told.append((file, done, total))
            self._changed.notify_all()

    def _run(self) -> None:
        key = self._name, self._root
        result: Dataset | BaseException
        try:
            result = _read(*key, self._tell if self.may_download else None)
        except BaseException as error:  # whoever waits raises it
            result = error
        with _loading_lock:
            if isinstance(result, Dataset):
                _loaded[key] = result
                _forget_own_but_newest()
            if _loadings.get(key) is self:
                del _loadings[key]
        with self._changed:
            self._result = result
            self._changed.notify_all()


def _forget_own_but_newest() -> None:
    """Keep in memory no more own images than MOST_OWN_LOADED. Called under the lock."""
    own = [key for key, dataset in _loaded.items() if dataset.kind.owner]
    for key in own[:-MOST_OWN_LOADED]:
        del _loaded[key]


def _load(
    name: str, root: Path, progress: Progress | None, patience: float | None = None
) -> Dataset:
    """The data set. Without `progress` nothing is downloaded."""
    if absent := find_dataset(name).absent:  # deleted, though still in memory
        raise DatasetError(f"the images of {find_dataset(name).title} cannot be loaded: {absent}.")
    key, deadline = (name, root), time.monotonic() + (PATIENCE if patience is None else patience)
    while True:
        with _loading_lock:
            if dataset := _loaded.get(key):
                _loaded[key] = _loaded.pop(key)  # the newest is the last
                return dataset
            loading = _loadings.get(key)
            is_new = loading is None
            if loading is None:
                loading = _loadings[key] = _Loading(name, root, may_download=progress is not None)
            loading.waiting += 1
            if is_new:
                loading.start()
        try:
            heard, ended = 0, False
            while not ended:
                news, ended = loading.wait(heard)
                heard += len(news)
                if progress:
                    for told in news or [("", 0, 0)]:
                        progress(*told)
                elif time.monotonic() > deadline and not ended:
                    raise DatasetError(
                        f"the images of {find_dataset(name).title} are being loaded just now; "
                        "try again in a while"
                    )
        finally:
            with _loading_lock:
                loading.waiting -= 1
        with suppress(_GivenUp):  # the others gave up just before this one came
            try:
                return loading.result()
            except DatasetError:
                if loading.may_download or progress is None:
                    raise


def _read(name: str, root: Path, progress: Progress | None) -> Dataset:
    kind = find_dataset(name)
    try:
        dataset = Dataset(name, kind, *kind.read(root, progress))
        if max(int(split.labels.max()) for split in (dataset.train, dataset.test)) >= len(
            kind.classes
        ):
            raise DatasetError(
                f"its files under {root} are corrupt: they name classes that do not exist"
            )
        return dataset
    except (DatasetError, OSError, EOFError, RuntimeError) as error:
        other = f". Or use the built-in {BUILT_IN}, which need no files" if name != BUILT_IN else ""
        begin = (
            kind.title if isinstance(error, NotDownloaded) else f"{kind.title} cannot be loaded:"
        )
        raise DatasetError(f"{begin} {str(error).strip()}{other}.") from error
