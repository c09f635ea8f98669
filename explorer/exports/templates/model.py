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
# if moved
ROTATION = 5.0  # degrees, either way
SHIFT = 1.5  # pixels, along each axis
SCALE = 0.1  # share by which an image is larger or smaller
# end
# if flip
FLIP = 0.5  # probability with which an image is mirrored, left to right
# end
# if crop
CROP_PADDING = 2  # pixels on every side, of which the old size is cut out
# end
# if brightness
BRIGHTNESS = 0.2  # share by which it is changed
# end
# if contrast
CONTRAST = 0.2  # share by which it is changed
# end
# if saturation
SATURATION = 0.2  # share by which it is changed
# end
# if cutout
CUTOUT = 8  # side in pixels of the square that is erased
# end
# if mixup
MIXUP = 0.2  # of the Beta distribution from which the shares are drawn
# end
# if augmented
PLAIN_EPOCHS = 1  # last epochs, in which the images stay as they are
# end
# if l1
L1 = 0.0001  # strength of the penalty on the sum of absolute weights
# end
# if clipping
CLIP_GRAD_NORM = 1.0  # longest gradient of a step
# end
# if validation
VALIDATION_IMAGES = 100  # of the training images; nothing is learned from them
# end
# if early stopping
EARLY_STOPPING = 3  # epochs without a lower validation loss that end the training
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
# if contrast or saturation
def to_grey(images):
    """(B, 1, H, W) of (B, C, H, W)."""
    if images.shape[1] == 1:
        return images
    weights = torch.tensor([0.2989, 0.587, 0.114], device=DEVICE).view(1, 3, 1, 1)
    return (images * weights).sum(1, keepdim=True)


# end
# if colours
def blend(start, images, strength):
    """From `start` towards each image, by a random factor about 1, its own place."""
    draws = torch.rand(len(images), 1, 1, 1, device=DEVICE)
    factors = 1 + strength * (2 * draws - 1)
    return (start + factors * (images - start)).clamp(0, 1)


