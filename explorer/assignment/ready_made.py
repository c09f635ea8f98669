"""Assignments to begin from: those of the course whose students documented the presets."""

from collections.abc import Mapping

from explorer.assignment.assignment import Assignment, Part

READY_MADE: Mapping[str, Assignment] = {
    "under-20k": Assignment(
        title="99.4 % with fewer than 20,000 parameters",
        text="Recognise MNIST's digits with a small network, and without a Linear layer: "
        "end in one map per digit.\n\n"
        "- Look at where the receptive field covers the digit.\n"
        "- Use BatchNorm and a little Dropout; say what each of them changed.",
        dataset="mnist",
        max_params=20_000,
        max_epochs=20,
        min_accuracy=0.994,
        required=(Part.BATCH_NORM, Part.DROPOUT),
        forbidden=(Part.LINEAR,),
    ),
    "under-10k": Assignment(
        title="99.4 % with fewer than 10,000 parameters",
        text="Half of the parameters, and fewer epochs.\n\n"
        "- Where do most of the parameters lie? Take them from there.\n"
        "- Write down what you aimed at, what came of it, and why.",
        dataset="mnist",
        max_params=10_000,
        max_epochs=15,
        min_accuracy=0.994,
        notes=True,
    ),
    "under-8k": Assignment(
        title="99.4 % with fewer than 8,000 parameters",
        text="The last step of the series: below 8,000.\n\n"
        "- Change one thing at a time, and keep what helped.\n"
        "- Does the accuracy hold over several seeds?\n"
        "- Write down what you aimed at, what came of it, and why.",
        dataset="mnist",
        max_params=8_000,
        max_epochs=15,
        min_accuracy=0.994,
        notes=True,
    ),
}
