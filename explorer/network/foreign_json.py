"""Other programs' JSON, told by its keys, so that whoever opens it hears what it is."""

from collections.abc import Callable
from typing import Any


def _has(*keys: str) -> Callable[[dict[str, Any]], bool]:
    return lambda data: all(key in data for key in keys)


_SIGNS: tuple[tuple[Callable[[dict[str, Any]], bool], str], ...] = (
    (
        _has("cells"),
        "a Jupyter notebook, which Open… and the command import read",
    ),
    (_has("class_name"), "a Keras model's JSON, and its layers are not torch's"),
    (_has("module", "config"), "a Keras model's JSON, and its layers are not torch's"),
    (_has("keras_version"), "a Keras model's JSON, and its layers are not torch's"),
    (_has("model_config"), "a Keras model's JSON, and its layers are not torch's"),
    (
        _has("modelTopology"),
        "a Keras model's JSON for TensorFlow.js, and its layers are not torch's",
    ),
    (_has("image_data_format"), "Keras' file of settings, keras.json, which holds no layers"),
    (
        lambda data: data.get("backend") in ("tensorflow", "torch", "jax", "theano"),
        "Keras' file of settings, keras.json, which holds no layers",
    ),
    (
        _has("weight_map"),
        "a list of a model's weights and the files that hold them, without its layers",
    ),
    (_has("model_type"), "a Hugging Face model's settings, which name no layers"),
    (_has("architectures"), "a Hugging Face model's settings, which name no layers"),
    (_has("graph"), "a network drawn in ENNUI or another graph editor"),
    (_has("nodes", "edges"), "a network drawn in a graph editor"),
    (_has("nodes", "links"), "a network drawn in a graph editor"),
    (_has("description"), "another program's file, perhaps a network designer's"),
    (_has("irVersion"), "an ONNX model's JSON"),
    (
        lambda data: isinstance(data.get("architecture"), dict),
        "a saved work or a run; its network alone is what stands under “architecture”",
    ),
    (_has("architecture", "num_classes"), "a timm model's settings, which name no layers"),
)


def name_foreign_json(data: dict[str, Any]) -> str | None:
    """What a decoded JSON object is, where it is another program's: "a Keras model's JSON, …"."""
    return next((what for is_this, what in _SIGNS if is_this(data)), None)
