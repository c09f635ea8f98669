"""A zip of images, read in memory: which files it holds, and which class each is of.

What its headers state is not trusted: a file is inflated piece by piece, up to what one may have,
and a name is text that is compared and shown, never a path that is opened.
"""

import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO

from explorer.text import bytes_text, counted, printable, quoted
from explorer.training.own_images.labels_table import read_labels
from explorer.training.own_images.problem import OwnImagesError

# What a browser may send at once, `maxUploadSize` in .streamlit/config.toml: 10,000 small images,
# or 200 photographs that were made smaller.
MAX_ZIP_BYTES = 32_000_000
MAX_IMAGES = 20_000  # twice what a class has collected; each takes a file's time to read
MAX_ENTRIES = 25_000  # with folders and what is left out; Python keeps half a kB of each
MAX_FILE_BYTES = 15_000_000  # of one file unpacked: a large photograph
# Of all files unpacked: photographs hardly shrink in a zip, plain bitmaps by ten times.
MAX_UNPACKED_BYTES = 400_000_000
MAX_TABLE_BYTES = 2_000_000
MOST_CHARACTERS, MOST_FOLDERS = 1_000, 20  # of a file's name in the zip

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
TABLE = ".csv"
OTHER_IMAGES = (".heic", ".heif", ".tif", ".tiff", ".avif", ".svg", ".raw", ".dng")
ARCHIVES = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz")
# What systems leave in folders: no file of a person's.
LEFT_BY_SYSTEMS = ("__macosx", "thumbs.db", "desktop.ini")
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others need memory that the zip decides on

ENTRY = b"PK\x01\x02"  # begins each entry of a zip's table of contents
NAMED = 3  # files in a message

# What reading bytes that are no zip may raise.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
)

Parts = tuple[str, ...]  # a file's folders and its name

HOW_TO = "Make a zip of one folder for each class, named after it, with its images inside"


@dataclass(frozen=True)
class Found:
    """What a zip holds: for each image its place in the zip and the number of its class."""

    classes: tuple[str, ...]
    images: tuple[tuple[zipfile.ZipInfo, int], ...]
    notes: tuple[str, ...] = ()


