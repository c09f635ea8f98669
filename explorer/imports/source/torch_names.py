"""What torch's names mean for a network: which are layers, which functions and methods stand for a
layer, and which do nothing to it.
"""

import inspect
from functools import lru_cache
from typing import Any, NamedTuple

from torch import nn

from explorer.network.spec import LAYER_MODELS

NN, FUNCTIONAL = "torch.nn.", "torch.nn.functional."
CONTAINERS = ("Sequential", "ModuleList", "ModuleDict")

# Names that code uses without importing them, as people paste a class alone.
USUAL_NAMES = {
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    "functional": "torch.nn.functional",
    "np": "numpy",
    "numpy": "numpy",
    "math": "math",
    "pl": "pytorch_lightning",
    "L": "lightning",
    "functools": "functools",
    "partial": "functools.partial",
    "reduce": "functools.reduce",
    "OrderedDict": "collections.OrderedDict",
    "collections": "collections",
    "copy": "copy",
    "deepcopy": "copy.deepcopy",
    "Tensor": "torch.Tensor",
    "torchvision": "torchvision",
    "tf": "tensorflow",
    "keras": "keras",
}
# Classes whose objects are modules, in Lightning's and others' words.
MODULE_CLASSES = ("Module", "LightningModule", "ScriptModule", "PyTorchModelHubMixin")

# Layers that are ours under another name, with the arguments that make them so.
SAME_LAYERS: dict[str, tuple[str, dict[str, Any]]] = {
    "SyncBatchNorm": ("BatchNorm2d", {}),
    "Softmax2d": ("Softmax", {"dim": 1}),
    "UpsamplingNearest2d": ("Upsample", {"mode": "nearest"}),
    "UpsamplingBilinear2d": ("Upsample", {"mode": "bilinear", "align_corners": True}),
    "LazyConv2d": ("Conv2d", {}),
    "LazyConvTranspose2d": ("ConvTranspose2d", {}),
    "LazyBatchNorm2d": ("BatchNorm2d", {}),
    "LazyBatchNorm1d": ("BatchNorm1d", {}),
    "LazyInstanceNorm2d": ("InstanceNorm2d", {}),
    "LazyLinear": ("Linear", {}),
}


@lru_cache(maxsize=128)
def parameters_of(kind: str) -> tuple[str, ...]:
    """The arguments of a class of torch.nn, in the order in which they may be given by place."""
    return tuple(inspect.signature(getattr(nn, kind).__init__).parameters)[1:]


def layer_kind(name: str) -> tuple[str, dict[str, Any]] | None:
    """Our kind for a class of torch.nn, and the arguments that its name stands for."""
    if name in LAYER_MODELS:
        return name, {}
    return SAME_LAYERS.get(name)


def is_layer_name(name: str) -> bool:
    """Whether torch.nn has a module of this name, which makes tensors of tensors."""
    found = getattr(nn, name, None)
    return inspect.isclass(found) and issubclass(found, nn.Module)


# --- functions ------------------------------------------------------------------------------------


class LayerFunction(NamedTuple):
    """A function of torch, or a tensor's method, that does what a layer does."""

    kind: str
    parameters: tuple[str, ...] = ()  # after the tensor, in their order
    fixed: tuple[tuple[str, Any], ...] = ()  # arguments of the layer that the function implies


