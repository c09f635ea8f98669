"""Run a network on test images: the values of its layers for one image, and the influence of each
pixel on one unit.

Answers are kept, as a class looks at the same few networks; all are bounded, as one server bears
the class.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import prod

from torch import Tensor, nn

from explorer.network.analysis import Analysis, analyze
from explorer.network.effective_field import EffectiveField, effective_field
from explorer.network.evaluation import layer_modules, network_leading_to, outputs
from explorer.network.spec import Architecture, Path
from explorer.runs.manager import JobManager
from explorer.ui.components.field_view.samples import IMAGES, OwnImage, Samples, samples
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
    """All that a forward pass depends on beside the network: its weights and the images."""

    jobs: JobManager
    source: Source
    dataset: str
    own: OwnImage | None = None  # the visitor's, in place of the data set's

    @property
    def trained_on(self) -> str | None:
        return self.source.dataset if isinstance(self.source, Trained) else None

    def samples(self, height: int, width: int) -> Samples:
        return samples(self.dataset, height, width, self.own)


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """The values of the layers and merges of a network for one image."""

    modules: dict[Path, nn.Module]  # the layers, by path
    values: dict[Path, Tensor]  # the outputs, without the batch, and under IMAGE the image itself


def layers_that_run(analysis: Analysis) -> int:
    """How many of the rows, from the first, are small enough to be run here."""
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
def run_forward(
    architecture: Architecture, count: int, image: int, context: ForwardContext
) -> ForwardPass:
    """The image at that place of the samples, through the first `count` rows of `architecture`."""
    channels, height, width = architecture.input_shape
    rows = analyze(architecture).rows[:count]
    modules = layer_modules(rows, weights_of(context.jobs, architecture, count, context.source))
    x = context.samples(height, width).as_input(image, 1, channels, context.trained_on)
    values = outputs(rows, modules, x)
    return ForwardPass(modules, {path: each[0] for path, each in values.items()})


@lru_cache(maxsize=32)
def unit_influence(
    architecture: Architecture,
    index: int,
    unit: tuple[int, int],
    channel: int | None,
    images: int,
    values: int,
    context: ForwardContext,
) -> EffectiveField:
    """Of a unit of the layer at row `index`, on the way to which one image leaves `values`
    values.
    """
    channels, height, width = architecture.input_shape
    weights = weights_of(context.jobs, architecture, index + 1, context.source)
    path = analyze(architecture).rows[index].path
    network = network_leading_to(architecture, path, weights)
    x = context.samples(height, width).as_input(0, images, channels, context.trained_on)
    return effective_field(
        network, unit, channel, x, at_once=max(1, min(images, MAX_VALUES // max(1, values)))
    )