@dataclass
class ImageZip:
    """A zip that is open. Raises OwnImagesError for bytes that are none, or too much of one."""

    data: bytes
    unpacked: int = field(default=0, init=False)  # bytes so far

    def __post_init__(self) -> None:
        if not self.data:
            raise OwnImagesError(f"the file is empty. {HOW_TO}")
        if len(self.data) > MAX_ZIP_BYTES:
            raise OwnImagesError(
                f"the zip has {bytes_text(len(self.data))}, and {bytes_text(MAX_ZIP_BYTES)} is the "
                "most: make the images smaller first, as they are scaled down here anyway"
            )
        if self.data.count(ENTRY) > MAX_ENTRIES:
            raise OwnImagesError(
                f"the zip names more than {MAX_ENTRIES:,} files; the most are {MAX_IMAGES:,} images"
            )
        try:
            self._archive = zipfile.ZipFile(BytesIO(self.data))
            self._entries = [each for each in self._archive.infolist() if not each.is_dir()]
        except UNREADABLE:
            raise OwnImagesError(f"this is no zip, or it is cut off. {HOW_TO}") from None

    def contents(self) -> Found:
        """The images and their classes, by folders or by a table. Raises OwnImagesError."""
        files, notes = self._files()
        images = {parts: entry for parts, entry in files.items() if suffix(parts) in SUFFIXES}
        tables = [parts for parts in files if suffix(parts) == TABLE]
        if not images:
            raise OwnImagesError(_no_images(files))
        if len(images) > MAX_IMAGES:
            raise OwnImagesError(
                f"the zip has {len(images):,} images, and {MAX_IMAGES:,} is the most: "
                "leave some of each class out"
            )
        if len(tables) > 1:
            raise OwnImagesError(
                f"the zip has {len(tables)} tables, {_some(tables)}: leave one CSV, whose columns "
                "are filename and label, or none"
            )
        notes += _left_out(files)
        if tables:
            return self._by_table(images, tables[0], files[tables[0]], notes)
        return _by_folders(images, notes)

    def read(self, entry: zipfile.ZipInfo, most: int = MAX_FILE_BYTES) -> bytes:
        """A file's bytes. Raises OwnImagesError where all files are too much, and FileFault where
        this one cannot be read.
        """
        if entry.flag_bits & 0x1:
            raise OwnImagesError(
                "the zip is protected by a password, which nobody is asked for here: "
                "make one without"
            )
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise FileFault("it is a link to another file")
        if entry.compress_type not in METHODS:
            raise FileFault("it is packed in a way that is not read here")
        try:
            with self._archive.open(entry) as file:
                data = file.read(most + 1)
        except UNREADABLE:
            raise FileFault("it is damaged in the zip") from None
        self.unpacked += len(data)
        if self.unpacked > MAX_UNPACKED_BYTES:
            raise OwnImagesError(
                f"unpacked, the zip has more than {bytes_text(MAX_UNPACKED_BYTES)}, the most: "
                "make the images smaller, or take fewer"
            )
        if len(data) > most:
            raise FileFault(f"unpacked it has more than {bytes_text(most)}")
        return data

    def _files(self) -> tuple[dict[Parts, zipfile.ZipInfo], tuple[str, ...]]:
        """The files by their parts, without what systems leave; and what is said of doubles."""
        files: dict[Parts, zipfile.ZipInfo] = {}
        doubles = 0
        for entry in self._entries:
            parts = _parts(entry.filename)
            if any(part.startswith(".") or part.casefold() in LEFT_BY_SYSTEMS for part in parts):
                continue
            if parts in files:
                doubles += 1
                continue
            files[parts] = entry
        if not doubles:
            return files, ()
        return files, (f"{counted(doubles, 'file')} of a name that came before left out",)

    def _by_table(
        self,
        images: Mapping[Parts, zipfile.ZipInfo],
        table: Parts,
        entry: zipfile.ZipInfo,
        notes: tuple[str, ...],
    ) -> Found:
        try:
            data = self.read(entry, MAX_TABLE_BYTES)
        except FileFault as fault:
            raise OwnImagesError(f"{place_text(table)} cannot be read: {fault}") from None
        labels = read_labels(data, place_text(table))
        beside = table[:-1]  # names in the table are meant from where it lies
        by_path = {_folded(beside + _parts(name)): label for name, label in labels.items()}
        by_name = {_folded(parts[-1:]): label for parts, label in by_path.items()}
        are_unique = len({_folded(parts[-1:]) for parts in images}) == len(images)
        found: list[tuple[zipfile.ZipInfo, str]] = []
        for parts, image in images.items():
            label = by_path.get(_folded(parts))
            # "images/a.png" in the zip is often plain a.png in the table.
            if label is None and are_unique and len(by_name) == len(by_path):
                label = by_name.get(_folded(parts[-1:]))
            if label is not None:
                found.append((image, label))
        if not found:
            raise OwnImagesError(
                f"none of the {len(labels):,} files that {place_text(table)} names is in the zip: "
                f"it names {quoted(next(iter(labels)))}, and the zip has {_some(list(images)[:1])}"
            )
        more = (
            _note(len(labels) - len(found), "row of the table without its image", "left out"),
            _note(len(images) - len(found), "image that the table does not name", "left out"),
        )
        return _numbered(found, notes + tuple(filter(None, more)))


class FileFault(Exception):
    """One file of the zip cannot be taken; the message says why, and goes on after its name."""


def _by_folders(images: Mapping[Parts, zipfile.ZipInfo], notes: tuple[str, ...]) -> Found:
    paths = list(images)
    # Folders around the classes' folders, as some programs put all into one.
    around = 0
    while (
        all(len(parts) > around + 2 for parts in paths)
        and len({parts[around] for parts in paths}) == 1
    ):
        around += 1
    for parts in paths:
        depth = len(parts) - around
        if depth < 2:
            raise OwnImagesError(
                f"{place_text(parts)} lies in no class's folder. {HOW_TO}; or add a CSV with the "
                "columns filename and label"
            )
        if depth > 2:
            raise OwnImagesError(
                f"{place_text(parts)} lies in a folder within another: put the images straight "
                "into their class's folder. Which of them test is decided here, by a seed"
            )
    return _numbered([(entry, parts[around]) for parts, entry in images.items()], notes)


