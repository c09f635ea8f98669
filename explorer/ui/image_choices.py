"""The data sets that a visitor can choose, and what an input calls them."""

from explorer.people.person import Person
from explorer.runs.images_access import may_see_images
from explorer.text import size_text
from explorer.training.dataset_lookup import find_dataset, is_dataset_name
from explorer.training.datasets import DATASETS
from explorer.ui import process
from explorer.ui.people import who


def image_choices(chosen: str) -> dict[str, str]:
    """Everybody's data sets, the visitor's own, and what is chosen already, as by a link: by name,
    what an input calls each.
    """
    person = who()  # once, as it reads the register
    own = [kept.name for kept in process.own_images().of(person.id)]
    return {name: _title(name, person) for name in (*DATASETS, *own, chosen)}


def image_choices_with_sizes(chosen: str) -> dict[str, str]:
    """The same, with the size of the images."""
    return {
        name: f"{title} · {size_text(find_dataset(name).input_shape)}"
        for name, title in image_choices(chosen).items()
    }


def can_be_chosen(name: str) -> bool:
    """Whether the visitor may choose these images."""
    return is_dataset_name(name) and may_see_images(who(), name)


def _title(name: str, person: Person) -> str:
    """A data set's title, which says where it is this person's own or somebody else's."""
    kind = find_dataset(name)
    if not kind.owner:
        return f"{kind.title}, not here" if kind.absent else kind.title
    if kind.absent:
        return f"{kind.title}, deleted"
    is_own = kind.owner == person.id
    return f"{kind.title}, {'your own' if is_own else 'somebody’s own'}"
