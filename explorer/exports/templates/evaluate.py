"""TITLE: the trained weights, tested on the test images.

`python evaluate.py` prints what README.md reports. It needs torch, safetensors and NEEDS.
"""

import pathlib

import torch
from safetensors.torch import load_file

from model import DEVICE, LAYOUT, Network, evaluate, load_data

# As it was trained: with more threads sums are taken in another order, and round otherwise.
torch.set_num_threads(1)

model = Network()
model.load_state_dict(
    load_file(pathlib.Path(__file__).with_name("weights.safetensors"))
)
model = model.to(DEVICE).to(memory_format=LAYOUT)
_, _, test_images, test_labels = load_data()
test_loss, test_accuracy = evaluate(model, test_images, test_labels)
print(f"test loss: {test_loss:.6g}")
print(f"test accuracy: {test_accuracy:.2%} of {len(test_labels):,} images")
