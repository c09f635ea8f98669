"""What the dialog offers beside a network that it has read."""

from streamlit.testing.v1 import AppTest

from explorer.ui.build.open_dialog import DROPOUT_RATE


def dialog_of_a_table() -> None:
    import streamlit as st

    from explorer.imports.opening import open_text
    from explorer.ui.build import open_dialog

    rows = (
        "Conv2d-1 [-1, 64, 96, 96] 6464",
        "ReLU-2 [-1, 64, 96, 96] 0",
        "Dropout-3 [-1, 64, 96, 96] 0",
    )
    rows += ("MaxPool2d-4 [-1, 64, 48, 48] 0", "Dropout-5 [-1, 64, 48, 48] 0")
    imported = open_text("\n".join(rows)).imported
    st.session_state["read"] = open_dialog._chosen(imported)


def test_one_rate_is_asked_for_all_dropout_layers():
    app = AppTest.from_function(dialog_of_a_table, default_timeout=60).run()
    assert not app.exception
    (rate,) = [field for field in app.number_input if field.label == DROPOUT_RATE]
    assert rate.value == 0.5
    rate.set_value(0.05).run()
    assert [layer.p for layer in app.session_state["read"].layers if layer.kind == "Dropout"] == [
        0.05,
        0.05,
    ]


def dialog_of_code() -> None:
    import streamlit as st

    from explorer.imports.opening import OpenError, open_text
    from explorer.ui.build.open_choices import ask_for_more, said_of

    code = """
import torch.nn as nn
class Small(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Conv2d(1, width, 3)
    def forward(self, x):
        return self.body(x)
class Large(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(1, 8, 3)
    def forward(self, x):
        return self.body(x)
"""
    said = said_of(7)
    try:
        opened = open_text(code, said.asked())
    except OpenError as error:
        ask_for_more(said, 7, missing=error.missing)
        st.session_state["opened"] = None
    else:
        ask_for_more(said, 7, opened)
        st.session_state["opened"] = opened


def test_another_network_its_values_and_the_size_of_its_images_are_asked_for():
    app = AppTest.from_function(dialog_of_code, default_timeout=60).run()
    assert not app.exception
    (network,) = app.selectbox
    assert (network.label, network.value) == ("Network", "Large")
    (side,) = app.number_input
    assert (side.label, side.value) == ("Image size in pixels", 28)
    side.set_value(40).run()
    assert app.session_state["opened"].architecture.input_shape == (1, 40, 40)
    app.selectbox[0].set_value("Small").run()
    assert app.session_state["opened"] is None
    (value,) = app.text_input
    assert value.label == "Value of width"
    value.set_value("12").run()
    assert app.session_state["opened"].network == "Small"
    assert app.session_state["opened"].architecture.layers[0].out_channels == 12


def test_a_guess_stands_open_and_what_is_sure_is_folded_away():
    app = AppTest.from_function(dialog_of_a_table, default_timeout=60).run()
    folded = {field.label for field in app.expander[0].selectbox}
    assert "Conv2d-1, line 1: a guess" in {field.label for field in app.selectbox} - folded
    assert "MaxPool2d-4, line 4" in folded
