"""The table out: every figure that a document gives, and torchsummary's own layout."""

import re

import pytest

from explorer.exports.summary_text import summary_table
from explorer.network.analysis import analyze
from explorer.network.spec import Architecture, ArchitectureError, Conv2d, Flatten, Linear, ReLU
from explorer.presets import load_presets

DOCUMENTED = [preset for preset in load_presets().values() if preset.documented]


@pytest.mark.parametrize("preset", DOCUMENTED, ids=lambda preset: preset.id)
def test_every_documented_row_and_total_comes_out(preset):
    documented, table = preset.documented, summary_table(analyze(preset.architecture))
    rows = re.findall(r"^ *(\w+-\d+) +\[-1, ([\d, ]+)\] +([\d,]+)$", table, re.MULTILINE)
    assert [(name, shape, params) for name, shape, params in rows] == [
        (row.name, ", ".join(map(str, row.output_shape)), f"{row.params:,}")
        for row in documented.rows
    ]
    totals = documented.totals
    assert f"Total params: {totals.total_params:,}\n" in table
    assert f"\nTrainable params: {totals.trainable_params:,}\n" in table
    assert f"Non-trainable params: {totals.non_trainable_params:,}\n" in table
    for line, size in (
        ("Input size (MB)", totals.input_mb),
        ("Forward/backward pass size (MB)", totals.forward_backward_mb),
        ("Params size (MB)", totals.params_mb),
        ("Estimated Total Size (MB)", totals.estimated_total_mb),
    ):
        assert size is None or f"{line}: {size:.2f}\n" in table


def test_the_layout_is_torchsummarys():
    layers = (
        Conv2d(out_channels=100, kernel_size=3),
        ReLU(),
        Flatten(),
        Linear(out_features=10, bias=False),
    )
    # Printed by torchsummary 1.5.1 from the same network, flattened with view().
    assert summary_table(analyze(Architecture(input_shape=(3, 32, 32), layers=layers))) == (
        "----------------------------------------------------------------\n"
        "        Layer (type)               Output Shape         Param #\n"
        "================================================================\n"
        "            Conv2d-1          [-1, 100, 30, 30]           2,800\n"
        "              ReLU-2          [-1, 100, 30, 30]               0\n"
        "            Linear-3                   [-1, 10]         900,000\n"
        "================================================================\n"
        "Total params: 902,800\n"
        "Trainable params: 902,800\n"
        "Non-trainable params: 0\n"
        "----------------------------------------------------------------\n"
        "Input size (MB): 0.01\n"
        "Forward/backward pass size (MB): 1.37\n"
        "Params size (MB): 3.44\n"
        "Estimated Total Size (MB): 4.83\n"
        "----------------------------------------------------------------"
    )


def test_an_empty_network_has_an_empty_table():
    table = summary_table(analyze(Architecture()))
    assert "Total params: 0\n" in table
    assert table.count("\n") == 12


def test_a_layer_that_does_not_fit_is_named():
    layers = (ReLU(), Linear(out_features=10))
    with pytest.raises(
        ArchitectureError, match=r"layer 1 \(Linear\): Linear takes a vector"
    ) as raised:
        summary_table(analyze(Architecture(layers=layers)))
    assert raised.value.path == (1,)
