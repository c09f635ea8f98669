"""A training step here against the notebook loop of the documents, PyTorch Lightning, Keras 3 and
the bare floor.

    pip install lightning keras        # for this alone
    EXPLORER_DATA=DIR python -m tests.benchmarks.training [--rounds 5] [--networks gap-17k …]
    [--threads 1 2]

All train the documented networks on MNIST, batches of 128, SGD with momentum, on the CPU. They take
turns in one process: in every round each trains STEPS steps, and the table has the median round's
milliseconds a step.

ours        explorer.training.engine.train: turned and moved images, live accuracy; fp32, and bf16
where that is faster;
            a new network each time, so without its first WARM_UP steps, as with Lightning's
notebook    the documents' loop: DataLoader, a transform an image (rotation, ToTensor, Normalize),
loss.item() each step
lightning   Trainer.fit over a DataLoader of tensors that are ready: no augmentation, no transforms
keras       Model.fit on the torch backend over arrays that are ready: no augmentation
floor       forward, backward, step on one fixed batch in channels_last, the network as the engine
runs it
"""

import argparse
import logging
import os
import statistics
import time
import warnings
from collections.abc import Callable

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
from torchvision import datasets, transforms

from explorer.network.build import build
from explorer.network.spec import Architecture
from explorer.presets import load_presets
from explorer.training.dataset_files import Dataset, Split, load_dataset
from explorer.training.datasets import data_root
from explorer.training.engine import Numerics, train
from explorer.training.initialisation import RandomStreams, new_network
from explorer.training.recipe import SGD, Recipe
from tests.benchmarks.machine import describe

BATCH, STEPS, WARM_UP = 128, 30, 5
OPTIMIZER = {"lr": 0.01, "momentum": 0.9}
MEAN, STD = (0.1307,), (0.3081,)

Contender = Callable[[], float]  # trains STEPS steps, and returns the seconds


def main() -> None:
    options = _options()
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    print(describe("torch", *(["lightning", "keras"] if not options.alone else [])))
    names = [
        "ours fp32",
        "ours bf16",
        "floor fp32",
        "floor bf16",
        "notebook",
        *([] if options.alone else ["lightning", "keras"]),
    ]
    for threads in options.threads:
        torch.set_num_threads(threads)
        print(
            f"\n{threads} thread{'s' if threads > 1 else ''}, "
            f"milliseconds a step (median of {options.rounds} rounds of {STEPS})"
        )
        print(f"| network | {' | '.join(names)} |")
        print(f"|---|{'---|' * len(names)}")
        ratios: dict[str, list[float]] = {}
        for id in options.networks:
            contenders = _contenders(load_presets()[id].architecture, names)
            rounds: dict[str, list[float]] = {name: [] for name in names}
            for _ in range(options.rounds):
                for name in names:
                    rounds[name].append(1000 * contenders[name]() / STEPS)
            ms = {name: statistics.median(rounds[name]) for name in names}
            print(f"| {id} | {' | '.join(f'{ms[name]:.1f}' for name in names)} |", flush=True)
            for precision in ("fp32", "bf16"):
                ours = ms[f"ours {precision}"]
                for other in ("notebook", "lightning", "keras"):
                    if other in ms:
                        ratios.setdefault(f"{precision}: {other} / ours", []).append(
                            ms[other] / ours
                        )
                ratios.setdefault(f"{precision}: floor / ours", []).append(
                    ms[f"floor {precision}"] / ours
                )
        print("\n| ratio | median | lowest | highest |\n|---|---|---|---|")
        for name, values in ratios.items():
            print(
                f"| {name} | {statistics.median(values):.2f} | {min(values):.2f} | "
                f"{max(values):.2f} |"
            )


def _contenders(architecture: Architecture, names: list[str]) -> dict[str, Contender]:
    images = load_dataset("mnist")
    make = {
        "ours fp32": lambda: _ours(architecture, images, "fp32"),
        "ours bf16": lambda: _ours(architecture, images, "bf16"),
        "floor fp32": lambda: _floor(architecture, images, "fp32"),
        "floor bf16": lambda: _floor(architecture, images, "bf16"),
        "notebook": lambda: _notebook(architecture),
        "lightning": lambda: _lightning(architecture, images),
        "keras": lambda: _keras(architecture, images),
    }
    return {name: make[name]() for name in names}


def _ours(architecture: Architecture, images: Dataset, precision: str) -> Contender:
    few = BATCH * STEPS
    part = Dataset(images.name, images.kind, _first(images.train, few), _first(images.test, BATCH))
    recipe = Recipe(
        dataset="mnist",
        epochs=1,
        optimizer=SGD(**OPTIMIZER),
        rotation=8.0,
        shift=1.5,
        precision=precision,
    )

    def run() -> float:
        events = list(train(architecture, recipe, part, torch.device("cpu")))
        assert events[-1].kind == "finished", events[-1].message
        # Each run has a network of its own, whose first steps prepare themselves, as Lightning's
        # do; the others' are kept.
        steps = [event for event in events if event.kind == "step" and event.step > WARM_UP]
        return STEPS * statistics.fmean(1 / step.metrics["iterations_per_second"] for step in steps)

    return run


def _first(split: Split, count: int) -> Split:
    return Split(split.images[:count], split.labels[:count])


