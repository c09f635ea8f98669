"""What a recipe will do, told and drawn before it does."""

import pytest
import torch
from streamlit.testing.v1 import AppTest

from explorer.training import images
from explorer.training.dataset_files import load_dataset, training_samples
from explorer.training.datasets import DATASETS
from explorer.training.recipe import ReduceLROnPlateau, parse_recipe
from explorer.ui import process
from explorer.ui.charts.schedule_chart import schedule_chart
from explorer.ui.train.previews import augmented_samples, plateau_text
from tests.people.shared import ANN


@pytest.fixture(autouse=True, scope="module")
def _digits_at_hand() -> None:
    load_dataset("digits")


def test_without_augmentation_the_images_are_the_data_sets() -> None:
    samples = training_samples("digits", 9)
    assert torch.equal(augmented_samples(parse_recipe({})), samples.images.float() / 255)
    assert samples.labels.tolist() == list(range(9))


def test_the_images_are_those_that_training_makes() -> None:
    recipe = parse_recipe({"rotation": 20, "flip": 0.5, "cutout": 6, "mixup": 1.0, "seed": 3})
    samples, generator = training_samples("digits", 9), torch.Generator().manual_seed(3)
    changed = images.augment(samples.images.float() / 255, recipe, DATASETS["digits"], generator)
    expected = images.mix_up(changed, samples.labels, 1.0, generator).images
    assert torch.equal(augmented_samples(recipe), expected)


def test_more_samples_than_images_of_a_class() -> None:
    assert len(training_samples("digits", 3000).labels) == 3000


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"epochs": 20}, "After 3 epochs in a row without a lower train loss"),
        ({"epochs": 20}, "With validation images it watches the loss on them."),
        ({"epochs": 20, "validation_images": 50}, "without a lower validation loss"),
        ({"epochs": 4}, "This run is too short for that"),
    ],
)
def test_a_plateau_in_words(fields: dict[str, int], words: str) -> None:
    scheduler = ReduceLROnPlateau(patience=2)
    recipe = parse_recipe({**fields, "scheduler": scheduler.model_dump()})
    assert words in plateau_text(recipe, scheduler)


@pytest.mark.parametrize("epochs", [1, 7, 1000])
@pytest.mark.parametrize("kind", ["StepLR", "MultiStepLR", "CosineAnnealingLR", "OneCycleLR"])
def test_a_schedule_lies_over_all_epochs(kind: str, epochs: int) -> None:
    chart = schedule_chart(parse_recipe({"epochs": epochs, "scheduler": {"kind": kind}}))
    assert chart.data["epoch"].iloc[0] == 0
    assert chart.data["epoch"].iloc[-1] == epochs
    assert chart.data["epoch"].is_monotonic_increasing
    assert len(chart.data) <= 1001
    assert (chart.data["value"] >= 0).all()


def test_a_drop_is_drawn_where_it_comes() -> None:
    fields = {"scheduler": {"kind": "MultiStepLR", "milestones": [2, 5], "gamma": 0.5}}
    data = schedule_chart(parse_recipe({"epochs": 6, **fields})).data
    found = dict(zip(data["epoch"], data["value"], strict=True))
    assert found == pytest.approx(
        {0: 0.01, 1: 0.01, 2: 0.005, 3: 0.005, 4: 0.005, 5: 0.0025, 6: 0.0025}
    )


def preview(dataset: str) -> None:
    from explorer.training.recipe import parse_recipe
    from explorer.ui.people import who
    from explorer.ui.train.previews import augmentation_preview

    who()  # as the page script does it first
    augmentation_preview(parse_recipe({"dataset": dataset, "rotation": 10}))


def previewed(dataset: str) -> AppTest:
    app = AppTest.from_function(preview, default_timeout=60, args=(dataset,)).run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    return " ".join(str(each.proto.body) for each in app.get("html"))


def test_own_images_are_seen_by_a_teacher(anns_images: str) -> None:
    app = previewed(anns_images)
    assert len(app.image) == 1
    assert words(app) == ""


def test_others_read_who_sees_own_images(anns_images: str, as_student: None) -> None:
    app = previewed(anns_images)
    assert not app.image
    assert "The images of Colours are seen by their owner and by teachers alone." in words(app)


def test_why_own_images_are_not_here_is_said(anns_images: str) -> None:
    process.own_images().delete(anns_images, ANN, keep_description=True)
    app = previewed(anns_images)
    assert not app.image
    assert "they are deleted: choose other images." in words(app)
