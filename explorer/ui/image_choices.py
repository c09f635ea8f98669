"""The data sets that a visitor can choose, and what an input calls them."""

from explorer.runs.images_access import may_see_images
from explorer.text import size_text
from explorer.training.dataset_lookup import find_dataset
from explorer.training.datasets import DATASETS
from explorer.ui import process
from explorer.ui.people import who


def image_choices(chosen: str) -> list[str]:
    """Everybody's data sets, the visitor's own, and what is chosen already, as by a link."""
    own = [kept.name for kept in process.own_images().of(who().id)]
    return list(dict.fromkeys([*DATASETS, *own, chosen]))


def image_title(name: str) -> str:
    """A data set's title, which says where it is the visitor's own or somebody else's."""
    kind = find_dataset(name)
    if not kind.owner:
        return f"{kind.title}, not here" if kind.absent else kind.title
    if kind.absent:
        return f"{kind.title}, deleted"
    is_own = kind.owner == who().id
    return f"{kind.title}, {'your own' if is_own else 'somebody’s own'}"


def image_title_and_size(name: str) -> str:
    return f"{image_title(name)} · {size_text(find_dataset(name).input_shape)}"


def can_be_chosen(name: str) -> bool:
    """Whether the visitor may choose these images."""
    return name in image_choices(name) and may_see_images(who(), name)