def _floor(architecture: Architecture, images: Dataset, precision: str) -> Contender:
    numerics, chance = (
        Numerics.of(precision, torch.device("cpu")),
        RandomStreams.of(0, torch.device("cpu")),
    )
    network = (
        new_network(architecture, chance.weights, chance.dropout)
        .to(memory_format=numerics.layout)
        .train()
    )
    optimizer = torch.optim.SGD(network.parameters(), **OPTIMIZER, fused=True)
    x, y = images.train.images[:BATCH].float() / 255, images.train.labels[:BATCH]

    def run() -> float:
        began = time.perf_counter()
        for _ in range(STEPS):
            loss = F.cross_entropy(numerics.run(network, x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return time.perf_counter() - began

    return run


def _notebook(architecture: Architecture) -> Contender:
    steps = [
        transforms.RandomRotation((-8, 8), fill=(1,)),
        transforms.ToTensor(),
        transforms.Normalize(MEAN, STD),
    ]
    data = datasets.MNIST(str(data_root()), train=True, transform=transforms.Compose(steps))
    loader = DataLoader(data, batch_size=BATCH, shuffle=True)
    network = build(architecture).train()
    optimizer = torch.optim.SGD(network.parameters(), **OPTIMIZER)

    def run() -> float:
        began, right, seen = time.perf_counter(), 0, 0
        for step, (x, y) in enumerate(loader):
            if step == STEPS:
                break
            optimizer.zero_grad()
            scores = network(x)
            loss = F.nll_loss(scores, y)
            loss.backward()
            optimizer.step()
            right += (
                scores.argmax(dim=1, keepdim=True)
                .eq(y.view_as(scores.argmax(dim=1, keepdim=True)))
                .sum()
                .item()
            )
            seen += len(x)
            f"loss={loss.item()} batch_id={step} accuracy={100 * right / seen:0.2f}"
        return time.perf_counter() - began

    return run


def _lightning(architecture: Architecture, images: Dataset) -> Contender:
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = build(architecture)
            self.seconds = 0.0

        def training_step(self, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
            x, y = batch
            loss = F.cross_entropy(self.network(x), y)
            self.log("loss", loss, prog_bar=True)
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), **OPTIMIZER)

        def on_train_batch_start(self, batch: object, batch_idx: int) -> None:
            if batch_idx == WARM_UP:
                self.seconds = time.perf_counter()

        def on_train_end(self) -> None:
            self.seconds = time.perf_counter() - self.seconds

    count = BATCH * (STEPS + WARM_UP)
    x = (images.train.images[:count].float() / 255 - MEAN[0]) / STD[0]
    loader = DataLoader(
        TensorDataset(x, images.train.labels[:count]), batch_size=BATCH, shuffle=True
    )

    def run() -> float:
        module = Module()
        quiet = {
            "logger": False,
            "enable_checkpointing": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
        }
        lightning.Trainer(max_epochs=1, accelerator="cpu", **quiet).fit(module, loader)
        return module.seconds

    return run


def _keras(architecture: Architecture, images: Dataset) -> Contender:
    import keras

    network = keras.Sequential([keras.Input((28, 28, 1)), *_keras_layers(architecture)])
    network.compile(
        keras.optimizers.SGD(OPTIMIZER["lr"], OPTIMIZER["momentum"]),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    count = BATCH * STEPS
    x = ((images.train.images[:count].float() / 255 - MEAN[0]) / STD[0]).permute(0, 2, 3, 1).numpy()
    y = images.train.labels[:count].numpy()
    network.fit(x[: BATCH * WARM_UP], y[: BATCH * WARM_UP], BATCH, 1, verbose=0)

    def run() -> float:
        began = time.perf_counter()
        network.fit(x, y, BATCH, 1, verbose=0)
        return time.perf_counter() - began

    return run


def _keras_layers(architecture: Architecture) -> list:
    """The kinds that the documented networks use, in Keras' terms."""
    from keras import layers as keras_layers

    def padding(layer) -> str:
        return "same" if layer.padding not in (0, (0, 0), "valid") else "valid"

    kinds = {
        "Conv2d": lambda k: keras_layers.Conv2D(
            k.out_channels, k.kernel_size, k.stride, padding(k), use_bias=k.bias
        ),
        "BatchNorm2d": lambda k: keras_layers.BatchNormalization(
            momentum=1 - k.momentum, epsilon=k.eps
        ),
        "ReLU": lambda k: keras_layers.ReLU(),
        "MaxPool2d": lambda k: keras_layers.MaxPooling2D(k.kernel_size, k.stride, padding(k)),
        "AvgPool2d": lambda k: keras_layers.AveragePooling2D(k.kernel_size, k.stride, padding(k)),
        "AdaptiveAvgPool2d": lambda k: (
            keras_layers.GlobalAveragePooling2D(keepdims=True)
            if k.output_size in (1, (1, 1))
            else keras_layers.AdaptiveAveragePooling2D(k.output_size)
        ),
        "Dropout": lambda k: keras_layers.Dropout(k.p),
        "Dropout2d": lambda k: keras_layers.SpatialDropout2D(k.p),
        "Flatten": lambda k: keras_layers.Flatten(),
        "Linear": lambda k: keras_layers.Dense(k.out_features, use_bias=k.bias),
        "LogSoftmax": lambda k: keras_layers.Softmax(),
    }
    return [kinds[layer.kind](layer) for layer in architecture.layers]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    documented = [preset.id for preset in load_presets().values() if preset.documented]
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--networks", nargs="+", default=documented)
    parser.add_argument("--alone", action="store_true", help="without Lightning and Keras")
    return parser.parse_args()


if __name__ == "__main__":
    main()
