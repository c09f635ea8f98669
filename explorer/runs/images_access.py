"""Whose images a run may be trained on, and who may see them.

What a network makes of an image counts as seeing it: the maps of its first layer are the image
again. Figures over all test images, such as accuracies and confusion counts, everybody sees.
"""

from explorer.people.permissions import Action, Kind, NotAllowed, Thing, may
from explorer.people.person import Person
from explorer.training.dataset_lookup import find_dataset


def may_see_images(person: Person, dataset: str) -> bool:
    """Whether this person may see a data set's images, and train on them."""
    owner = find_dataset(dataset).owner
    return not owner or may(person, Action.LOOK, Thing(Kind.IMAGES, owner))


def unseen_text(dataset: str) -> str:
    """What stands in place of images that somebody may not see."""
    return (
        f"the images of {find_dataset(dataset).title} are seen by their owner and by teachers alone"
    )


def check_images(by: Person, dataset: str) -> None:
    """Raises NotAllowed where this person may not train on the data set."""
    if not may_see_images(by, dataset):
        raise NotAllowed(
            f"{find_dataset(dataset).title} are somebody's own images, and only they or a teacher "
            "can train on them: choose other images"
        )
