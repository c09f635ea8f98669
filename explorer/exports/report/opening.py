"""A report's zip read again, to be graded. Nothing in it is executed or unpacked to the disk.

Whoever made the zip may have wished for something else: how much is read of each file is bounded
before it is, names are only compared, and weights have to be those of the network beside them.
"""

import csv
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from explorer.assignment.assignment import Assignment, AssignmentError, parse_assignment
from explorer.exports.grading import End, GradeError, Trial
from explorer.exports.notebook import TRAINED_WEIGHTS
from explorer.exports.pytorch import state_dict_names
from explorer.exports.report.grade import GRADE
from explorer.json_reading import decode_json, shown
from explorer.network.analysis import analyze, place_text
from explorer.network.architecture_json import MAX_JSON_BYTES, parse_architecture
from explorer.network.build import build
from explorer.network.spec import Architecture
from explorer.refusal import Refusal
from explorer.runs.checkpoint_format import UNREADABLE
from explorer.text import bytes_text, counted, printable, quoted
from explorer.training.initialisation import trainable
from explorer.training.limits import find_excess
from explorer.training.recipe import parse_recipe

MAX_ZIP_BYTES = 1_000_000_000
MAX_FILES = 2_000  # a report of one run has about thirty
MAX_DIRECTORY = 1_000_000  # bytes of the zip's own table of contents
MAX_READ = {  # bytes of each file that is read; of weights it follows from the network
    "architecture.json": MAX_JSON_BYTES,
    "run.json": 1_000_000,
    GRADE: 1_000_000,
    "events.csv": 100_000_000,
    "model.py": 4_000_000,
}
WEIGHTS_HEADER = 2_000_000  # bytes of names and shapes
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # which can be unpacked bit by bit
ENCRYPTED = 0x1  # a flag of a zip's entry
END_RECORD, ZIP64_RECORD = b"PK\x05\x06", b"PK\x06\x07"
END_SIZE, ZIP64_SIZE = 22, 20  # bytes
TOO_MANY = f"it has too many files; a report has at most {MAX_FILES:,}"


class ReportError(GradeError):
    """The file is no report of a run that can be graded; the message says what is wrong."""


def open_reports(path: Path) -> tuple[Trial, ...]:
    """The run of a report's zip, or those of a hand-in's, a run for each seed.

    Raises ReportError.
    """
    try:
        with _opened(path) as archive:
            return tuple(
                _trial(_Folder(archive, folder), path.name) for folder in _report_folders(archive)
            )
    except ReportError as error:
        raise ReportError(f"{quoted(path.name)}: {error}") from None


# --- the zip --------------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            if size > MAX_ZIP_BYTES:
                raise ReportError(
                    f"it has {bytes_text(size)}; a report has at most {bytes_text(MAX_ZIP_BYTES)}"
                )
            file.seek(max(0, size - END_SIZE - ZIP64_SIZE))
            _check_end(file.read())
            with zipfile.ZipFile(file) as archive:
                _check_names(archive)
                yield archive
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise ReportError(f"no zip that can be read: {_in_a_line(error)}") from None
    except OSError as error:
        raise ReportError(f"it cannot be read: {error.strerror or error}") from None
    except (ValueError, RuntimeError) as error:
        if isinstance(error, Refusal):
            raise
        raise ReportError(f"no zip that can be read: {_in_a_line(error)}") from None


def _check_end(end: bytes) -> None:
    """Look at the last bytes, before the zip's table of contents is read into memory."""
    record = end[-END_SIZE:]
    if not record.startswith(END_RECORD) or len(record) < END_SIZE or record[-2:] != b"\0\0":
        raise ReportError("it is no zip of a report: it does not end as one does")
    entries, directory = int.from_bytes(record[10:12], "little"), record[12:16]
    many = entries > MAX_FILES or int.from_bytes(directory, "little") > MAX_DIRECTORY
    if many or end[-END_SIZE - ZIP64_SIZE :].startswith(ZIP64_RECORD):
        raise ReportError(TOO_MANY)


