"""Whose images a run may be trained on, and who may see them."""

from explorer.people.permissions import Action, Kind, NotAllowed, Thing, may
from explorer.people.person import Person
from explorer.training.dataset_lookup import find_dataset


def may_see_images(person: Person, dataset: str) -> bool:
    """Whether this person may see a data set's images, and train on them."""
    owner = find_dataset(dataset).owner
    return not owner or may(person, Action.LOOK, Thing(Kind.IMAGES, owner))


def check_images(by: Person, dataset: str) -> None:
    """Raises NotAllowed where this person may not train on the data set."""
    if not may_see_images(by, dataset):
        raise NotAllowed(
            f"{find_dataset(dataset).title} are somebody's own images, and only they or a teacher "
            "can train on them: choose other images"
        )
