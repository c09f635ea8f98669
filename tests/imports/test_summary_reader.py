"""What is read off the text of a table, before anyone asks what it means."""

import pytest

from explorer.imports.summary.reader import read_tables
from explorer.imports.summary.rows import SummaryError, read_count, read_kernel, read_shape


def names(text: str) -> list[list[str]]:
    return [[row.name for row in table.rows] for table in read_tables(text)]


CELLS = {
    "[-1, 8, 26, 26]": (0, 8, 26, 26),
    "[1, 10]": (1, 10),
    "(64, 8, 26, 26)": (64, 8, 26, 26),
    "[None, 8, 28, 28]": (0, 8, 28, 28),
    "[N,8,28,28]": (0, 8, 28, 28),
    "[-1, 150528]": (0, 150528),
    "[-1, 0]": None,
    "[-1, -5]": None,
    "[[-1, 8], [-1, 8]]": None,
    "[-1, 99999999999]": None,
    "--": None,
}


@pytest.mark.parametrize("cell", CELLS)
def test_shapes(cell):
    assert read_shape(cell) == CELLS[cell]


COUNTS = {
    "0": 0,
    "--": 0,
    "80": 80,
    "1,168": 1168,
    "1.168": 1168,
    "1_168": 1168,
    "(1,168)": 1168,
    "12345,678": 12345678,
    "1,16": None,
    "8x": None,
}


@pytest.mark.parametrize("cell", COUNTS)
def test_counts(cell):
    assert read_count(cell) == COUNTS[cell]


@pytest.mark.parametrize(
    ("cell", "kernel"), [("3", (3, 3)), ("[3, 5]", (3, 5)), ("[8, 1, 3, 3]", (3, 3)), ("--", None)]
)
def test_kernels(cell, kernel):
    assert read_kernel(cell) == kernel


def test_a_tree_is_read_contents_first():
    text = """
    Net                       [1, 10]           --
    ├─Sequential: 1-1         [1, 8, 13, 13]    --
    │    └─Conv2d: 2-1        [1, 8, 26, 26]    80
    │    └─MaxPool2d: 2-2     [1, 8, 13, 13]    --
    ├─Linear: 1-2             [1, 10]           13,530
    """
    header = "Layer (type:depth-idx)   Output Shape   Param #\n"
    (table,) = read_tables(header + text)
    assert [(row.name, row.wraps) for row in table.rows] == [
        ("Conv2d: 2-1", 0),
        ("MaxPool2d: 2-2", 0),
        ("Sequential: 1-1", 2),
        ("Linear: 1-2", 0),
        ("Net", 4),
    ]
    assert table.rows[0].line == 5


@pytest.mark.parametrize(
    "prefix", ["", "12 ", "3 | ", "INFO:root:", "2023-05-06 10:11:12,345 - INFO - ", "> # "]
)
@pytest.mark.parametrize("name", ["├─Conv2d", "+ Conv2d", "-- Conv2d", "Conv2d: 1-1"])
def test_a_trees_row_may_stand_behind_a_number_or_a_logs_words(prefix, name):
    (table,) = read_tables(
        f"Layer (type)  Output Shape  Param #\n{prefix}{name}  [1, 8, 26, 26]  80"
    )
    assert [(row.kind, row.output_shape, row.params) for row in table.rows] == [
        ("Conv2d", (8, 26, 26), 80)
    ]


def test_what_stands_behind_a_row_is_no_tree():
    assert names(
        "Conv2d-1  [-1, 8, 26, 26]  80 -- the first\nReLU-2  [-1, 8, 26, 26]  0 + BatchNorm"
    ) == [["Conv2d-1", "ReLU-2"]]


def test_columns_follow_the_header():
    text = (
        "Layer (type:depth-idx)  Kernel Shape  Input Shape  Output Shape  Param #  Mult-Adds\n"
        "├─Conv2d: 1-1  [3, 3]  [2, 1, 28, 28]  [2, 8, 26, 26]  80  54,080\n"
    )
    (row,) = read_tables(text)[0].rows
    assert (row.kernel_size, row.input_shape, row.output_shape, row.params) == (
        (3, 3),
        (1, 28, 28),
        (8, 26, 26),
        80,
    )


def test_a_table_of_one_image_without_a_batch():
    (table,) = read_tables(
        "├─Conv2d: 1-1  [8, 26, 26]  80\n├─Linear: 1-2  [10]  54,090\n├─Linear: 1-3  [1, 10]  110\n"
    )
    assert [row.output_shape for row in table.rows] == [(8, 26, 26), (10,), (10,)]


def test_rows_are_missing_where_numbers_are():
    (table,) = read_tables("ReLU-2 [-1, 8, 8, 8] 0\nReLU-3 [-1, 8, 8, 8] 0\nReLU-6 [-1, 8, 8, 8] 0")
    assert [row.gap for row in table.rows] == [
        "1 row is missing before ReLU-2",
        None,
        "2 rows are missing between ReLU-3 and ReLU-6",
    ]


TWO = "ReLU-1 [-1, 8, 8, 8] 0\nReLU-2 [-1, 8, 8, 8] 0\n"


@pytest.mark.parametrize(
    "text",
    [
        TWO + TWO,
        TWO + "Total params: 0\n" + TWO,
        TWO + "Layer (type)   Output Shape   Param #\n" + TWO,
    ],
)
def test_numbers_that_begin_anew_begin_another_table(text):
    assert names(text) == [["ReLU-1", "ReLU-2"]] * 2


@pytest.mark.parametrize(
    "prose",
    [
        "Session-4 of EVA-5, see S4-final.ipynb and ResNet-18 [1, 2]",
        "Epoch-1 loss 0.3 [00:15<00:00, 30.43it/s] 469/469",
        "| Layer | RF |\n|---|---|\n| Conv2d-1 | 3 |",
        "Conv2d-1, then ReLU-2",
    ],
)
def test_prose_is_no_table(prose):
    with pytest.raises(SummaryError, match="no table found"):
        read_tables(prose)


def test_prose_around_a_table_is_left_alone():
    text = (
        f"# Session-4\n\nConv2d-1 comes first.\n\n{TWO}Total params: 0\nInput size (MB): "
        "0.01\n\nEpoch-3 [1, 2, 3, 4] 5\n"
    )
    (table, *_) = read_tables(text)
    assert [row.name for row in table.rows] == ["ReLU-1", "ReLU-2"]
    assert (table.total_params, table.line) == (0, 1)
    assert table.input_size.printed == "0.01 MB"


@pytest.mark.parametrize(
    "call",
    [
        "summary(model, (1, 30, 30))",
        "summary(Net().to(device), input_size=(1,30,30))",
        "summary(net, (64, 1, 30, 30))",
    ],
)
def test_the_image_may_be_named_in_a_call(call):
    assert read_tables(f"{call}\n{TWO}")[0].input_hint == (1, 30, 30)