def _check_names(archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    if len(names) > MAX_FILES:
        raise ReportError(TOO_MANY)
    for name in names:
        parts = name.removesuffix("/").split("/")
        if "\\" in name or ":" in parts[0] or any(part in ("", ".", "..") for part in parts):
            raise ReportError(f"{quoted(name)} leads out of its folder; a report's files lie in it")
    if twice := {name for name in names if names.count(name) > 1}:
        raise ReportError(f"it has two files called {quoted(min(twice))}")
    tops = sorted({name.split("/")[0] for name in names})
    if len(tops) > 1:
        shown_tops = ", ".join(quoted(top) for top in tops[:3])
        raise ReportError(f"a report has one folder at its top; this has {len(tops)}: {shown_tops}")


def _report_folders(archive: zipfile.ZipFile) -> list[str]:
    """Those in which a run's report lies: the top folder, or of a hand-in one for each seed."""
    found = [
        name.removesuffix("/run.json")
        for name in archive.namelist()
        if re.fullmatch(r"[^/]+(/seed-\d+)?/run\.json", name)
    ]
    top = [folder for folder in found if "/" not in folder]
    if not found:
        raise ReportError("it has no run.json in its folder, so it is no report of a run")
    return top or sorted(found)


def _in_a_line(error: Exception) -> str:
    """What a library says, which may quote the file."""
    return printable(str(error))[:200]


class _Folder:
    """Files of one report, of each at most so many bytes."""

    def __init__(self, archive: zipfile.ZipFile, path: str):
        self._archive, self.path = archive, path

    def has(self, name: str) -> bool:
        return f"{self.path}/{name}" in self._archive.namelist()

    def read(self, name: str, most: int | None = None) -> bytes:
        most = MAX_READ[name] if most is None else most
        if not self.has(name):
            raise ReportError(f"it has no {name}")
        entry = self._archive.getinfo(f"{self.path}/{name}")
        if entry.compress_type not in PACKINGS or entry.flag_bits & ENCRYPTED:
            raise ReportError(f"{name} is packed as no report packs its files")
        too_long = ReportError(f"{name} has more than {bytes_text(most)}")
        if entry.file_size > most:
            raise too_long
        with self._archive.open(entry) as file:
            try:
                data = file.read(most + 1)
            except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
                raise ReportError(f"{name} is damaged: {_in_a_line(error)}") from None
        if len(data) > most:
            raise too_long
        return data

    def json(self, name: str) -> dict[str, Any]:
        data = decode_json(
            self.read(name), name, MAX_READ[name], lambda text: ReportError(f"{name}: {text}")
        )
        if not isinstance(data, dict):
            raise ReportError(f"{name} is no JSON object")
        return data


# --- the run --------------------------------------------------------------------------------------


def _trial(folder: _Folder, zip_name: str) -> Trial:
    facts, told = folder.json("run.json"), folder.json(GRADE) if folder.has(GRADE) else {}
    try:
        architecture = parse_architecture(folder.read("architecture.json"))
        recipe = parse_recipe(_field(facts, "recipe", dict))
        assignment = _assignment(told)
    except (Refusal, AssignmentError) as error:
        raise error if isinstance(error, ReportError) else ReportError(str(error)) from None
    _check_network(architecture)
    precision = _field(facts, "precision", str)
    if precision not in ("fp32", "bf16"):
        raise ReportError(f"run.json: precision is fp32 or bf16; this has {shown(precision)}")
    end = _end(folder.read("events.csv"))
    weights, digest = _weights(folder, architecture)
    return Trial(
        name=zip_name if "/" not in folder.path else f"{zip_name}/{folder.path.split('/')[1]}",
        architecture=architecture,
        recipe=recipe,
        weights=weights,
        weights_epoch=_field(facts, "epochs", int),
        precision=precision,
        device=_field(facts, "device", str),
        end=end,
        claims=_claims(told, end),
        remarks=tuple(_remarks(folder, told, architecture, end, digest)),
        assignment=assignment,
    )


def _field(facts: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    if type(facts.get(name)) is not kind:
        raise ReportError(f"run.json: {name} is missing, or not what a report has there")
    return facts[name]


def _assignment(told: Mapping[str, Any]) -> Assignment | None:
    return parse_assignment(told["assignment"]) if "assignment" in told else None


def _check_network(architecture: Architecture) -> None:
    """Before anything is made of its size."""
    analysis = analyze(architecture)
    if analysis.problem:
        where = place_text(analysis, analysis.problem)
        raise ReportError(f"layer {where} of architecture.json: {analysis.problem.message}")
    if excess := find_excess(analysis):
        raise ReportError(excess)


def _end(data: bytes) -> End | None:
    """The first `finished` of events.csv."""
    try:
        rows = csv.DictReader(io.StringIO(data.decode()))  # one at a time: it may be long
        first = next((row for row in rows if row["kind"] == "finished"), None)
        if first is None:
            return None
        end = End(int(first["epoch"]), float(first["test_accuracy"]))
        if not 0 <= end.test_accuracy <= 1:  # nor NaN
            raise ValueError
        return end
    except (csv.Error, ValueError, KeyError, TypeError):
        raise ReportError("events.csv is no table of a run's events") from None


def _claims(told: Mapping[str, Any], end: End | None) -> tuple[tuple[str, float], ...]:
    """The accuracy that grade.json says, which people read, and that of events.csv."""
    said = told.get("accuracy")
    claims = (
        [("the report", float(said))] if isinstance(said, int | float) and 0 <= said <= 1 else []
    )
    if end and (not claims or claims[0][1] != end.test_accuracy):
        claims.append(("the report's events.csv" if claims else "the report", end.test_accuracy))
    return tuple((who, claim) for who, claim in claims if 0 <= claim <= 1)


def _remarks(
    folder: _Folder,
    told: Mapping[str, Any],
    architecture: Architecture,
    end: End | None,
    digest: str,
) -> Iterator[str]:
    """Where grade.json says something else than the files beside it."""
    if not told:
        yield "the report has no grade.json"
        return
    digests = told.get("sha256")
    for name, said in digests.items() if isinstance(digests, dict) else ():
        if name == TRAINED_WEIGHTS:
            found = digest
        elif name in MAX_READ and folder.has(name):
            found = hashlib.sha256(folder.read(name)).hexdigest()
        else:
            continue
        if found != said:
            yield f"this report was changed: {name} is not the file that grade.json tells of"
    counted_now = {
        "parameters": analyze(architecture).total_params,
        "epochs": end and end.epoch,
    }
    for name, count in counted_now.items():
        if told.get(name) != count:
            said = shown(told.get(name))
            yield f"this report was changed: grade.json says {said} {name}, counted {count}"


def _weights(folder: _Folder, architecture: Architecture) -> tuple[dict[str, Tensor], str]:
    """By the names that build() gives, and the file's checksum."""
    with torch.device("meta"):
        expected = build(trainable(architecture)).state_dict()
    names = state_dict_names(trainable(architecture))
    size = sum(tensor.nbytes for tensor in expected.values())
    if not folder.has(TRAINED_WEIGHTS):
        raise ReportError(f"it has no {TRAINED_WEIGHTS}, so that nothing can be measured")
    data = folder.read(TRAINED_WEIGHTS, size + WEIGHTS_HEADER)
    try:
        found = safetensors.torch.load(data)
    except UNREADABLE as error:
        raise ReportError(
            f"{TRAINED_WEIGHTS} is no safetensors file: {_in_a_line(error)}"
        ) from None
    if missing := _names_text(set(names.values()) - found.keys()):
        raise ReportError(f"{TRAINED_WEIGHTS} lacks {missing} of the network")
    if unknown := _names_text(found.keys() - set(names.values())):
        raise ReportError(f"{TRAINED_WEIGHTS} has {unknown}, which the network has not")
    for name, tensor in expected.items():
        given = found[names[name]]
        if (given.shape, given.dtype) != (tensor.shape, tensor.dtype):
            raise ReportError(
                f"{names[name]} of {TRAINED_WEIGHTS} is {list(given.shape)} of {given.dtype}, "
                f"and in the network {list(tensor.shape)} of {tensor.dtype}"
            )
    weights = {name: found[names[name]] for name in expected}
    return weights, hashlib.sha256(data).hexdigest()


def _names_text(names: set[str]) -> str:
    """ "“conv1.weight” and 3 more"; "" for none."""
    if not names:
        return ""
    first, *others = sorted(names)
    return quoted(first) + (f" and {counted(len(others), 'other')}" if others else "")
