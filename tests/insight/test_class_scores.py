"""Where the classes' scores are."""

import pytest

from explorer.insight.class_scores import scores_path
from explorer.network.analysis import analyze
from explorer.network.architecture_json import parse_architecture

LINEAR = {"kind": "Linear", "out_features": 5}
CONV = {"kind": "Conv2d", "out_channels": 5, "kernel_size": 4}


@pytest.mark.parametrize(
    ("layers", "path"),
    [
        (["Flatten", LINEAR], (1,)),
        (["Flatten", LINEAR, "LogSoftmax"], (1,)),
        (["Flatten", LINEAR, "Softmax"], (1,)),
        (["Flatten", LINEAR, {"kind": "LogSoftmax", "dim": -1}], (1,)),
        (["Flatten", LINEAR, "Softmax", "Dropout"], (1,)),
        (["Flatten", LINEAR, "Softmax", LINEAR], (3,)),
        ([CONV, "Softmax", "Flatten"], (0,)),
        ([CONV, {"kind": "Softmax", "dim": -3}, "Flatten"], (0,)),
        ([CONV, {"kind": "Softmax", "dim": 2}, "Flatten"], (2,)),  # over the rows
        ([CONV, "Flatten"], (1,)),
        (["Flatten", LINEAR, "Identity", "LogSoftmax", "Identity"], (2,)),
        (
            [{"kind": "Branches", "merge": "add", "branches": [[CONV], [CONV, "Softmax"]]}],
            (0,),
        ),
    ],
)
def test_the_scores_come_before_a_softmax_over_the_classes(layers, path):
    data = [_layer(each) for each in layers]
    architecture = parse_architecture({"name": "t", "input_shape": [1, 4, 4], "layers": data})
    analysis = analyze(architecture)
    assert analysis.problem is None
    assert scores_path(analysis.rows) == path


def _layer(each):
    if isinstance(each, str):
        return {"kind": each}
    if "branches" in each:
        return each | {"branches": [[_layer(one) for one in branch] for branch in each["branches"]]}
    return each
