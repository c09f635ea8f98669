"""Own images as they are kept for people: who may add, see and delete them, and how much of them.

The files are described in training/own_images/kept.py.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from explorer.files import sweep_parts, take_lock, write_whole
from explorer.people.permissions import Action, Kind, Thing, check
from explorer.people.person import Person
from explorer.runs.disk import room_problem
from explorer.text import bytes_text, printable
from explorer.training.own_images.kept import (
    MAX_TITLE,
    Description,
    description_path,
    images_path,
    own_folder,
    read_description,
    write_images,
)
from explorer.training.own_images.making import Made
from explorer.training.own_images.names import new_name, parse_name
from explorer.training.own_images.problem import OwnImagesError

MOST_OF_A_PERSON = 10  # sets of images, of somebody who is no teacher
MOST_BYTES_OF_A_PERSON = 200_000_000
MOST_HERE = 300  # of all people, teachers too
LOCK_SECONDS = 10.0  # that somebody else may take to write or delete
ABANDONED = 600.0  # seconds after which a half-written file is nobody's any more

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kept:
    """A set of own images that is kept here."""

    name: str  # as a recipe names it
    about: Description
    size: int  # bytes


class OwnImages:
    """The folder of own images. Every method may be called from any thread."""

    def __init__(self, folder: Path | None = None):
        self.folder = folder or own_folder()

    def of(self, owner: str) -> tuple[Kept, ...]:
        """A person's sets of images, by title."""
        own = [kept for kept in self._all() if kept.about.owner == owner]
        return tuple(sorted(own, key=lambda kept: (kept.about.title.casefold(), kept.name)))

    def add(self, made: Made, title: str, by: Person) -> Kept:
        """Keep images for this person, and return what a recipe calls them.

        Raises OwnImagesError and NotAllowed.
        """
        check(by, Action.SAVE, Thing(Kind.IMAGES, by.id))
        title = printable(title)
        if not title or len(title) > MAX_TITLE:
            raise OwnImagesError(f"give these images a title of 1 to {MAX_TITLE} characters")
        size = made.train.images.nbytes + made.test.images.nbytes
        about = Description(
            title=title,
            owner=by.id,
            classes=made.classes,
            mean=made.mean,
            std=made.std,
            train_counts=made.train_counts,
            test_counts=made.test_counts,
            fit=made.options.fit,
            seed=made.options.seed,
            notes=made.notes,
        )
        name = new_name(len(made.classes), made.options.input_shape)
        with self._alone():
            self._check_room(by, title, size)
            try:
                sweep_parts(self.folder, older_than=ABANDONED)
                self._sweep_unknown()
                # The description last: it is what makes them known.
                write_whole(
                    images_path(self.folder, name),
                    lambda part: write_images(part, made.train, made.test, made.classes),
                )
                text = about.model_dump_json(indent=1)
                write_whole(
                    description_path(self.folder, name),
                    lambda part: part.write_text(text, encoding="utf-8"),
                )
            except OSError as error:
                with suppress(OSError):
                    images_path(self.folder, name).unlink(missing_ok=True)
                raise self._cannot_write(error) from None
        return Kept(name, about, images_path(self.folder, name).stat().st_size)

    def images_file(self, name: str, by: Person) -> Path:
        """The file of these images, for a download. Raises NotAllowed and OwnImagesError."""
        self._check(name, Action.LOOK, by)
        return images_path(self.folder, name)

    def delete(self, name: str, by: Person, keep_description: bool = False) -> None:
        """Delete images. With `keep_description` their title and classes stay, for the runs that
        were trained on them. Raises NotAllowed and OwnImagesError.
        """
        self._check(name, Action.DELETE, by)
        with self._alone():
            self._delete(name, keep_description)

    def delete_all_of(self, owner: str, by: Person) -> int:
        """Delete all of a person's images, with what is known of them. Returns how many those
        were. Raises NotAllowed and OwnImagesError.
        """
        check(by, Action.DELETE, Thing(Kind.IMAGES, owner))
        if not self.folder.is_dir():
            return 0
        with self._alone():
            own = [name for name in self._names() if self._owner(name) == owner]
            for name in own:
                self._delete(name, keep_description=False)
        return len(own)

    def _check(self, name: str, action: Action, by: Person) -> None:
        owner = self._owner(name)
        if not owner:
            raise OwnImagesError("these images are not on this server")
        check(by, action, Thing(Kind.IMAGES, owner))

    def _owner(self, name: str) -> str:
        about = read_description(self.folder, name)
        return about.owner if about else ""

    def _delete(self, name: str, keep_description: bool) -> None:
        try:
            images_path(self.folder, name).unlink(missing_ok=True)
            if not keep_description:
                description_path(self.folder, name).unlink(missing_ok=True)
        except OSError as error:
            raise self._cannot_write(error) from None

    def _check_room(self, by: Person, title: str, size: int) -> None:
        everything = self._all()
        own = [kept for kept in everything if kept.about.owner == by.id]
        if any(kept.about.title.casefold() == title.casefold() for kept in own):
            raise OwnImagesError(
                f"you have images called “{title}” already: choose another title, or delete those"
            )
        if len(everything) >= MOST_HERE:
            log.warning("%d sets of images are kept in %s, the limit", MOST_HERE, self.folder)
            raise OwnImagesError(
                f"{MOST_HERE} sets of images are kept on this server, which is the limit: "
                "delete one of yours, or ask whoever runs it to make room"
            )
        if not by.is_teacher:
            taken = sum(kept.size for kept in own)
            if len(own) >= MOST_OF_A_PERSON:
                raise OwnImagesError(
                    f"you keep {len(own)} sets of images, and {MOST_OF_A_PERSON} is the most for "
                    "one person: delete one that you no longer need"
                )
            if taken + size > MOST_BYTES_OF_A_PERSON:
                raise OwnImagesError(
                    f"your images take {bytes_text(taken)} and these {bytes_text(size)} more; "
                    f"{bytes_text(MOST_BYTES_OF_A_PERSON)} is the most for one person: "
                    "delete some that you no longer need, or scale these smaller"
                )
        if problem := room_problem(self._disk(), size):
            raise OwnImagesError(problem)

    def _disk(self) -> Path:
        """The nearest folder that is there already."""
        return next(
            (each for each in (self.folder, *self.folder.parents) if each.is_dir()), self.folder
        )

    def _all(self) -> list[Kept]:
        """Those whose images are here."""
        return list(self._found())

    def _found(self) -> Iterator[Kept]:
        for name in self._names():
            about = read_description(self.folder, name)
            try:
                size = images_path(self.folder, name).stat().st_size
            except OSError:  # only the description is left
                continue
            if about:
                yield Kept(name, about, size)

    def _names(self) -> list[str]:
        try:
            files = [path.stem for path in self.folder.glob("own-*.json")]
        except OSError as error:
            log.warning("what is kept in %s cannot be listed: %s", self.folder, error)
            return []
        return sorted(name for name in files if parse_name(name))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads and other servers from changing the folder meanwhile. Raises
        OwnImagesError.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = take_lock(self.folder / ".lock", LOCK_SECONDS)
        except OSError as error:
            raise self._cannot_write(error) from None
        if lock is None:
            raise OwnImagesError("somebody else's images are being kept: try again in a moment")
        try:
            yield
        finally:
            lock.release()

    def _sweep_unknown(self) -> None:
        """Delete images without a description, which a server that was killed has left."""
        for path in self.folder.glob("own-*.safetensors"):
            is_known = description_path(self.folder, path.stem).exists()
            with suppress(OSError):
                if not is_known and time.time() - path.stat().st_mtime >= ABANDONED:
                    path.unlink()

    def _cannot_write(self, error: OSError) -> OwnImagesError:
        """A message for visitors, which does not name the folder; the log does."""
        log.warning("%s cannot be written: %s", self.folder, error)
        return OwnImagesError(
            "images cannot be kept on this server "
            f"({error.strerror or 'its disk does not take them'}): tell whoever runs it"
        )
