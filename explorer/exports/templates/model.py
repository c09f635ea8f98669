"""The code of model.py and of the notebook, with every option on.

It runs as it stands, on the digits.

code_template.py takes it apart: a line "# %% NAME" begins a part; what lies between "# if OPTION",
"# else" and "# end" is kept or left out; and a run's own values and class replace the ones here.
"""

import math
import os

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torchvision import datasets


# %% model
class Network(nn.Module):
    """Stands for the class that exports/pytorch.py writes."""

    def __init__(self) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(in_features=784, out_features=10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc1(self.flatten(x))  # (N, 10)


# %% recipe
EPOCHS = 2
BATCH_SIZE = 128
SEED = 0
# if part of the images
TRAIN_IMAGES = 144  # the first of the training images; the others are left out
# end
# if smoothing
LABEL_SMOOTHING = 0.1
# end
# if augmented
ROTATION = 5.0  # degrees, either way
SHIFT = 1.5  # pixels, along each axis
SCALE = 0.1  # share by which an image is larger or smaller
PLAIN_EPOCHS = 1  # last epochs, in which the images stay as they are
# end
# if best device
if torch.cuda.is_available():
    DEVICE = torch.device("cuda")
elif torch.backends.mps.is_available():
    DEVICE = torch.device("mps")
else:
    DEVICE = torch.device("cpu")
# else
DEVICE = torch.device("cpu")
# end
# How batches lie in memory; channels last is faster, but not on Apple's GPUs.
LAYOUT = torch.contiguous_format if DEVICE.type == "mps" else torch.channels_last
# Images tested at a time.
TEST_BATCH = {"cpu": 500, "cuda": 5000, "mps": 1000}[DEVICE.type]

# Of the training images, scaled to 0..1; one a channel.
MEAN = torch.tensor([0.3121], device=DEVICE).view(-1, 1, 1)
STD = torch.tensor([0.3562], device=DEVICE).view(-1, 1, 1)


# %% data of MNIST
# Where the images lie; what is not there is downloaded.
FOLDER = os.environ.get("EXPLORER_DATA", "data")


def load_data():
    """Images (N, 1, 28, 28), uint8, and their classes (N,), to train and to test."""
    train = datasets.MNIST(FOLDER, train=True, download=True)
    test = datasets.MNIST(FOLDER, train=False, download=True)
    train_images, test_images = train.data.unsqueeze(1), test.data.unsqueeze(1)
    parts = train_images, train.targets, test_images, test.targets
    return [part.to(DEVICE) for part in parts]


# %% data of CIFAR10
# Where the images lie; what is not there is downloaded.
FOLDER = os.environ.get("EXPLORER_DATA", "data")


def load_data():
    """Images (N, 3, 32, 32), uint8, and their classes (N,), to train and to test."""
    parts = []
    for source in (
        datasets.CIFAR10(FOLDER, train=True, download=True),
        datasets.CIFAR10(FOLDER, train=False, download=True),
    ):
        parts.append(torch.from_numpy(source.data).permute(0, 3, 1, 2).contiguous())
        parts.append(torch.tensor(source.targets))
    return [part.to(DEVICE) for part in parts]


# %% data of EMNIST
# Where the images lie; what is not there is downloaded.
FOLDER = os.environ.get("EXPLORER_DATA", "data")


def load_data():
    """Images (N, 1, 28, 28), uint8, and their classes (N,), to train and to test."""
    parts = []
    for is_train in (True, False):
        source = datasets.EMNIST(FOLDER, "balanced", train=is_train, download=True)
        # They lie transposed in their files.
        parts.append(source.data.transpose(1, 2).unsqueeze(1).contiguous())
        parts.append(source.targets)
    return [part.to(DEVICE) for part in parts]


# %% data of SVHN
# Where the images lie; what is not there is downloaded.
FOLDER = os.environ.get("EXPLORER_DATA", "data")


def load_data():
    """Images (N, 3, 32, 32), uint8, and their classes (N,), to train and to test."""
    parts = []
    for name in ("train", "test"):
        source = datasets.SVHN(FOLDER, name, download=True)
        parts.append(torch.from_numpy(source.data).contiguous())
        parts.append(torch.from_numpy(source.labels))
    return [part.to(DEVICE) for part in parts]


# %% data of own images
# "Your own images…" on the page Train gives this file: put it where this runs.
IMAGES = "own.safetensors"


def load_data():
    """Images (N, C, H, W), uint8, and their classes (N,), to train and to test."""
    found = load_file(IMAGES)
    names = "train_images", "train_labels", "test_images", "test_labels"
    return [found[name].to(DEVICE) for name in names]


# %% data of digits
def load_data():
    """Images (N, 1, 28, 28), uint8, and their classes (N,), to train and to test."""
    digits = load_digits()
    small = torch.from_numpy(digits.images).float().unsqueeze(1) / 16  # (N, 1, 8, 8)
    images = F.interpolate(small, size=(28, 28), mode="bicubic").clamp(0, 1)
    images = (images * 255).round().to(torch.uint8).numpy()
    labels = digits.target
    train_images, test_images, train_labels, test_labels = train_test_split(
        images, labels, test_size=360, stratify=labels, random_state=0
    )
    parts = train_images, train_labels, test_images, test_labels
    return [torch.from_numpy(part).to(DEVICE) for part in parts]


# %% augmentation
def augment(images):
    """Each image of (B, C, H, W), 0..1, turned, moved and scaled at random."""
    height, width = images.shape[2:]
    draws = torch.rand(4, len(images), device=DEVICE) * 2 - 1  # (4, B), -1..1
    angle = torch.deg2rad(draws[0] * ROTATION)
    right, down = draws[1] * SHIFT, draws[2] * SHIFT  # pixels
    times = (1 + SCALE) ** draws[3]
    sine, cosine = torch.sin(angle) / times, torch.cos(angle) / times
    # For each pixel that goes out, the place that it is taken from, in half images.
    to_x = torch.stack(
        (
            cosine,
            -sine * height / width,
            2 / width * (sine * down - cosine * right),
        ),
        dim=1,
    )
    to_y = torch.stack(
        (
            sine * width / height,
            cosine,
            -2 / height * (sine * right + cosine * down),
        ),
        dim=1,
    )
    places = torch.stack((to_x, to_y), dim=1)  # (B, 2, 3)
    grid = F.affine_grid(places, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


# %% evaluation
def normalise(images):
    """Images of 0..1 to about mean 0 and deviation 1 in each channel."""
    return ((images - MEAN) / STD).contiguous(memory_format=LAYOUT)


@torch.inference_mode()
def evaluate(model, images, labels):
    """Mean loss and accuracy, 0 to 1, in evaluation mode."""
    model.eval()
    total_loss = right = 0
    for x, y in zip(images.split(TEST_BATCH), labels.split(TEST_BATCH)):
        x = x.float() / 255  # (B, C, H, W)
        # if bf16
        with torch.autocast(DEVICE.type, torch.bfloat16):
            scores = model(normalise(x)).float()  # (B, classes)
        # else
        scores = model(normalise(x))  # (B, classes)
        # end
        total_loss += F.cross_entropy(scores, y, reduction="sum").item()
        right += (scores.argmax(1) == y).sum().item()
    return total_loss / len(labels), right / len(labels)


# %% training
def train(train_images, train_labels, test_images, test_labels):
    """The trained network, and one record an epoch."""
    # if part of the images
    train_images = train_images[:TRAIN_IMAGES]
    train_labels = train_labels[:TRAIN_IMAGES]
    # end
    torch.manual_seed(SEED)
    model = Network().to(DEVICE)
    model = model.to(memory_format=LAYOUT)
    # A generator of its own, so that the images come in the explorer's order.
    generator = torch.Generator().manual_seed(1_000_000 + SEED)
    # if decay of weights alone
    # Weight decay is for the weights of Conv2d and Linear; biases and normalisation's are vectors.
    weights = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    others = [parameter for parameter in model.parameters() if parameter.dim() <= 1]
    groups = [{"params": weights}, {"params": others, "weight_decay": 0.0}]
    # end
    optimizer = torch.optim.SGD(groups, lr=0.01, momentum=0.9)
    # A last batch of a single image is left out: BatchNorm can make nothing of it.
    steps_per_epoch = math.ceil((len(train_images) - 1) / BATCH_SIZE)
    # if schedule
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=6)
    # end
    history = []
    for epoch in range(1, EPOCHS + 1):
        model.train()
        total_loss = right = seen = 0
        order = torch.randperm(len(train_images), generator=generator).to(DEVICE)
        for step in range(steps_per_epoch):
            chosen = order[step * BATCH_SIZE : (step + 1) * BATCH_SIZE]  # (B,)
            x = train_images[chosen].float() / 255  # (B, C, H, W)
            # if augmented
            if epoch <= EPOCHS - PLAIN_EPOCHS:
                x = augment(x)
            # end
            y = train_labels[chosen]  # (B,)
            # if bf16
            with torch.autocast(DEVICE.type, torch.bfloat16):
                scores = model(normalise(x)).float()  # (B, classes)
            # else
            scores = model(normalise(x))  # (B, classes)
            # end
            # if smoothing
            loss = F.cross_entropy(scores, y, label_smoothing=LABEL_SMOOTHING)
            # else
            loss = F.cross_entropy(scores, y)
            # end
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            # if schedule of each step
            scheduler.step()
            # end
            total_loss += loss.item() * len(y)
            right += (scores.argmax(1) == y).sum().item()
            seen += len(y)
        # if schedule of each epoch
        scheduler.step()
        # end
        test_loss, test_accuracy = evaluate(model, test_images, test_labels)
        record = {
            "epoch": epoch,
            "train_loss": total_loss / seen,
            "train_accuracy": right / seen,
            "test_loss": test_loss,
            "test_accuracy": test_accuracy,
        }
        history.append(record)
        print(", ".join(f"{name} {value:.6g}" for name, value in record.items()))
    return model, history


# %% main
def main():
    model, history = train(*load_data())
    torch.save(model.state_dict(), "weights.pt")
    print(f"final test accuracy: {history[-1]['test_accuracy']:.2%}")


if __name__ == "__main__":
    main()
