"""Permits to see a data set's images, for what a page's scripts ask at an address of their own.

A page knows who looks at it, by the school's log-in, the browser's cookie or a teacher's key; such
an address knows none of these but the cookie. So the page gives its scripts a permit for images
that its visitor may see, and they send it along with each question. It opens nothing else, and ends
with the server's process.
"""

import hmac
import secrets

from explorer.people.permissions import NotAllowed
from explorer.people.person import Person
from explorer.runs.images_access import may_see_images, unseen_text
from explorer.training.dataset_lookup import find_dataset

LENGTH = 64  # characters of a permit
_SECRET = secrets.token_bytes(32)


def permit_for(person: Person, dataset: str) -> str:
    """What shows that this person may see the data set's images; "" where everybody may.

    Raises NotAllowed where they may not.
    """
    if not may_see_images(person, dataset):
        raise NotAllowed(unseen_text(dataset))
    return _signed(dataset) if find_dataset(dataset).owner else ""


def check_permit(dataset: str, permit: str) -> None:
    """Raises NotAllowed where the images are not everybody's, and this is no permit for them."""
    is_right = hmac.compare_digest(permit.encode(), _signed(dataset).encode())
    if find_dataset(dataset).owner and not is_right:
        raise NotAllowed(unseen_text(dataset))


def _signed(dataset: str) -> str:
    return hmac.new(_SECRET, dataset.encode(), "sha256").hexdigest()
