"""Own images on Train, without a browser: added from a zip, looked at, used, deleted."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from explorer.people.permissions import NotAllowed
from explorer.training.dataset_lookup import find_dataset
from explorer.training.own_images.kept import images_path, own_folder
from explorer.training.own_images.problem import OwnImagesError
from explorer.ui import process
from explorer.ui.train import own_images_dialog as dialog
from tests.people.shared import ANN, BEN
from tests.training.own_images.zips import CLASSES, good_zip
from tests.ui.test_pages import opened, session, train_page

pytestmark = pytest.mark.usefixtures("runs_of_its_own")


def opened_dialog() -> AppTest:
    app = opened(train_page)
    return press(app, "Own images…")


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def add(app: AppTest, title: str, content: bytes | None) -> AppTest:
    """Give a title and a zip, and press the button."""
    next(box for box in app.text_input if box.label == "Title").set_value(title)
    if content is not None:
        uploader = next(box for box in app.file_uploader if box.label == "Zip of images")
        uploader.set_value(("images.zip", content, "application/zip"))
    return press(app, "Add these images")


def own(app: AppTest) -> str:
    """The name of the images that the dialog shows."""
    (name,) = re.findall(r'data-own="([^"]+)"', html_of(app))
    return str(name)


def html_of(app: AppTest) -> str:
    return " ".join(str(element.proto.body) for element in app.get("html"))


@pytest.mark.parametrize(
    ("title", "content", "words"),
    [
        (
            "Colours",
            None,
            "Choose a zip first; one that was chosen a while ago has to be chosen again.",
        ),
        (" ", good_zip(), "Give these images a title first."),
        ("Colours", b"no zip", "Nothing was added: this is no zip"),
    ],
)
def test_what_cannot_be_added_is_said(title: str, content: bytes | None, words: str) -> None:
    app = add(opened_dialog(), title, content)
    assert [each.value.startswith(words) for each in app.error] == [True]
    assert process.own_images().of(session_owner(app)) == ()


def session_owner(app: AppTest) -> str:
    owner: str = app.session_state["person"]
    return owner


def test_added_they_are_shown_used_and_deleted() -> None:
    app = add(opened_dialog(), "Three colours", good_zip(20))
    name = own(app)
    assert find_dataset(name).owner == session_owner(app)
    text = html_of(app)
    assert "48 images to train on and 12 to test, of 3×32×32, in 3 classes" in text
    for each in CLASSES:
        assert f"<th scope=row>{each}</th><td>16</td><td>4</td>" in text
    assert text.count("<figure>") == 15

    press(app, "Train on these images")
    assert session(app).recipe.dataset == name
    assert session(app).input_shape == (3, 32, 32)
    assert not session(app).own_images
    images = next(box for box in app.selectbox if box.label == "Images")
    assert images.value == name
    assert "Three colours, your own" in images.options

    press(app, "Own images…")
    assert own(app) == name
    press(app, "Delete")
    assert process.own_images().of(session_owner(app)) == ()
    assert find_dataset(name).title == "Own images"  # no run was trained on them


def test_a_title_is_text_and_nothing_else() -> None:
    app = add(opened_dialog(), "<b>Leaves</b>", good_zip())
    assert "&lt;b&gt;Leaves&lt;/b&gt;" in html_of(app)
    assert "<b>Leaves" not in html_of(app)


def test_their_file_is_for_their_owner(anns_images: str) -> None:
    whole = images_path(own_folder(), anns_images).read_bytes()
    assert dialog._file(anns_images, ANN) == whole
    with pytest.raises(NotAllowed):
        dialog._file(anns_images, BEN)
    process.own_images().delete(anns_images, ANN, keep_description=True)
    with pytest.raises(OwnImagesError, match="these images cannot be read"):
        dialog._file(anns_images, ANN)
