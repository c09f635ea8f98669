"""Data sets: what they hold, how they are fetched and checked, and what is said when they cannot be
had.
"""

import errno
import gzip
import hashlib
import io
import math
import pickle
import socket
import tarfile
import threading
import time
import urllib.request
import zipfile
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import Any, ClassVar
from urllib.error import HTTPError, URLError

import numpy as np
import pytest
import torch
from scipy.io import savemat
from torchvision.datasets import CIFAR10, CIFAR100, EMNIST, KMNIST, MNIST, SVHN

from explorer.training import dataset_files
from explorer.training.dataset_files import Dataset, Split, load_dataset, sample_images
from explorer.training.datasets import DATASETS, DatasetError, data_root
from tests.cpu import least_wait
from tests.tiny import read_tiny, tiny_kind

IDX = {
    "train-images-idx3-ubyte": (60_000, 28, 28),
    "train-labels-idx1-ubyte": (60_000,),
    "t10k-images-idx3-ubyte": (10_000, 28, 28),
    "t10k-labels-idx1-ubyte": (10_000,),
}


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_files, "_loaded", {})


def quiet(file: str, done: int, total: int) -> None:
    pass


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def check(dataset: Dataset, train: int, test: int) -> None:
    """What every data set promises."""
    assert (train, test) == (dataset.kind.train_images, dataset.kind.test_images)
    for split, count in ((dataset.train, train), (dataset.test, test)):
        assert split.images.shape == (count, *dataset.kind.input_shape)
        assert split.images.dtype == torch.uint8
        assert split.labels.shape == (count,)
        assert split.labels.dtype == torch.int64
        assert split.labels.unique().tolist() == list(range(len(dataset.kind.classes)))
    pixels = dataset.train.images.float() / 255
    assert pixels.mean((0, 2, 3)).tolist() == pytest.approx(dataset.kind.mean, abs=1e-4)
    assert pixels.std((0, 2, 3)).tolist() == pytest.approx(dataset.kind.std, abs=1e-4)


# --- what they hold -------------------------------------------------------------------------------


def test_digits_are_built_in(tmp_path: Path) -> None:
    digits = load_dataset("digits", tmp_path)
    check(digits, 1437, 360)
    assert digits.test.labels.bincount().tolist() == [36, 36, 35, 37, 36, 37, 36, 36, 35, 36]
    again = load_dataset("digits", tmp_path / "read anew")
    assert torch.equal(again.train.images, digits.train.images)
    assert torch.equal(again.test.labels, digits.test.labels)
    assert list(tmp_path.iterdir()) == []


def test_real_mnist() -> None:
    if not (data_root() / "MNIST" / "raw" / "train-images-idx3-ubyte").is_file():
        pytest.skip(f"no MNIST under {data_root()}; EXPLORER_DATA names the folder")
    mnist = load_dataset("mnist")
    check(mnist, 60_000, 10_000)
    assert mnist.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


@pytest.mark.parametrize("name", DATASETS)
def test_the_table(name: str) -> None:
    kind = DATASETS[name]
    count = {"emnist": 47, "cifar100": 100}.get(name, 10)
    assert len(set(kind.classes)) == len(kind.classes) == count
    assert len(kind.mean) == len(kind.std) == kind.input_shape[0]
    assert kind.title
    assert kind.summary


def test_where_the_data_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_DATA", "~/elsewhere")
    assert data_root() == Path.home() / "elsewhere"
    monkeypatch.delenv("EXPLORER_DATA")
    assert data_root() == Path.home() / ".cache" / "architecture-explorer" / "data"


# --- images to draw -------------------------------------------------------------------------------


def test_samples_are_one_of_each_class_in_turn(tmp_path: Path) -> None:
    images = sample_images("digits", 12, tmp_path)
    assert (images.shape, images.dtype) == ((12, 28, 28), np.uint8)
    test = load_dataset("digits", tmp_path).test
    labels = [
        int(test.labels[(test.images[:, 0] == torch.from_numpy(image)).all((1, 2))][0])
        for image in images
    ]
    assert labels == [*range(10), 0, 1]
    assert not np.array_equal(images[0], images[10])


def test_samples_are_never_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: pytest.fail("downloads"))
    with pytest.raises(DatasetError, match="not here yet; train on this data set once"):
        sample_images("mnist", 1, tmp_path)