_POOL = ("kernel_size", "stride", "padding")
_LAYER_FUNCTIONS = {
    "relu": LayerFunction("ReLU", ("inplace",)),
    "relu_": LayerFunction("ReLU", (), (("inplace", True),)),
    "relu6": LayerFunction("ReLU6", ("inplace",)),
    "leaky_relu": LayerFunction("LeakyReLU", ("negative_slope", "inplace")),
    "leaky_relu_": LayerFunction("LeakyReLU", ("negative_slope",), (("inplace", True),)),
    "elu": LayerFunction("ELU", ("alpha", "inplace")),
    "gelu": LayerFunction("GELU", ("approximate",)),
    "silu": LayerFunction("SiLU", ("inplace",)),
    "swish": LayerFunction("SiLU", ("inplace",)),
    "mish": LayerFunction("Mish", ("inplace",)),
    "hardswish": LayerFunction("Hardswish", ("inplace",)),
    "hardsigmoid": LayerFunction("Hardsigmoid", ("inplace",)),
    "tanh": LayerFunction("Tanh"),
    "sigmoid": LayerFunction("Sigmoid"),
    "softmax": LayerFunction("Softmax", ("dim", "_stacklevel", "dtype")),
    "log_softmax": LayerFunction("LogSoftmax", ("dim", "_stacklevel", "dtype")),
    "dropout": LayerFunction("Dropout", ("p", "training", "inplace")),
    "dropout2d": LayerFunction("Dropout2d", ("p", "training", "inplace")),
    "feature_dropout": LayerFunction("Dropout2d", ("p", "training", "inplace")),
    "max_pool2d": LayerFunction("MaxPool2d", (*_POOL, "dilation", "ceil_mode", "return_indices")),
    "avg_pool2d": LayerFunction(
        "AvgPool2d", (*_POOL, "ceil_mode", "count_include_pad", "divisor_override")
    ),
    "adaptive_avg_pool2d": LayerFunction("AdaptiveAvgPool2d", ("output_size",)),
    "adaptive_max_pool2d": LayerFunction("AdaptiveMaxPool2d", ("output_size", "return_indices")),
    "local_response_norm": LayerFunction("LocalResponseNorm", ("size", "alpha", "beta", "k")),
    "channel_shuffle": LayerFunction("ChannelShuffle", ("groups",)),
    "interpolate": LayerFunction(
        "Upsample",
        ("size", "scale_factor", "mode", "align_corners", "recompute_scale_factor", "antialias"),
    ),
    "upsample": LayerFunction("Upsample", ("size", "scale_factor", "mode", "align_corners")),
}


def layer_function(path: str) -> LayerFunction | None:
    """What a function of torch does as a layer, None where it does nothing of the kind."""
    module, _, name = path.rpartition(".")
    if module not in ("torch", "torch.nn.functional", "torch.special", "torch.Tensor"):
        return None
    return _LAYER_FUNCTIONS.get(name)


def layer_method(name: str) -> LayerFunction | None:
    """What a tensor's method does as a layer."""
    found = _LAYER_FUNCTIONS.get(name)
    return found if found and name in _METHODS else None


_METHODS = ("relu", "relu_", "sigmoid", "tanh", "softmax", "log_softmax")

# Functions that ask for something no layer depends on: a GPU, whether torch is compiling the code.
FALSE_QUESTIONS = ("is_available", "is_scripting", "is_tracing", "is_compiling")

# Functions of a network that give the network itself.
WRAPPERS = (
    "torch.nn.DataParallel",
    "torch.nn.parallel.DistributedDataParallel",
    "torch.compile",
    "torch.jit.script",
)
# Methods of a tensor, and functions of one, that leave its values and its shape as they are.
KEEP_TENSOR = (
    *("contiguous", "float", "double", "half", "to", "cuda", "cpu", "type", "detach"),
    *("requires_grad_", "type_as", "data", "bfloat16"),
)
# Methods of a module that give the module itself.
KEEP_MODULE = (
    *("to", "cuda", "cpu", "train", "eval", "float", "half", "double", "requires_grad_", "apply"),
    *("share_memory", "xpu", "bfloat16", "type", "zero_grad"),
)
# Methods that torch's modules have, as far as they are followed or do nothing to a network.
MODULE_METHODS = (
    *KEEP_MODULE,
    *("__init__", "forward", "__call__", "parameters", "named_parameters", "buffers", "modules"),
    *("named_modules", "add_module", "register_module", "append", "extend", "insert", "pop"),
    *("update", "children", "values", "keys", "items", "named_children", "get_submodule"),
    *("register_buffer", "register_parameter", "state_dict", "load_state_dict"),
    *("register_forward_hook", "freeze", "unfreeze", "fuse_model"),
)
