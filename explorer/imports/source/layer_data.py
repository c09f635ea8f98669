"""A layer as data, from the arguments that code or a printed module gives its class of torch.nn."""

from typing import Any

from explorer.imports.source.problem import CodeProblem, NeedsImage
from explorer.imports.source.values import Extent, Unknown
from explorer.network.architecture_json import parse_layers
from explorer.network.spec import LAYER_MODELS, ArchitectureError, Layer


def layer_from(kind: str, given: dict[str, Any], line: int) -> Layer:
    """A layer as data, of torch's arguments. Raises CodeProblem for what it does not take."""
    arguments: dict[str, Any] = {}
    fields = LAYER_MODELS[kind].model_fields
    for name, value in given.items():
        if isinstance(value, Unknown):
            raise value.problem()
        within = value if isinstance(value, list | tuple) else (value,)
        if any(isinstance(each, Extent) for each in within):
            raise NeedsImage(f"{name} of {kind} depends on the size of the image", line)
        if not all(each is None or isinstance(each, bool | int | float | str) for each in within):
            raise CodeProblem(f"{name} of {kind} is not known", line)
        if name in fields and type(fields[name].default) is bool:
            value = bool(value) if isinstance(value, int | None) else value
        arguments[name] = list(value) if isinstance(value, tuple) else value
    if kind == "Flatten":
        arguments = {}
    if kind in ("Softmax", "LogSoftmax") and arguments.get("dim") is None:
        arguments["dim"] = 1  # as torch takes it of vectors and maps in batches
    try:
        (layer,) = parse_layers([{"kind": kind, **arguments}])
    except ArchitectureError as error:
        message = error.message.removeprefix(f"layer 0 ({kind}): ")
        raise CodeProblem(f"{kind}: {message}", line) from None
    return layer  # type: ignore[return-value]