def test_samples_do_not_wait_for_a_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(root: Path, progress: Any) -> tuple[Split, Split]:
        begun.set()
        assert go_on.wait(60)
        return read_tiny(root, progress)

    monkeypatch.setitem(DATASETS, "tiny", tiny_kind(slow))
    monkeypatch.setattr(dataset_files, "PATIENCE", 0.01)
    loading = threading.Thread(target=load_dataset, args=["tiny", tmp_path])
    loading.start()
    assert begun.wait(60)
    with pytest.raises(DatasetError, match="being loaded just now"):
        sample_images("tiny", 1, tmp_path)
    go_on.set()
    loading.join()
    assert sample_images("tiny", 1, tmp_path).shape == (1, 8, 8)


# --- fetching -------------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that KMNIST is fetched from in place of its server: black images, whose classes are
    0 to 9 in turn.
    """
    folder = tmp_path / "server"
    folder.mkdir()
    resources = []
    for name, sizes in IDX.items():
        header = bytes((0, 0, 8, len(sizes))) + b"".join(size.to_bytes(4, "big") for size in sizes)
        body = (
            bytes(math.prod(sizes)) if "images" in name else bytes(i % 10 for i in range(sizes[0]))
        )
        packed = gzip.compress(header + body, 1, mtime=0)
        (folder / f"{name}.gz").write_bytes(packed)
        resources.append((f"{name}.gz", md5(packed)))
    monkeypatch.setattr(KMNIST, "resources", resources)
    monkeypatch.setattr(KMNIST, "mirrors", ["file:///nowhere/", folder.as_uri() + "/"])
    return folder


def test_fetched_once_with_progress(
    server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, int, int]] = []
    root = tmp_path / "data"
    dataset = load_dataset("kmnist", root, lambda *args: told.append(args))
    assert dataset.train.images.shape == (60_000, 1, 28, 28)
    assert dataset.test.labels[:12].tolist() == [*range(10), 0, 1]
    assert DATASETS["kmnist"].is_here(root)
    for name in IDX:
        size = (server / f"{name}.gz").stat().st_size
        assert [total for file, done, total in told if file == f"{name}.gz" and done == size] == [
            size
        ]
    assert {path.name for path in (root / "KMNIST" / "raw").iterdir()} == {
        *IDX,
        *(f"{name}.gz" for name in IDX),
    }
    monkeypatch.setattr(dataset_files, "_loaded", {})
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: pytest.fail("downloads again"))
    load_dataset("kmnist", root)


def test_a_wrong_checksum_is_refused(server: Path, tmp_path: Path) -> None:
    (server / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(b"something else"))
    with pytest.raises(
        DatasetError, match=r"what came has a wrong checksum.*Or use the built-in digits"
    ):
        load_dataset("kmnist", tmp_path / "data")
    left = {path.name for path in (tmp_path / "data" / "KMNIST" / "raw").iterdir()}
    assert not [name for name in left if name.startswith("t10k-labels") or name.endswith(".part")]


def test_progress_may_give_up(server: Path, tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def give_up(file: str, done: int, total: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        load_dataset("kmnist", tmp_path / "data", give_up)


def test_a_download_that_nobody_waits_for_ends(
    server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    class Endless(io.BytesIO):
        headers: ClassVar[dict[str, str]] = {}

        def read(self, size: int | None = -1) -> bytes:
            return b"" if ended.wait(0.005) else b"more"

        def __exit__(self, *_: object) -> None:
            ended.set()

    class Enough(Exception):
        pass

    def give_up(file: str, done: int, total: int) -> None:
        if file:
            raise Enough

    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: Endless())
    with pytest.raises(Enough):
        load_dataset("kmnist", tmp_path / "data", give_up)
    assert ended.wait(60)
    deadline = time.monotonic() + 60
    while list((tmp_path / "data" / "KMNIST" / "raw").iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert list((tmp_path / "data" / "KMNIST" / "raw").iterdir()) == []


def test_who_waits_is_asked_whether_to_go_on_whatever_is_done_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unpacking and checking tell nothing; another thread's reading tells it alone."""
    go_on = threading.Event()

    def silent(root: Path, progress: Any) -> tuple[Split, Split]:
        assert go_on.wait(60)
        return read_tiny(root, progress)

    class Enough(Exception):
        pass

    def give_up(file: str, done: int, total: int) -> None:
        raise Enough

    monkeypatch.setitem(DATASETS, "tiny", tiny_kind(silent))
    found: list[Dataset] = []
    patient = threading.Thread(target=lambda: found.append(load_dataset("tiny", tmp_path)))
    patient.start()

    def impatient() -> None:
        with pytest.raises(Enough):
            load_dataset("tiny", tmp_path, give_up)

    for _ in range(2):
        assert least_wait(impatient, 1) < 1
        assert patient.is_alive()  # the data have not come
    go_on.set()
    patient.join(60)
    assert len(found) == 1
    assert load_dataset("tiny", tmp_path) is found[0]


