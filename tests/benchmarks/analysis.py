"""A cold analysis of networks against a plain torchinfo.summary on the CPU.

Run: python -m tests.benchmarks.analysis [--rounds 50]

Both by turns in one process, on a stack of 30 layers, on the networks of the literature, and on
1,000 layers in blocks; every memo is emptied before each analysis.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torchinfo

from explorer.network import analysis
from explorer.network.build import build
from explorer.network.spec import (
    MAX_LAYERS,
    Architecture,
    Branches,
    Conv2d,
    Nodes,
    ReLU,
    count_layers,
)
from explorer.presets import load_presets
from tests.benchmarks.machine import describe
from tests.cpu import forget_networks


def longest() -> Architecture:
    """As many layers and merges as a network may have."""
    conv = Conv2d(out_channels=4, kernel_size=3, padding=1)
    block: Nodes = (Branches(merge="add", branches=((conv, ReLU(), conv), ())),)
    return Architecture(name="longest", layers=(conv, *block * ((MAX_LAYERS - 1) // 4)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    rounds = parser.parse_args().rounds
    print(describe("torch", "torchinfo"))
    print("milliseconds of the processor, median: analyze with every memo emptied, from the memo;")
    print("torchinfo.summary, which gives no receptive fields")
    presets = load_presets().values()
    known = [each.architecture for each in presets if each.known and not each.known.smaller]
    for architecture in (load_presets()["avg-pool-13k"].architecture, *known, longest()):
        network = build(architecture)
        shape = (1, *architecture.input_shape)
        cold, warm, plain = [], [], []
        for _ in range(rounds):
            forget_networks()
            cold.append(milliseconds(lambda of=architecture: analysis.analyze(of)))
            warm.append(milliseconds(lambda of=architecture: analysis.analyze(of)))
            plain.append(
                milliseconds(
                    lambda of=network, size=shape: torchinfo.summary(
                        of, size, verbose=0, device="cpu"
                    )
                )
            )
        figures = ", ".join(f"{statistics.median(each):.2f}" for each in (cold, warm, plain))
        print(
            f"{architecture.name}, {count_layers(architecture.layers)} layers: {figures}",
            flush=True,
        )


def milliseconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)


if __name__ == "__main__":
    main()
