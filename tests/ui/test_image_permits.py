"""Permits to see a data set's images."""

import pytest

from explorer.people.permissions import NotAllowed
from explorer.ui.image_permits import LENGTH, check_permit, permit_for
from tests.people.shared import ANN, BEN, TEACHER


def test_their_owner_and_a_teacher_get_one_and_nobody_else(anns_images: str) -> None:
    permit = permit_for(ANN, anns_images)
    assert len(permit) == LENGTH
    assert permit_for(TEACHER, anns_images) == permit
    check_permit(anns_images, permit)
    with pytest.raises(NotAllowed, match="the images of Colours are seen by their owner and by"):
        permit_for(BEN, anns_images)


def test_images_that_everybody_may_see_need_none() -> None:
    assert permit_for(BEN, "digits") == ""
    check_permit("digits", "")
    check_permit("digits", "whatever is sent")
