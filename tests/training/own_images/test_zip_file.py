"""What a zip holds: folders around, what systems leave, tables, and what is said of faults."""

import pytest

from explorer.training.own_images.problem import OwnImagesError
from explorer.training.own_images.zip_file import Found, ImageZip
from tests.training.own_images.zips import CLASSES, good_files, good_zip, picture, zipped


def contents(files: dict[str, bytes]) -> Found:
    return ImageZip(zipped(files)).contents()


def labels_of(found: Found) -> dict[str, str]:
    return {entry.filename: found.classes[label] for entry, label in found.images}


@pytest.mark.parametrize("around", ["", "my images/", "a/b/c/", "./", "a\\b\\"])
def test_a_folder_a_class(around: str) -> None:
    found = contents(good_files(around=around))
    assert found.classes == CLASSES
    assert len(found.images) == 12
    assert all(label in name for name, label in labels_of(found).items())
    assert found.notes == ()


def test_what_systems_leave_is_left_out_without_a_word() -> None:
    left = ["__MACOSX/red/._0.png", "red/.DS_Store", "red/Thumbs.db", "desktop.ini", ".git/x.png"]
    found = contents(good_files() | dict.fromkeys(left, b"x"))
    assert len(found.images) == 12
    assert found.notes == ()


def test_other_files_are_left_out_and_told() -> None:
    found = contents(good_files() | {"README.md": b"x", "red/a.txt": b"x", "x.zip": b"x"})
    assert found.notes == ("3 files of other kinds left out: “README.md”, “red/a.txt”, “x.zip”",)


def test_classes_in_the_order_of_their_numbers() -> None:
    files = {f"{name}/{n}.png": b"" for name in ("10", "9", "b", "0", "Äpfel", "a") for n in "12"}
    assert contents(files).classes == ("0", "9", "10", "a", "b", "Äpfel")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.png": b"x"}, "“a.png” lies in no class's folder. Make a zip of one folder"),
        ({**good_files(), "x.png": b""}, "“x.png” lies in no class's folder"),
        (
            {f"{part}/{name}": b"" for part in ("train", "test") for name in good_files()},
            "“train/blue/0.png” lies in a folder within another.*decided here, by a seed",
        ),
        ({"red/a.heic": b"x"}, "“red/a.heic” is of a format not read here"),
        ({"red/a.doc": b"x"}, "the zip has no images .*, only “red/a.doc”"),
        ({"all.zip": b"x"}, "holds another archive, “all.zip”, and no images"),
        ({}, "the zip is empty"),
        ({"a/1.png": b"", "A/2.png": b"", "b/3.png": b""}, "“a” and “A” differ in capitals alone"),
        ({"../a/1.png": b""}, "names a place outside of it, “../a/1.png”"),
        ({**good_files(), "1.csv": b"x", "2.csv": b"x"}, "has 2 tables, “1.csv”, “2.csv”"),
    ],
)
def test_what_is_refused(files: dict[str, bytes], words: str) -> None:
    with pytest.raises(OwnImagesError, match=words):
        contents(files)


def test_too_large_a_zip_is_refused_before_it_is_read() -> None:
    with pytest.raises(OwnImagesError, match="the zip has 33 MB, and 32 MB is the most"):
        ImageZip(bytes(33_000_000))


# --- by a table -----------------------------------------------------------------------------------

FLAT = {f"images/{name.replace('/', '-')}": data for name, data in good_files().items()}


def table(separator: str = ",", header: str = "filename,label", prefix: str = "") -> bytes:
    rows = [f"{prefix}{name.partition('/')[2]},{name[7:].partition('-')[0]}" for name in FLAT]
    return "\r\n".join([header, *rows, ""]).replace(",", separator).encode()


@pytest.mark.parametrize(
    ("place", "data"),
    [
        ("labels.csv", table()),
        ("labels.csv", table(prefix="images/")),
        ("images/labels.csv", table()),
        ("labels.csv", "\ufeff".encode() + table(";", "Image,Class")),
        ("LABELS.CSV", table("\t", " File ,Category")),
    ],
)
def test_labels_of_a_table(place: str, data: bytes) -> None:
    found = contents({**FLAT, place: data})
    assert found.classes == CLASSES
    assert len(found.images) == 12
    assert all(f"/{label}-" in name for name, label in labels_of(found).items())
    assert found.notes == ()


def test_images_and_rows_without_the_other_are_told() -> None:
    rows = b"filename,label\nred-0.png,warm\nblue-1.png,cold\nnone.png,cold\n"
    found = contents({**FLAT, "labels.csv": rows})
    assert labels_of(found) == {"images/red-0.png": "warm", "images/blue-1.png": "cold"}
    assert found.notes == (
        "1 row of the table without its image left out",
        "10 images that the table does not name left out",
    )


def test_the_same_names_in_two_folders_are_told_apart() -> None:
    files = {"a/1.png": picture(0, 1), "b/1.png": picture(1, 1)}
    found = contents({**files, "t.csv": b"filename,label\na/1.png,x\nb/1.png,y\n"})
    assert labels_of(found) == {"a/1.png": "x", "b/1.png": "y"}
    with pytest.raises(
        OwnImagesError, match=r"none of the 1 files that “t\.csv” names is in the zip"
    ):
        contents({**files, "t.csv": b"filename,label\n1.png,x\n"})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "“t.csv” is empty: its first line names the columns: filename,label"),
        (b"a,b\n1,2", "has no columns filename and label but “a”, “b”"),
        (b"filename,label\n", "names no file below its first line"),
        (b"filename,label\n1.png\n", "line 2 of “t.csv” lacks a file name or a label"),
        (b"filename,label\n\n1.png,\n", "line 3 of “t.csv” lacks a file name or a label"),
        (b"filename,label\n1.png,a\n1.png,b", "line 3 .* a second label, “b” beside “a”"),
        ("filename,label\nä,ö".encode("latin-1"), "is not text in UTF-8: save it as CSV UTF-8"),
        (b"filename,label\nx.png,a", "it names “x.png”, and the zip has “blue/0.png”"),
        (b"filename,label\n" + b"a.png,b\n" * 25_001, "has more than 25,000 rows"),
        (b"x" * 2_000_001, "“t.csv” cannot be read: unpacked it has more than 2.0 MB"),
    ],
)
def test_tables_that_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(OwnImagesError, match=words):
        contents({**good_files(), "t.csv": data})


def test_reading_a_file_checks_it() -> None:
    archive = ImageZip(good_zip())
    entry, _ = archive.contents().images[0]
    assert archive.read(entry) == picture(2, 0)
    assert archive.unpacked == len(picture(2, 0))


@pytest.mark.parametrize(
    "name", ["a" * 2_000 + "/1.png", "ab/" * 30 + "1.png", "ab\\" * 30 + "1.png"]
)
def test_names_that_would_fill_the_memory_are_refused(name: str) -> None:
    with pytest.raises(OwnImagesError, match="is longer than 1,000 characters, or lies in more"):
        contents({**good_files(), name: b"x"})


def test_a_label_is_no_text() -> None:
    table = f"filename,label\na.png,{'x' * 5_000}\n".encode()
    with pytest.raises(OwnImagesError, match="has a label of 5,000 characters"):
        contents({"a.png": picture(0, 0), "labels.csv": table})
