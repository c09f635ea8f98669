"""A cold analysis of a 30-layer network against a plain torchinfo.summary on the CPU.

Run: python -m tests.benchmarks.analysis

Both by turns in one process, 200 times; every memo is emptied before each analysis.
"""

import statistics
import time

import torchinfo

from explorer.network import analysis, build
from explorer.presets import load_presets
from tests.benchmarks.machine import describe

ROUNDS = 200


def main() -> None:
    architecture = load_presets()["avg-pool-13k"].architecture
    network = build.build(architecture)
    cold, warm, plain = [], [], []
    for _ in range(ROUNDS):
        build.measure.cache_clear()
        analysis.analyze.cache_clear()
        cold.append(_milliseconds(lambda: analysis.analyze(architecture)))
        warm.append(_milliseconds(lambda: analysis.analyze(architecture)))
        plain.append(
            _milliseconds(
                lambda: torchinfo.summary(
                    network, (1, *architecture.input_shape), verbose=0, device="cpu"
                )
            )
        )
    print(describe("torch", "torchinfo"))
    print(f"{len(architecture.layers)} layers, median of {ROUNDS}:")
    print(
        f"analyze, cold {statistics.median(cold):.2f} ms; from the memo "
        f"{statistics.median(warm):.4f} ms"
    )
    print(
        "torchinfo.summary on the CPU, which gives no receptive fields "
        f"{statistics.median(plain):.2f} ms"
    )


def _milliseconds(work) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    main()
