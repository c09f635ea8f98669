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


def test_a_guess_stands_open_and_what_is_sure_is_folded_away():
    app = AppTest.from_function(dialog_of_a_table, default_timeout=60).run()
    folded = {field.label for field in app.expander[0].selectbox}
    assert "Conv2d-1, line 1: a guess" in {field.label for field in app.selectbox} - folded
    assert "MaxPool2d-4, line 4" in folded