# end
def augment(images):
    """Each image of (B, C, H, W), 0..1, changed at random."""
    # if sized
    count, (height, width) = len(images), images.shape[2:]
    # end
    # if moved
    draws = torch.rand(4, count, device=DEVICE) * 2 - 1  # (4, B), -1..1
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
    images = F.grid_sample(images, grid, align_corners=False)
    # end
    # if flip
    draws = torch.rand(len(images), 1, 1, 1, device=DEVICE)
    images = torch.where(draws < FLIP, images.flip(3), images)
    # end
    # if crop
    first = torch.randint(0, 2 * CROP_PADDING + 1, (2, count), device=DEVICE)
    rows = first[0, :, None] + torch.arange(height, device=DEVICE)  # (B, H)
    columns = first[1, :, None] + torch.arange(width, device=DEVICE)  # (B, W)
    padded = F.pad(images, [CROP_PADDING] * 4).permute(0, 2, 3, 1)
    each = torch.arange(count, device=DEVICE)[:, None, None]
    cropped = padded[each, rows[:, :, None], columns[:, None, :]]  # (B, H, W, C)
    images = cropped.permute(0, 3, 1, 2)
    # end
    # if brightness
    images = blend(torch.zeros_like(images), images, BRIGHTNESS)
    # end
    # if contrast
    mean = to_grey(images).mean((1, 2, 3), keepdim=True)  # (B, 1, 1, 1)
    images = blend(mean, images, CONTRAST)
    # end
    # if saturation
    images = blend(to_grey(images), images, SATURATION)
    # end
    # if cutout
    # The centre is any pixel; what sticks out of the image is lost.
    y = torch.randint(0, height, (count, 1, 1, 1), device=DEVICE) - CUTOUT // 2
    x = torch.randint(0, width, (count, 1, 1, 1), device=DEVICE) - CUTOUT // 2
    rows = torch.arange(height, device=DEVICE)[:, None] - y  # (B, 1, H, 1)
    columns = torch.arange(width, device=DEVICE) - x  # (B, 1, 1, W)
    erased = (rows >= 0) & (rows < CUTOUT) & (columns >= 0) & (columns < CUTOUT)
    images = torch.where(erased, MEAN, images)
    # end
    return images


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
    # if validation
    generator = torch.Generator().manual_seed(4_000_000 + SEED)
    order = torch.randperm(len(train_images), generator=generator).to(DEVICE)
    held_out, learned = order[:VALIDATION_IMAGES], order[VALIDATION_IMAGES:]
    validation_images = train_images[held_out]
    validation_labels = train_labels[held_out]
    train_images, train_labels = train_images[learned], train_labels[learned]
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
    # if schedule that watches a loss
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    # end
    # if early stopping
    lowest, waited = math.inf, 0
    # end
    history = []
    for epoch in range(1, EPOCHS + 1):
        model.train()
        total_loss = right = seen = 0
        order = torch.randperm(len(train_images), generator=generator).to(DEVICE)
        for step in range(steps_per_epoch):
            chosen = order[step * BATCH_SIZE : (step + 1) * BATCH_SIZE]  # (B,)
            x = train_images[chosen].float() / 255  # (B, C, H, W)
            # if changed
            if epoch <= EPOCHS - PLAIN_EPOCHS:
                x = augment(x)
            # end
            y = train_labels[chosen]  # (B,)
            # if mixup
            # Each image is blended with the one before it in the batch.
            share = 1.0
            if epoch <= EPOCHS - PLAIN_EPOCHS:
                share = torch.distributions.Beta(MIXUP, MIXUP).sample().item()
            x = share * x + (1 - share) * x.roll(1, 0)
            others = y.roll(1)
            # end
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
            # if mixup
            of_others = F.cross_entropy(scores, others, label_smoothing=LABEL_SMOOTHING)
            loss = share * loss + (1 - share) * of_others
            y = y if share >= 0.5 else others  # the larger share counts
            # end
            optimizer.zero_grad()
            loss.backward()
            # if l1 on weights
            penalty = L1 * sum(weight.abs().sum() for weight in weights)
            # end
            # if l1 on all
            penalty = L1 * sum(weight.abs().sum() for weight in model.parameters())
            # end
            # if l1
            penalty.backward()  # adds its gradients to the loss's; the loss is shown without it
            # end
            # if clipping
            nn.utils.clip_grad_norm_(model.parameters(), CLIP_GRAD_NORM)
            # end
            optimizer.step()
            # if schedule of each step
            scheduler.step()
            # end
            total_loss += loss.item() * len(y)
            right += (scores.argmax(1) == y).sum().item()
            seen += len(y)
        test_loss, test_accuracy = evaluate(model, test_images, test_labels)
        record = {
            "epoch": epoch,
            "train_loss": total_loss / seen,
            "train_accuracy": right / seen,
            "test_loss": test_loss,
            "test_accuracy": test_accuracy,
        }
        # if validation
        validation_loss, validation_accuracy = evaluate(
            model, validation_images, validation_labels
        )
        record["validation_loss"] = validation_loss
        record["validation_accuracy"] = validation_accuracy
        # end
        history.append(record)
        print(", ".join(f"{name} {value:.6g}" for name, value in record.items()))
        # if schedule of each epoch
        scheduler.step()
        # end
        # if schedule that watches the validation loss
        plateau.step(validation_loss)
        # end
        # if schedule that watches the train loss
        plateau.step(total_loss / seen)
        # end
        # if early stopping
        waited = 0 if validation_loss < lowest else waited + 1
        lowest = min(lowest, validation_loss)
        if waited == EARLY_STOPPING:
            print("stopped early")
            break
        # end
    return model, history


# %% main
def main():
    model, history = train(*load_data())
    torch.save(model.state_dict(), "weights.pt")
    print(f"final test accuracy: {history[-1]['test_accuracy']:.2%}")


if __name__ == "__main__":
    main()
