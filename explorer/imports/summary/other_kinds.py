"""Names in tables that are not names of our kinds: other names for them, torch's other layers,
people's own blocks.
"""

import re

from explorer.network.spec import LAYER_MODELS

SAME_BY_ANOTHER_NAME = {
    "Swish": "SiLU",
    "SyncBatchNorm": "BatchNorm2d",
    "ConstantPad2d": "ZeroPad2d",
    "UpsamplingNearest2d": "Upsample",
    "UpsamplingBilinear2d": "Upsample",
}
ARGUMENTS_BY_NAME: dict[str, dict[str, object]] = {
    "UpsamplingNearest2d": {"mode": "nearest"},
    "UpsamplingBilinear2d": {"mode": "bilinear", "align_corners": True},
}
BY_LOWER_CASE = {kind.lower(): kind for kind in LAYER_MODELS}
# torch's layers that are not among ours and keep the shape of what comes in.
OTHER_ACTIVATIONS = (
    *(
        "SELU",
        "CELU",
        "RReLU",
        "Hardtanh",
        "Softplus",
        "Softsign",
    ),
    *("LogSigmoid", "Threshold", "Tanhshrink", "Softshrink", "Hardshrink"),
)
KEEP_SHAPE = (
    *OTHER_ACTIVATIONS,
    *(
        "AlphaDropout",
        "FeatureAlphaDropout",
        "Dropout3d",
    ),
    *("Softmin", "Softmax2d"),
)
CONTAINERS = ("Sequential", "ModuleList", "ModuleDict")
# Blocks known by name to add, join or weigh what comes more than one way; a table shows only their
# parts.
BRANCHED = re.compile(
    r"^(?:BasicBlock|Bottleneck|InvertedResidual|Fire|Add|Concat|Cat)(?:v?\d+)?$"
    r"|resid|res_?(?:block|unit|layer)|skip|shortcut|inception|squeeze|^se_?(?:block|layer|module)|attention|transformer",
    re.IGNORECASE,
)


def our_kind(kind: str) -> str | None:
    return SAME_BY_ANOTHER_NAME.get(kind) or BY_LOWER_CASE.get(kind.lower())
