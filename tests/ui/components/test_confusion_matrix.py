"""The confusion matrix: the browser cannot choose a cell that is not there."""

import pytest

from explorer.ui.components.confusion_matrix.component import Cell, cell_of


@pytest.mark.parametrize(
    "sent",
    [
        None,
        [],
        {},
        {"cell": None},
        {"cell": [1]},
        {"cell": [1, 2, 3]},
        {"cell": [1, 10]},
        {"cell": [-1, 0]},
        {"cell": ["1", 2]},
        {"cell": [True, 2]},
        {"cell": [1.0, 2]},
        {"cell": {"0": 1, "1": 2}},
    ],
)
def test_a_forged_cell_is_none(sent):
    assert cell_of(sent, 10) is None


def test_a_cell_of_the_matrix_is_chosen():
    assert cell_of({"cell": [9, 4], "at": 1.5}, 10) == Cell(9, 4)
