"""Run a network on test images: the values of its layers for one image, and the influence of each
pixel on one unit.

Answers are kept, as a class looks at the same few networks; all are bounded, as one server bears
the class.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import prod

from torch import Tensor, nn

from explorer.network.analysis import Analysis
from explorer.network.effective_field import EffectiveField, effective_field
from explorer.network.evaluation import network_with, outputs
from explorer.network.spec import Architecture
from explorer.runs.manager import JobManager
from explorer.ui.components.field_view.samples import IMAGES, samples
from explorer.ui.components.field_view.weights import Source, Trained, weights_of

# What a network may have to be run while somebody waits; larger ones show their exact fields alone.
MAX_PARAMS = 5_000_000
MAX_VALUES = 2_000_000  # of one image and of what it leaves in all layers: 16 MB in float64
MAX_PIXELS = 1_000_000  # of an image
MAX_SAMPLES = 8_000_000  # values of all images of one effective field: 64 MB
MAX_MULT_ADDS = 250_000_000  # for one image
# Mult-adds of one effective field, so that a large network is looked at on fewer images.
WORK = 1_000_000_000


@dataclass(frozen=True)
class ForwardContext:
    """All that a forward pass depends on beside the network: its weights and the data set."""

    jobs: JobManager
    source: Source
    dataset: str

    @property
    def trained_on(self) -> str | None:
        return self.source.dataset if isinstance(self.source, Trained) else None


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """The values of every layer of a network for one image."""

    network: nn.Sequential
    values: tuple[Tensor, ...]  # the image itself, then the output of each layer, without the batch


def start_of(architecture: Architecture, layers: int) -> Architecture:
    return architecture.model_copy(update={"layers": architecture.layers[:layers]})


def layers_that_run(analysis: Analysis) -> int:
    """How many of the layers, from the first, are small enough to be run here."""
    if prod(analysis.architecture.input_shape[1:]) > MAX_PIXELS:
        return 0
    params, values, mult_adds = 0, prod(analysis.architecture.input_shape), 0
    for row in analysis.rows:
        params, values, mult_adds = (
            params + row.params,
            values + row.output_bytes // 4,
            mult_adds + row.mult_adds,
        )
        if params > MAX_PARAMS or values > MAX_VALUES or mult_adds > MAX_MULT_ADDS:
            return row.index
    return len(analysis.rows)


def images_for(mult_adds: int, image_values: int) -> int:
    """How many images an effective field is taken over."""
    return max(4, min(IMAGES, WORK // max(1, mult_adds), MAX_SAMPLES // image_values))


@lru_cache(maxsize=4)
def run_forward(architecture: Architecture, image: int, context: ForwardContext) -> ForwardPass:
    """The image at that place of the samples, through all of `architecture`."""
    channels, height, width = architecture.input_shape
    network = network_with(architecture, weights_of(context.jobs, architecture, context.source))
    x = samples(context.dataset, height, width).as_input(image, 1, channels, context.trained_on)
    return ForwardPass(network, tuple(values[0] for values in outputs(network, x)))


@lru_cache(maxsize=32)
def unit_influence(
    architecture: Architecture,
    unit: tuple[int, int],
    channel: int | None,
    images: int,
    values: int,
    context: ForwardContext,
) -> EffectiveField:
    """Of a unit of the last layer of `architecture`, of which one image leaves `values` values in
    all layers.
    """
    channels, height, width = architecture.input_shape
    network = network_with(architecture, weights_of(context.jobs, architecture, context.source))
    x = samples(context.dataset, height, width).as_input(0, images, channels, context.trained_on)
    return effective_field(
        network, unit, channel, x, at_once=max(1, min(images, MAX_VALUES // max(1, values)))
    )