def test_without_a_network_digits_are_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MNIST, "mirrors", ["file:///nowhere/"])
    with pytest.raises(DatasetError) as caught:
        load_dataset("mnist", tmp_path)
    message = str(caught.value)
    begins = (
        "MNIST is not on this server, and train-images-idx3-ubyte.gz could not be downloaded "
        "(file:///nowhere/"
    )
    assert message.startswith(begins)
    assert f"Put it at {tmp_path}" in message
    assert message.endswith("Or use the built-in digits, which need no files.")


@pytest.mark.parametrize(
    "reason",
    [
        socket.gaierror(-2, "Name or service not known"),
        TimeoutError("timed out"),
        OSError(errno.ENETUNREACH, "Network is unreachable"),
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
    ],
    ids=str,
)
@pytest.mark.parametrize("wrapped", [True, False])
def test_no_internet_is_one_sentence_and_the_log_has_the_details(
    reason: OSError,
    wrapped: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise URLError(reason) if wrapped else reason

    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    with pytest.raises(DatasetError) as caught:
        load_dataset("mnist", tmp_path)
    file = "train-images-idx3-ubyte.gz"
    assert str(caught.value) == (
        f"MNIST is not on this server, and there is no internet. Connect it, or put {file} at "
        f"{tmp_path / 'MNIST' / 'raw' / file}. Or use the built-in digits, which need no files."
    )
    assert MNIST.mirrors[0] in caplog.text
    assert str(reason) in caplog.text


def test_a_server_that_answers_with_an_error_is_not_the_internets_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(request: urllib.request.Request, **_: Any) -> None:
        raise HTTPError(request.full_url, 404, "Not Found", Message(), None)

    monkeypatch.setattr(urllib.request, "urlopen", gone)
    with pytest.raises(
        DatasetError, match=r"could not be downloaded \(.*HTTP Error 404: Not Found"
    ):
        load_dataset("mnist", tmp_path)


def test_a_root_that_cannot_be_written(server: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="Not a directory"):
        load_dataset("kmnist", tmp_path / "file")


# --- files that were there before -----------------------------------------------------------------

Spoil = Callable[[Path], None]


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def other_header(path: Path) -> None:
    path.write_bytes(b"\x01" + path.read_bytes()[1:])


def other_classes(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (cut_short, "t10k-labels-idx1-ubyte has 10,007 bytes where 10,008 belong: delete it"),
        (other_header, "t10k-labels-idx1-ubyte is corrupt: delete it, and it is downloaded again"),
        (other_classes, "name classes that do not exist"),
    ],
)
def test_spoilt_files_are_found(
    spoil: Spoil, words: str, server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_dataset("kmnist", tmp_path)
    monkeypatch.setattr(dataset_files, "_loaded", {})
    spoil(tmp_path / "KMNIST" / "raw" / "t10k-labels-idx1-ubyte")
    with pytest.raises(DatasetError, match=words):
        load_dataset("kmnist", tmp_path)


def test_mnists_content_is_checked(tmp_path: Path) -> None:
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for name, sizes in IDX.items():
        header = bytes((0, 0, 8, len(sizes))) + b"".join(size.to_bytes(4, "big") for size in sizes)
        (folder / name).write_bytes(header + bytes(math.prod(sizes)))
    with pytest.raises(DatasetError, match="train-images-idx3-ubyte is corrupt"):
        load_dataset("mnist", tmp_path)


# --- colour ---------------------------------------------------------------------------------------


@pytest.fixture
def photographs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """CIFAR-10's archive with ten photographs a file, red on the left half."""
    image = np.zeros((3, 32, 32), np.uint8)
    image[0, :, :16] = 200
    batch = pickle.dumps(
        {"data": np.repeat(image.reshape(1, -1), 10, 0), "labels": list(range(10))}
    )
    names = [name for name, _ in [*CIFAR10.train_list, *CIFAR10.test_list]]
    files = dict.fromkeys(names, batch) | {
        "batches.meta": pickle.dumps({"label_names": list(DATASETS["cifar10"].classes)})
    }
    path = tmp_path / "cifar.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f"{CIFAR10.base_folder}/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    monkeypatch.setattr(CIFAR10, "url", path.as_uri())
    monkeypatch.setattr(CIFAR10, "tgz_md5", md5(path.read_bytes()))
    monkeypatch.setattr(CIFAR10, "train_list", [[name, md5(batch)] for name in names[:-1]])
    monkeypatch.setattr(CIFAR10, "test_list", [[names[-1], md5(batch)]])
    monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": md5(files["batches.meta"])})
    return path


def test_photographs(photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = load_dataset("cifar10", tmp_path)
    assert dataset.train.images.shape == (50, 3, 32, 32)
    assert dataset.test.labels.tolist() == list(range(10))
    assert dataset.train.images[0, :, 5].tolist() == [[200] * 16 + [0] * 16, [0] * 32, [0] * 32]
    samples = sample_images("cifar10", 3, tmp_path)
    assert samples.shape == (3, 32, 32, 3)
    assert samples[0, 5, 0].tolist() == [200, 0, 0]
    monkeypatch.setattr(dataset_files, "_loaded", {})
    cut_short(tmp_path / CIFAR10.base_folder / "data_batch_3")
    with pytest.raises(DatasetError, match="data_batch_3 is corrupt"):
        load_dataset("cifar10", tmp_path)


@pytest.fixture
def hundred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CIFAR-100's files with a photograph for each class, whose red is its class."""
    folder = tmp_path / CIFAR100.base_folder
    folder.mkdir()
    pixels = np.zeros((100, 3, 32, 32), np.uint8)
    pixels[:, 0] = np.arange(100)[:, None, None]
    batch = pickle.dumps(
        {
            "data": pixels.reshape(100, -1),
            "fine_labels": list(range(100)),
            "coarse_labels": [0] * 100,
        }
    )
    classes = [name.replace("\u00a0", "_") for name in DATASETS["cifar100"].classes]
    meta = pickle.dumps({"fine_label_names": classes})
    for name, data in {"train": batch, "test": batch, "meta": meta}.items():
        (folder / name).write_bytes(data)
    monkeypatch.setattr(CIFAR100, "train_list", [["train", md5(batch)]])
    monkeypatch.setattr(CIFAR100, "test_list", [["test", md5(batch)]])
    monkeypatch.setattr(CIFAR100, "meta", CIFAR100.meta | {"md5": md5(meta)})


@pytest.mark.usefixtures("hundred")
def test_the_fine_classes_of_cifar100(tmp_path: Path) -> None:
    dataset = load_dataset("cifar100", tmp_path)
    assert dataset.train.images.shape == (100, 3, 32, 32)
    assert dataset.train.labels.tolist() == dataset.train.images[:, 0, 0, 0].tolist()
    assert sample_images("cifar100", 100, tmp_path)[99, 0, 0].tolist() == [99, 0, 0]


@pytest.mark.usefixtures("hundred")
@pytest.mark.parametrize("name", ["train", "test", "meta"])
def test_each_file_of_cifar100_is_checked_before_it_is_read(name: str, tmp_path: Path) -> None:
    cut_short(tmp_path / CIFAR100.base_folder / name)
    with pytest.raises(DatasetError, match=f"{name} is corrupt: delete it"):
        load_dataset("cifar100", tmp_path)


@pytest.fixture
def house_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that SVHN is fetched from: ten images a file, whose class 0 is called 10 there."""
    folder = tmp_path / "server"
    folder.mkdir()
    split_list = {}
    for part in ("train", "test"):
        pixels = np.zeros((32, 32, 3, 10), np.uint8)
        pixels[:16, :, 2] = 10 * np.arange(1, 11)  # blue above
        path = folder / f"{part}_32x32.mat"
        savemat(path, {"X": pixels, "y": np.arange(1, 11, dtype=np.uint8)[:, None]})
        split_list[part] = [path.as_uri(), path.name, md5(path.read_bytes())]
    monkeypatch.setattr(SVHN, "split_list", split_list)
    return folder


def test_house_numbers(house_numbers: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    dataset = load_dataset("svhn", root)
    assert dataset.train.images.shape == (10, 3, 32, 32)
    assert dataset.test.labels.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
    assert dataset.test.labels.dtype == torch.int64
    assert dataset.test.images[0, :, 0, 0].tolist() == [0, 0, 10]
    assert dataset.test.images[9, :, 15, 31].tolist() == [0, 0, 100]
    assert dataset.test.images[9, :, 16, 31].tolist() == [0, 0, 0]
    assert DATASETS["svhn"].is_here(root)


def test_spoilt_house_numbers_are_found(
    house_numbers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_dataset("svhn", tmp_path)
    monkeypatch.setattr(dataset_files, "_loaded", {})
    cut_short(tmp_path / "test_32x32.mat")
    with pytest.raises(DatasetError, match=r"test_32x32\.mat is corrupt: delete it"):
        load_dataset("svhn", tmp_path)


# --- characters -----------------------------------------------------------------------------------


@pytest.fixture
def characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """EMNIST's archive, with the files of its balanced split: in them a bright first column, which
    is a first row, as they lie transposed.
    """
    path = tmp_path / "gzip.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("gzip/emnist-letters-mapping.txt", "1 65 97")
        for part, images in (("train", 112_800), ("test", 18_800)):
            pixels = np.zeros((images, 28, 28), np.uint8)
            pixels[:, :, 0] = 200
            labels = (np.arange(images) % 47).astype(np.uint8)
            for name, values in (("images-idx3", pixels), ("labels-idx1", labels)):
                header = bytes((0, 0, 8, values.ndim)) + b"".join(
                    size.to_bytes(4, "big") for size in values.shape
                )
                packed = gzip.compress(header + values.tobytes(), 1, mtime=0)
                archive.writestr(f"gzip/emnist-balanced-{part}-{name}-ubyte.gz", packed)
    monkeypatch.setattr(EMNIST, "url", path.as_uri())
    monkeypatch.setattr(EMNIST, "md5", md5(path.read_bytes()))
    return path


@pytest.mark.usefixtures("characters")
def test_characters_stand_upright(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "data"
    dataset = load_dataset("emnist", root)
    assert dataset.train.images.shape == (112_800, 1, 28, 28)
    assert dataset.test.images.shape == (18_800, 1, 28, 28)
    assert dataset.train.labels[:48].tolist() == [*range(47), 0]
    assert dataset.test.images[5, 0].int().sum(1).tolist() == [28 * 200, *27 * [0]]
    assert dataset.kind.classes[10] == "A"
    assert dataset.kind.classes[36:] == tuple("abdefghnqrt")
    assert DATASETS["emnist"].is_here(root)
    monkeypatch.setattr(dataset_files, "_loaded", {})
    cut_short(root / "EMNIST" / "raw" / "emnist-balanced-test-labels-idx1-ubyte")
    with pytest.raises(DatasetError, match="has 18,807 bytes where 18,808 belong"):
        load_dataset("emnist", root)


def test_the_characters_are_those_of_torchvision() -> None:
    assert list(DATASETS["emnist"].classes) == EMNIST.classes_split_dict["balanced"]


# --- memory ---------------------------------------------------------------------------------------


def test_many_threads_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []

    def counted(root: Path, progress: Any) -> tuple[Split, Split]:
        reads.append(root)
        time.sleep(0.05)
        return read_tiny(root, progress)

    monkeypatch.setitem(DATASETS, "tiny", tiny_kind(counted))
    found: list[Dataset] = []
    threads = [
        threading.Thread(target=lambda: found.append(load_dataset("tiny", tmp_path)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reads == [tmp_path]
    assert len(found) == 8
    assert all(one is found[0] for one in found)


def test_a_failure_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([OSError("disk trouble"), None])

    def once_broken(root: Path, progress: Any) -> tuple[Split, Split]:
        if error := next(answers):
            raise error
        return read_tiny(root, progress)

    monkeypatch.setitem(DATASETS, "tiny", tiny_kind(once_broken))
    with pytest.raises(DatasetError, match="disk trouble"):
        load_dataset("tiny", tmp_path)
    assert load_dataset("tiny", tmp_path).name == "tiny"


def test_whoever_can_wait_gets_images_that_take_long_to_read(monkeypatch, tmp_path):
    """Off a page, reading may take longer than a page would wait; nothing is downloaded all the
    same.
    """
    monkeypatch.setattr(dataset_files, "PATIENCE", 0)

    def slow(root, progress):
        assert progress is None
        time.sleep(0.3)
        return read_tiny(root, progress)

    monkeypatch.setitem(DATASETS, "slow", tiny_kind(slow))
    assert dataset_files.load_present_dataset("slow", tmp_path).name == "slow"


@pytest.mark.parametrize("name", DATASETS)
def test_images_are_here_once_their_last_file_is(name: str, tmp_path: Path) -> None:
    kind = DATASETS[name]
    assert kind.is_here(tmp_path) == (name == "digits")
    if kind.last_file:
        (tmp_path / kind.last_file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / kind.last_file).touch()
    assert kind.is_here(tmp_path)
