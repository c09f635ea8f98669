"""How somebody's run stands, as columns of a list of people: the teacher's and the board's."""

from collections.abc import Mapping
from typing import Any

from explorer.runs.run_summary import RunSummary, progress_text
from explorer.ui.components.columns import Column

COLUMNS: Mapping[str, Column] = {  # by the name of a row's value
    "name": Column("Name"),
    "now": Column("Now"),
    "network": Column("Network"),
    "parameters": Column("Parameters", "{:,}".format, is_number=True),
    "final": Column(
        "Final, %", "{:.2f}".format, "Test accuracy after the last completed epoch.", is_number=True
    ),
}


def values_of(current: RunSummary | None) -> dict[str, Any]:
    """The values of a person's row but for the name; none where they have no run."""
    if current is None:
        return {}
    accuracy = current.final_accuracy
    return {
        "now": progress_text(current),
        "network": current.run.architecture.name,
        "parameters": current.parameters,
        "final": None if accuracy is None else 100 * accuracy,
    }
