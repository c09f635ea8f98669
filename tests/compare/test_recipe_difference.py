"""In which hyperparameters recipes differ."""

from typing import Any

import pytest

from explorer.compare.recipe_difference import Difference, recipe_differences
from explorer.training.recipe import parse_recipe

SGD = {"kind": "SGD", "lr": 0.1}
ADAM = {"kind": "Adam", "lr": 0.1}


@pytest.mark.parametrize(
    ("recipes", "found"),
    [
        ([{}], []),
        ([{}, {}], []),
        ([{"seed": 1}, {"seed": 2, "device": "cpu"}], []),
        ([{"epochs": 3}, {"epochs": 4}], [("epochs", (3, 4))]),
        (
            [{"epochs": 3, "rotation": 5.0}, {"epochs": 4}, {"epochs": 4}],
            [("epochs", (3, 4, 4)), ("rotation", (5.0, 0.0, 0.0))],
        ),
        (
            [{"optimizer": SGD}, {"optimizer": ADAM}],
            [
                ("optimizer", ("SGD", "Adam")),
                ("optimizer.momentum", (0.0, None)),
                ("optimizer.nesterov", (False, None)),
            ],
        ),
        (
            [
                {"scheduler": {"kind": "OneCycleLR", "max_lr": 0.1}},
                {"scheduler": {"kind": "OneCycleLR", "max_lr": 0.2}},
            ],
            [("scheduler.max_lr", (0.1, 0.2))],
        ),
    ],
)
def test_only_what_differs_is_listed(recipes: list[dict[str, Any]], found: list[Any]) -> None:
    expected = tuple(Difference(*each) for each in found)
    assert recipe_differences([parse_recipe(each) for each in recipes]) == expected