def _numbered(images: list[tuple[zipfile.ZipInfo, str]], notes: tuple[str, ...]) -> Found:
    """The images with their classes' numbers, in the order of the names: 2 before 10."""
    names: dict[str, str] = {}  # as it is compared, as it is shown
    labels = {label: printable(label) for label in dict.fromkeys(label for _, label in images)}
    for shown in labels.values():
        if not shown:
            raise OwnImagesError("a class has a name without a character that can be seen")
        key = shown.casefold()
        if names.setdefault(key, shown) != shown:
            raise OwnImagesError(
                f"the classes {quoted(names[key])} and {quoted(shown)} differ in capitals alone: "
                "make one of them, or give them other names"
            )
    order = sorted(names, key=_by_number)
    number = {key: place for place, key in enumerate(order)}
    return Found(
        tuple(names[key] for key in order),
        tuple((entry, number[labels[label].casefold()]) for entry, label in images),
        notes,
    )


def _by_number(name: str) -> tuple[int, int, str]:
    is_number = name.isascii() and name.isdecimal()
    return (0, int(name[:9]), name) if is_number else (1, 0, name)


def _parts(name: str) -> Parts:
    """A name's folders and its last part. Raises OwnImagesError for one that leads out of the
    zip.
    """
    path = name.replace("\\", "/")
    if len(path) > MOST_CHARACTERS or path.count("/") > MOST_FOLDERS:
        raise OwnImagesError(
            f"the name of a file in the zip, which begins with {place_text(path[:50])}, is longer "
            f"than {MOST_CHARACTERS:,} characters, or lies in more than {MOST_FOLDERS} folders: "
            "shorten it, and make the zip again"
        )
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    leads_out = path.startswith("/") or ".." in parts or (bool(parts) and parts[0][1:2] == ":")
    if leads_out or not parts:
        raise OwnImagesError(
            f"the zip names a place outside of it, {quoted(printable(name))}. {HOW_TO}"
        )
    return parts


def _folded(parts: Parts) -> Parts:
    """Parts as they are compared: macOS writes an é as two characters, and Windows knows no
    capitals.
    """
    return tuple(unicodedata.normalize("NFC", part).casefold() for part in parts)


def suffix(parts: Parts) -> str:
    dot = parts[-1].rfind(".")
    return parts[-1][dot:].lower() if dot > 0 else ""


def place_text(parts: Parts | str) -> str:
    """A file's place in the zip, as a message shows it."""
    return quoted(printable(parts if isinstance(parts, str) else "/".join(parts)))


def _some(files: list[Parts]) -> str:
    named = ", ".join(place_text(parts) for parts in files[:NAMED])
    return f"{named} and more" if len(files) > NAMED else named


def _note(count: int, noun: str, what: str) -> str:
    if count <= 0:
        return ""
    first, _, rest = noun.partition(" ")
    return f"{counted(count, first)} {rest} {what}"


def _left_out(files: Mapping[Parts, zipfile.ZipInfo]) -> tuple[str, ...]:
    others = [parts for parts in files if suffix(parts) not in (*SUFFIXES, TABLE)]
    if not others:
        return ()
    return (f"{counted(len(others), 'file')} of other kinds left out: {_some(others)}",)


def _no_images(files: Mapping[Parts, zipfile.ZipInfo]) -> str:
    """Why there are no images, by what there is instead."""
    kinds = Counter(map(suffix, files))
    formats = "PNG, JPEG, BMP, GIF and WebP"
    if any(kind in ARCHIVES for kind in kinds):
        inner = next(parts for parts in files if suffix(parts) in ARCHIVES)
        return f"the zip holds another archive, {place_text(inner)}, and no images. {HOW_TO}"
    if any(kind in OTHER_IMAGES for kind in kinds):
        other = next(parts for parts in files if suffix(parts) in OTHER_IMAGES)
        return f"{place_text(other)} is of a format not read here: save the images as PNG or JPEG"
    if not files:
        return f"the zip is empty. {HOW_TO}"
    return f"the zip has no images ({formats} are read), only {_some(list(files))}. {HOW_TO}"
