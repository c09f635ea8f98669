"""Whatever else people have in hand: other encodings, notebooks full of pictures, other programs'
tables, and code.
"""

import base64
import codecs
import json
import resource
from pathlib import Path

import pytest

from explorer.exports.notebook import notebook_json
from explorer.exports.onnx import onnx_bytes
from explorer.exports.pytorch import python_source
from explorer.exports.summary_text import summary_table
from explorer.imports.summary_table import SummaryError, decode_file, import_summary
from explorer.network.analysis import analyze
from explorer.network.architecture_json import to_json
from explorer.network.spec import Conv2d, ReLU
from explorer.presets import load_presets
from tests.cpu import least_seconds
from tests.imports.printed_tables import print_table

FORMS = Path(__file__).parent / "other_forms"
PRESET = load_presets()["gap-17k"]
LAYERS = [Conv2d(out_channels=8, kernel_size=3), ReLU()]
TABLE = print_table("torchinfo in MB", (1, 28, 28), LAYERS)

# --- encodings ------------------------------------------------------------------------------------

ENCODINGS = {
    "utf-8": TABLE.encode(),
    "utf-8 with its mark": codecs.BOM_UTF8 + TABLE.encode(),
    "utf-16 as PowerShell writes it": TABLE.replace("\n", "\r\n").encode("utf-16"),
    "utf-16, the other way round": codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"),
    "utf-16 without its mark": TABLE.encode("utf-16-le"),
    "utf-16 without its mark, the other way round": TABLE.encode("utf-16-be"),
    "utf-32": TABLE.encode("utf-32"),
    "latin-1 with an umlaut": f"Übung 3\n{summary_table(analyze(PRESET.architecture))}".encode(
        "latin-1"
    ),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_file_is_read_in_any_encoding(encoding):
    imported = import_summary(decode_file(ENCODINGS[encoding]))
    wanted = PRESET.architecture.layers[0] if encoding.startswith("latin") else LAYERS[0]
    assert imported.architecture.layers[0] == wanted
    assert imported.problem is None


NO_TEXT = {
    "an ONNX file": onnx_bytes(PRESET.architecture),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "a PDF": b"%PDF-1.7\n",
    "a Keras or HDF5 file": b"\x89HDF\r\n\x1a\n",
    "a pickle": b"\x80\x04\x95",
    "weights saved by torch.save": b"PK\x03\x04\x00\x00",
}


@pytest.mark.parametrize("what", NO_TEXT)
def test_a_file_that_is_no_text_is_named(what):
    with pytest.raises(SummaryError, match=what):
        decode_file(NO_TEXT[what])


def test_what_cannot_be_seen_of_a_file_is_in_no_message():
    with pytest.raises(SummaryError) as refused:
        import_summary("Conv2d-1 [-1, 8, 26, 26] eig\x00hty\u202e\x1b[31m")
    assert str(refused.value).isprintable()


def test_a_file_that_is_too_long_is_refused():
    with pytest.raises(SummaryError, match="more than 8,000,000 bytes"):
        decode_file(bytes(8_000_001))


# --- notebooks ------------------------------------------------------------------------------------


def notebook(*outputs: dict, **more) -> str:
    cells = [
        {"cell_type": "markdown", "source": ["# Übung\n", "some words"]},
        {"cell_type": "code", "source": "summary(model, (1, 28, 28))", "outputs": list(outputs)},
    ]
    return json.dumps(
        {"cells": cells, "metadata": {"kernelspec": {"display_name": "Python [default]"}}, **more}
    )


PRINTED = {"output_type": "stream", "name": "stdout", "text": TABLE.splitlines(keepends=True)}
PICTURE = base64.b64encode(bytes(range(256)) * 3000).decode()  # a megabyte
PICTURES = {
    "png": {"image/png": PICTURE, "text/plain": "<Figure size 640x480 with 1 Axes>"},
    "png in lines": {
        "image/png": [
            line + "\n"
            for line in (PICTURE[place : place + 76] for place in range(0, len(PICTURE), 76))
        ]
    },
    "svg": {
        "image/svg+xml": "<svg>" + "<path d='M 0 0'/>" * 60_000 + "</svg>",
        "text/plain": "a plot",
    },
    "page": {"text/html": "<div>" * 200_000, "text/plain": "a table"},
    "script": {"application/javascript": "x" * 1_000_000, "text/plain": "a widget"},
    "plotly": {
        "application/vnd.plotly.v1+json": {"data": ["x" * 1_000_000]},
        "text/plain": "a plot",
    },
}


@pytest.mark.parametrize("kind", PICTURES)
def test_a_notebook_is_read_whatever_its_pictures_weigh(kind):
    picture = {"output_type": "display_data", "data": PICTURES[kind], "metadata": {}}
    for indent in (None, 1):
        text = json.dumps(json.loads(notebook(picture, PRINTED, picture)), indent=indent)
        assert len(text) > 900_000
        assert import_summary(text).architecture.layers == tuple(LAYERS)


SPOILT = TABLE.replace("80", "81")
LINE = next(
    number for number, line in enumerate(SPOILT.splitlines(), start=1) if "Conv2d: 1-1" in line
)
PLACES = {
    # what a person brings: where its row Conv2d: 1-1 stands
    SPOILT: f"line {LINE}",
    f"\n\n{SPOILT}": f"line {LINE + 2}",
    f"![loss](data:image/png;base64,{PICTURE[:60]}\n{PICTURE[60:120]})\n{SPOILT}": f"line {LINE + 2}",
    json.dumps(
        {"cells": [{"source": "a\nb"}, {"source": SPOILT}]}
    ): f"line {LINE} of cell 2 from the top",
    json.dumps(
        {
            "cells": [
                {"source": ["# Net\n", "with pictures"]},
                {
                    "source": "summary(net)",
                    "execution_count": 7,
                    "outputs": [
                        {"text": "one line\n"},
                        {"data": PICTURES["png"]},
                        {"text": SPOILT.splitlines(keepends=True)},
                    ],
                },
            ]
        }
    ): f"line {LINE + 2} of the output of cell [7]",
    json.dumps({"text": SPOILT})[:-1]: f"line {LINE} of the text in the JSON",
}


@pytest.mark.parametrize("text", PLACES, ids=lambda text: PLACES[text])
def test_a_line_is_told_as_it_stands_in_what_a_person_brings(text):
    with pytest.raises(SummaryError) as refused:
        import_summary(text)
    assert str(refused.value).startswith(f"{PLACES[text]}: Conv2d: 1-1 has 81 parameters")


def test_the_tables_of_a_notebook_are_told_apart_by_their_cells():
    cells = [
        {"source": "", "execution_count": count, "outputs": [{"text": TABLE}]} for count in (3, 12)
    ]
    imported = import_summary(json.dumps({"cells": cells}))
    header = next(
        number for number, line in enumerate(TABLE.splitlines(), start=1) if "Output Shape" in line
    )
    places = [f"line {header} of the output of cell [{count}]" for count in (3, 12)]
    assert (
        imported.notes[0]
        == f"the text holds 2 tables, at {places[0]}, {places[1]}; this is that of {places[0]}"
    )


def test_pictures_in_words_are_left_out():
    text = f"# Report\n\n![loss](data:image/png;base64,{PICTURE})\n\n{TABLE}\n"
    assert import_summary(text).architecture.layers == tuple(LAYERS)


def test_a_part_of_a_notebook_is_read_without_its_pictures():
    picture = {"output_type": "display_data", "data": PICTURES["png"], "metadata": {}}
    text = json.dumps(json.loads(notebook(picture, PRINTED)), indent=1)
    assert import_summary(text[:-20]).architecture.layers == tuple(LAYERS)


def test_what_is_left_without_pictures_is_bounded():
    with pytest.raises(
        SummaryError, match=r"characters without pictures; at most 500,000 are read"
    ):
        import_summary(notebook({"output_type": "stream", "text": "word " * 120_000}))


def test_the_largest_text_is_read_in_a_second_and_200_megabytes():
    import_summary(TABLE)
    picture = {"output_type": "display_data", "data": {"image/png": PICTURE}}
    largest = notebook(PRINTED, *[picture] * 7)
    assert len(largest) > 7_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert import_summary(decode_file(largest.encode())).architecture.layers == tuple(LAYERS)
    assert least_seconds(lambda: import_summary(decode_file(largest.encode())), 1) < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


@pytest.mark.parametrize(
    "text",
    [
        '{"cells": 3}',
        '{"cells": [3, {"source": 4, "outputs": 5}]}',
        notebook({"data": 3, "text": 4}),
    ],
)
def test_an_odd_notebook_has_no_table(text):
    with pytest.raises(SummaryError, match="no table found"):
        import_summary(text)


# --- what has a name but no table -----------------------------------------------------------------

KERAS_2 = """Model: "sequential"
_________________________________________________________________
 Layer (type)                Output Shape              Param #
=================================================================
 conv2d (Conv2D)             (None, 26, 26, 32)        320
 max_pooling2d (MaxPooling2  (None, 13, 13, 32)        0
 D)
=================================================================
Total params: 320
"""
KERAS_3 = """Model: "sequential"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ conv2d (Conv2D)                 │ (None, 26, 26, 32)     │           320 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ max_pooling2d (MaxPooling2D)    │ (None, 13, 13, 32)     │             0 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 320 (1.25 KB)
"""
SEQUENTIAL = "model = nn.Sequential(\n    nn.Conv2d(1, 8, 3),\n    nn.ReLU(),\n)"
LIGHTNING = """  | Name  | Type             | Params | Mode
---------------------------------------------------
0 | conv1 | Conv2d           | 320    | train
1 | fc    | Linear           | 1.3 K  | train
---------------------------------------------------
1.6 K     Trainable params
"""
TORCHSCAN = """__________________________________________________________
Layer     Type      Output Shape      Param #    Trainable
==========================================================
conv2d    Conv2d    (1, 8, 30, 30)    224        True
==========================================================
Trainable params: 224
"""

NAMED = {
    "no parameter column": (
        (FORMS / "no_parameter_column.txt").read_text(),
        "line 2: the table has no parameter column",
    ),
    "receptive-field columns": (
        (FORMS / "receptive_field_columns.txt").read_text(),
        "these are receptive-field columns",
    ),
    "a Keras notebook": ((FORMS / "keras_2_notebook.txt").read_text(), "this is a Keras table"),
    "Keras 2": (KERAS_2, "this is a Keras table"),
    "Keras 2 without its heading": (KERAS_2.split("\n", 1)[1], "this is a Keras table"),
    "Keras 3": (KERAS_3, "this is a Keras table"),
    "Keras 3, one row": (KERAS_3.splitlines()[4], "this is a Keras table"),
    "Keras before it is built": (
        "conv2d (Conv2D)              multiple                  320",
        "this is a Keras table",
    ),
    "the names of weights": (
        "conv1.weight torch.Size([8, 1, 3, 3])\nconv1.bias torch.Size([8])",
        "these are the weights of a model (its state_dict), which has no output shapes",
    ),
    "weights": (
        "OrderedDict([('conv1.weight', tensor([[[[0.1]]]]))])",
        "these are the weights of a model (its state_dict)",
    ),
    "Keras 3 in a notebook": (notebook({"data": {"text/plain": KERAS_3}}), "this is a Keras table"),
    "Keras 3 as a page": (
        "conv2d (<span>Conv2D</span>)  │ (<span>None</span>, <span>26</span>, "
        "<span>26</span>) │ <span>320</span>",
        "this is a Keras table",
    ),
    "one layer as it prints itself": (
        "Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1))",
        "this looks like print",
    ),
    "a forward method": (
        "def forward(self, x):\n    return F.relu(self.conv1(x))",
        "this is PyTorch code",
    ),
    "Lightning's boxes": (
        "┏━━┓\n┃   ┃ Name  ┃ Type   ┃ Params ┃\n│ 0 │ conv1 │ Conv2d │ 320 │",
        "this is Lightning's model summary",
    ),
    "an ONNX graph": (
        "graph main_graph (\n  %input[FLOAT, 1x1x28x28]\n) {",
        "this is an ONNX graph",
    ),
    "Keras code": (
        "model = keras.Sequential([layers.Conv2D(32, 3), layers.Dense(10)])",
        "this is Keras code",
    ),
    "print(model)": ((FORMS / "print_of_a_model.txt").read_text(), "this looks like print"),
    "nn.Sequential": (SEQUENTIAL, "this is PyTorch code"),
    "a class": (
        f"class Net(nn.Module):\n    def __init__(self):\n        {SEQUENTIAL}",
        "this is PyTorch code",
    ),
    "a class in a notebook": (
        json.dumps({"cells": [{"cell_type": "code", "source": SEQUENTIAL}]}),
        "this is PyTorch code",
    ),
    "Lightning": (LIGHTNING, "this is Lightning's model summary, which has no output shapes"),
    "torchscan": (TORCHSCAN, "this is torchscan's table"),
    "our Python": (
        python_source(PRESET.architecture),
        "this is PyTorch code, which Open… and the command import read",
    ),
    "our notebook": (
        notebook_json(PRESET.architecture, PRESET.recipe),
        "this is PyTorch code, which Open… and the command import read",
    ),
}


NO_JSON = [form for form in NAMED if not NAMED[form][0].startswith("{")]


@pytest.mark.parametrize("form", NAMED)
def test_what_is_no_table_is_named_with_what_would_do_instead(form):
    text, sentence = NAMED[form]
    with pytest.raises(SummaryError) as refused:
        import_summary(text)
    assert sentence in str(refused.value)
    assert "torchinfo" in str(refused.value) or "summary(" in str(refused.value)


@pytest.mark.parametrize("before", ["> ", ">> ", "    "])
@pytest.mark.parametrize("form", NO_JSON)
def test_what_is_no_table_is_named_where_it_is_quoted_or_indented(form, before):
    text, sentence = NAMED[form]
    with pytest.raises(SummaryError) as refused:
        import_summary("\n".join(before + line for line in text.split("\n")))
    assert sentence in str(refused.value)


@pytest.mark.parametrize("form", NO_JSON)
def test_what_is_no_table_is_told_where_it_stands_below_empty_lines(form):
    lines = []
    for before in ("", " \n" * 60):
        with pytest.raises(SummaryError) as refused:
            import_summary(before + NAMED[form][0])
        lines.append(refused.value.line)
    assert lines[1] == lines[0] + 60


def test_a_networks_own_json_is_told_from_a_table():
    with pytest.raises(
        SummaryError, match="this is a network's JSON and no table; open it as it is"
    ):
        import_summary(to_json(PRESET.architecture))
    with pytest.raises(
        SummaryError, match="this is a network's JSON and no table; open it as it is"
    ):
        import_summary(to_json(PRESET.architecture, indent=2))


def test_code_beside_a_table_does_not_stand_in_its_way():
    assert import_summary(f"{SEQUENTIAL}\n\n{TABLE}").architecture.layers == tuple(LAYERS)


# --- tables of fastai and torchsummaryX -----------------------------------------------------------

X = """=================================================================
                Kernel Shape     Output Shape  Params Mult-Adds
Layer
0_features.Conv2d_0        [3, 8, 3, 3]  [2, 8, 30, 30]   224.0    194.4k
1_features.BatchNorm2d_1              [8]  [2, 8, 30, 30]    16.0       8.0
2_features.ReLU_2               -  [2, 8, 30, 30]       -         -
3_features.Conv2d_3        [1, 8, 3, 3]  [2, 8, 28, 28]    80.0         -
4_features.MaxPool2d_4               -  [2, 8, 14, 14]       -         -
5_fc               [1568, 10]          [2, 10]  15.69k    15.68k
-----------------------------------------------------------------
                      Totals
Total params          16.01k
"""


def test_a_table_of_torchsummaryx_with_classes_in_its_names():
    imported = import_summary(X)
    assert imported.problem is None
    kinds = [layer.kind for layer in imported.architecture.layers]
    assert kinds == ["Conv2d", "BatchNorm2d", "ReLU", "Conv2d", "MaxPool2d", "Flatten", "Linear"]
    assert imported.architecture.input_shape == (3, 32, 32)
    assert imported.architecture.layers[3].groups == 8
    assert analyze(imported.architecture).total_params == 224 + 16 + 80 + 15690


def test_counts_of_torchsummaryx_that_its_weights_cannot_have():
    imported = import_summary(X.replace("15.69k", "17.00k"))
    assert imported.problem.row == "5_fc"
    assert "17.00k parameters are not those of a weight [1568, 10]" in imported.problem.message


def test_a_table_of_fastai_amid_which_a_line_is_none():
    text = (
        (Path(__file__).parent / "tables" / "fastai_2.txt")
        .read_text()
        .replace("ReLU    ", "R€LU()  ", 1)
    )
    imported = import_summary(text)
    assert imported.problem is not None
    assert "no row of the table" in imported.problem.message
