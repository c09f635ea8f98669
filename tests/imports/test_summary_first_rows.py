"""The first row of a table, of which neither the image nor the window is printed, and yet both come
back.

Where other images and windows would print the same table, what was meant is among the answers that
are offered.
"""

import random

import pytest

from explorer.imports.summary.candidates import result
from explorer.imports.summary_table import SummaryError, import_summary
from explorer.network.spec import (
    MAX_IMAGE_CHANNELS,
    MAX_IMAGE_SIDE,
    BatchNorm2d,
    Conv2d,
    Layer,
    ReflectionPad2d,
    ReLU,
    Shape,
    Upsample,
)
from tests.imports.printed_tables import WAYS, print_table

GREY, COLOUR = (1, 28, 28), (3, 32, 32)
IMAGES = (
    GREY,
    COLOUR,
    (1, 105, 105),
    (3, 64, 64),
    (3, 96, 96),
    (1, 64, 64),
    (3, 128, 128),
    (3, 224, 224),
    (3, 100, 100),
)


def conv(kernel, **more) -> Conv2d:
    return Conv2d(out_channels=16, kernel_size=kernel, **more)


def offered(way: str, image: Shape, first: Layer) -> list[tuple[Shape | None, Layer]]:
    """Image and first layer of every answer to the table of a network that begins so, the one taken
    first.
    """
    shape, _ = result(first, image)
    again = Conv2d(out_channels=32, kernel_size=3, bias=getattr(first, "bias", True))
    more = [ReLU(), again, ReLU()] if min(shape[1:]) >= 3 else [ReLU()]
    imported = import_summary(print_table(way, image, [first, *more]))
    assert imported.problem is None
    taken = imported.architecture.input_shape, imported.architecture.layers[0]
    others = [
        (other.input_shape, other.layers[0])
        for choice in imported.choices
        if choice.index == 0
        for other in choice.others
    ]
    return [taken, *(answer for answer in others if answer[1:])]


UNAMBIGUOUS = [
    *((IMAGES[kernel % len(IMAGES)], conv(kernel)) for kernel in range(1, 21)),
    *((GREY, conv(kernel, bias=False)) for kernel in (10, 12, 13, 14, 15, 20)),
    *(((3, 96, 96), conv(kernel, padding=(kernel - 1) // 2)) for kernel in (3, 5, 7, 9, 11)),
    ((1, 105, 105), Conv2d(out_channels=64, kernel_size=10)),
    ((3, 224, 224), Conv2d(out_channels=64, kernel_size=7, stride=2, padding=3)),
    ((3, 224, 224), Conv2d(out_channels=768, kernel_size=16, stride=16)),
    ((3, 224, 224), Conv2d(out_channels=96, kernel_size=4, stride=4)),
    ((2048, 8, 8), Conv2d(out_channels=128, kernel_size=1)),
    ((2048, 7, 7), conv(3, padding=1)),
    ((1024, 7, 7), Conv2d(out_channels=256, kernel_size=1)),
    ((1024, 14, 14), conv(3, padding=1)),
    ((512, 16, 16), conv(1)),
    ((64, 28, 28), conv(3, padding=1)),
    ((9, 28, 28), conv(8)),
    ((1, 22, 128), Conv2d(out_channels=8, kernel_size=(1, 64), padding=(0, 32), bias=False)),
    ((1, 22, 128), Conv2d(out_channels=8, kernel_size=(1, 64), bias=False)),
    ((4, 84, 84), Conv2d(out_channels=32, kernel_size=8, stride=4)),
    *(
        ((1, 22, time), Conv2d(out_channels=8, kernel_size=(1, 25), bias=False))
        for time in (250, 500, 1000, 1125)
    ),
    ((1, 22, 256), Conv2d(out_channels=8, kernel_size=(1, 64), bias=False)),
    ((1, 64, 1125), Conv2d(out_channels=8, kernel_size=(1, 125), padding=(0, 62), bias=False)),
    ((1, 1000, 22), Conv2d(out_channels=8, kernel_size=(25, 1), bias=False)),
    ((3, 100, 200), conv(3)),
    ((3, 90, 160), conv(5, padding=2)),
]


@pytest.mark.parametrize(("image", "first"), UNAMBIGUOUS, ids=str)
def test_an_image_and_a_window_that_are_plain_are_taken(image, first):
    for way in ("torchsummary", "torchinfo in kB"):
        assert offered(way, image, first)[0] == (image, first)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kernel", [1, 4, 5, 10, 13])
def test_every_way_of_printing_the_size_of_the_input_is_understood(way, kernel):
    for image in ((3, 32, 32), (1, 105, 105)):
        assert offered(way, image, conv(kernel))[0] == (image, conv(kernel))


def test_a_line_in_kilobytes_tells_images_of_a_few_pixels_apart():
    """LeNet's first row fits 28×28 padded by 2 as well as 32×32; at 4.10 kB it can only be the
    latter.
    """
    first = Conv2d(out_channels=6, kernel_size=5)
    assert offered("torchinfo in kB", (1, 32, 32), first)[0] == ((1, 32, 32), first)
    in_megabytes = offered("torchinfo in MB", (1, 32, 32), first)
    assert ((1, 32, 32), first) in in_megabytes


@pytest.mark.parametrize("length", [16, 20, 32, 50, 64, 128])
@pytest.mark.parametrize("image", [(1, 22, 256), (1, 62, 1000)], ids=str)
def test_a_window_along_time_before_batch_normalisation_has_no_bias(image, length):
    """1×32 without a bias has as many weights as 1×31 with one; normalisation would take the bias
    away again.
    """
    for padding in ("same", 0, (0, length // 2)):
        first = Conv2d(out_channels=8, kernel_size=(1, length), padding=padding, bias=False)
        imported = import_summary(
            print_table("torchinfo in kB", image, [first, BatchNorm2d(), ReLU()])
        )
        assert (imported.architecture.input_shape, imported.architecture.layers[0]) == (
            image,
            first,
        )


def test_a_window_over_all_signals_says_nothing_of_padding():
    """EEGNet's second window covers all 22 rows, so that it has no border; the first has one all
    the same.
    """
    first = Conv2d(out_channels=8, kernel_size=(1, 32), padding="same", bias=False)
    second = Conv2d(out_channels=16, kernel_size=(22, 1), groups=8, bias=False)
    imported = import_summary(print_table("torchsummary", (1, 22, 256), [first, second, ReLU()]))
    assert imported.architecture.input_shape == (1, 22, 256)
    assert imported.architecture.layers[:2] == (first, second)


def drawn(count: int) -> list[tuple[str, Shape, Conv2d]]:
    """Tables of first windows from 1×1 to 20×20, oblong ones, and images of up to 2048 channels."""
    chance, found = random.Random(0), []
    while len(found) < count:
        side = chance.choice([24, 28, 32, 48, 56, 64, 84, 96, 100, 105, 128, 150, 224])
        kind = chance.choice(["square", "strided", "oblong", "many channels"])
        image, kernel, stride, padding = (
            (chance.choice([1, 3]), side, side),
            chance.randint(1, 20),
            1,
            0,
        )
        if kind == "strided":
            kernel, stride = chance.choice([(3, 2), (5, 2), (7, 2), (11, 4), (8, 4)])
        if kind == "oblong":
            image = (1, chance.choice([16, 22, 40, 64]), chance.choice([101, 128, 240, 500]))
            kernel = chance.choice(
                [
                    (1, 3),
                    (1, 16),
                    (1, 25),
                    (1, 32),
                    (1, 64),
                    (3, 1),
                    (25, 1),
                ]
            )
        if kind == "many channels":
            image = (
                chance.choice([16, 32, 64, 128, 256, 512, 1024, 2048]),
                *[chance.choice([4, 7, 8, 14, 16, 28, 32])] * 2,
            )
            kernel = chance.choice([1, 3, 5])
        if chance.random() < 0.5:
            padding = (
                (kernel - 1) // 2
                if isinstance(kernel, int)
                else tuple(size // 2 for size in kernel)
            )
        first = Conv2d(
            out_channels=chance.choice([6, 8, 16, 32, 64]),
            kernel_size=kernel,
            stride=stride,
            padding=padding,
            bias=chance.random() < 0.6,
        )
        if result(first, image):
            found.append((chance.choice(WAYS), image, first))
    return found


def check_that_it_is_offered(way: str, image: Shape, first: Conv2d) -> None:
    assert (image, first) in offered(way, image, first)


@pytest.mark.parametrize("case", drawn(60), ids=str)
def test_what_was_meant_is_among_the_answers(case):
    check_that_it_is_offered(*case)


@pytest.mark.slow
@pytest.mark.parametrize("case", drawn(200)[60:], ids=str)
def test_what_was_meant_is_among_the_answers_of_many_more(case):
    check_that_it_is_offered(*case)


# --- what is said of a guess ----------------------------------------------------------------------


def test_a_guess_is_told_on_its_row_alone():
    text = print_table(
        "torchsummary",
        (1, 105, 105),
        [Conv2d(out_channels=64, kernel_size=10), ReLU(), conv(7), ReLU()],
    )
    imported = import_summary(text)
    assert len(imported.choices) > 1
    assert [choice.row for choice in imported.choices if choice.guess] == ["Conv2d-1"]
    (guess,) = [note for note in imported.notes if "guess" in note]
    assert guess.startswith(
        "Conv2d-1 is a guess: Conv2d out_channels 64, kernel_size 10, on images 1×105×105, or "
    )
    assert "the input size of 0.04 MB fits both" in guess


def test_a_size_that_tells_nothing_is_no_reason_for_a_guess():
    """A few pixels are 0.00 MB, whichever image they are."""
    text = print_table("torchinfo in MB", (1, 12, 12), [conv(5), ReLU()])
    assert "Input size (MB): 0.00" in text
    (guess,) = [note for note in import_summary(text).notes if "guess" in note]
    assert guess.endswith("; both give this row, and the first is the plainer")


def test_a_tree_that_is_too_shallow_is_told_to_be_printed_deeper():
    header = "Layer (type:depth-idx)  Output Shape  Param #"
    rows = "├─Conv2d: 1-1  [1, 8, 26, 26]  80\n├─Sequential: 1-2  [1, 16, 24, 24]  1,168"
    problem = import_summary(f"{header}\n{rows}").problem
    assert problem.message == (
        "Sequential: 1-2 holds layers that the table doesn't show (1,168 parameters); "
        "print it with a greater depth"
    )


def test_a_plain_table_has_no_guess():
    imported = import_summary(print_table("torchsummary", GREY, [conv(3), ReLU(), conv(3), ReLU()]))
    assert imported.choices
    assert not any("guess" in note for note in imported.notes)


def test_an_input_size_that_nothing_fits_is_told():
    text = print_table("torchsummary", GREY, [conv(3)]).replace(
        "Input size (MB): 0.00", "Input size (MB): 7.77"
    )
    imported = import_summary(text)
    assert imported.architecture.layers == (conv(3),)
    assert any("its input has 7.77 MB" in note for note in imported.notes)


# --- weights that are used again ------------------------------------------------------------------


def test_rows_that_share_weights_take_equally_many_channels():
    """8×8 on 9 channels has as many weights as 3×3 on 64, but what comes out goes in again."""
    rows = [
        f"├─Conv2d: 1-{number}  [1, 64, 28, 28]  {'36,928' if number == 1 else '(recursive)'}"
        for number in range(1, 7)
    ]
    imported = import_summary("\n".join(["Layer (type:depth-idx)  Output Shape  Param #", *rows]))
    assert imported.architecture.input_shape == (64, 28, 28)
    assert imported.architecture.layers == (Conv2d(out_channels=64, kernel_size=3, padding=1),) * 6
    assert [note for note in imported.notes if "share" in note] == [
        "6 rows share the weights of Conv2d: 1-1: here each is a layer with weights of its own"
    ]


# --- first rows that are no convolution -----------------------------------------------------------


def test_a_first_upsample_is_a_layer_whose_scale_is_asked():
    text = print_table(
        "torchsummary",
        (1, 16, 16),
        [Upsample(scale_factor=2), Conv2d(out_channels=6, kernel_size=5)],
    )
    imported = import_summary(text)
    assert imported.architecture.input_shape == (1, 16, 16)
    assert imported.architecture.layers == (
        Upsample(scale_factor=2),
        Conv2d(out_channels=6, kernel_size=5),
    )
    choice = next(choice for choice in imported.choices if choice.index == 0)
    assert choice.guess
    assert any("does not say how large the images are" in note for note in imported.notes)
    answers = [(other.layers, other.input_shape) for other in choice.others]
    assert ((Upsample(scale_factor=4),), (1, 8, 8)) in answers
    assert ((), (1, 32, 32)) in answers


@pytest.mark.parametrize("scale", [1, 3, 5], ids=str)
def test_a_first_upsample_by_another_scale_is_read(scale):
    text = print_table("torchinfo in kB", (1, 9, 13), [Upsample(scale_factor=scale)])
    imported = import_summary(text)
    assert imported.architecture.input_shape == (1, 9, 13)
    assert imported.architecture.layers == (Upsample(scale_factor=scale),)


def test_a_first_upsample_to_a_size_that_is_no_multiple_leaves_images_of_that_size():
    rows = (
        "├─Upsample: 1-1  [1, 1, 28, 28]  [1, 1, 32, 32]  --\n├─Conv2d: 1-2  [1, 1, 32, 32]  [1, "
        "6, 28, 28]  156"
    )
    imported = import_summary(f"Layer (type:depth-idx)  Input Shape  Output Shape  Param #\n{rows}")
    assert imported.architecture.input_shape == (1, 32, 32)
    assert imported.architecture.layers == (Conv2d(out_channels=6, kernel_size=5),)
    assert any(
        "Upsample: 1-1 is left out" in note and "no whole multiple" in note
        for note in imported.notes
    )


@pytest.mark.parametrize(
    "image", [(3, MAX_IMAGE_SIDE + 1, 8), (MAX_IMAGE_CHANNELS + 1, 8, 8)], ids=str
)
def test_an_image_beyond_the_limits_is_told_to_be_that(image):
    text = print_table("torchinfo in MB", (3, 8, 8), [conv(3)]).replace(
        "Output Shape", "Input Shape  Output Shape", 1
    )
    text = text.replace(
        "[1, 16, 6, 6] ", f"[1, {image[0]}, {image[1]}, {image[2]}]  [1, 16, 6, 6] "
    )
    with pytest.raises(
        SummaryError, match=f"images here have at most {MAX_IMAGE_CHANNELS} channels"
    ) as refused:
        import_summary(text)
    assert "no Conv2d makes" not in str(refused.value)


def test_a_first_mirrored_border_is_kept():
    first = ReflectionPad2d(padding=4)
    text = print_table("torchsummary", (3, 96, 96), [first, Conv2d(out_channels=32, kernel_size=9)])
    imported = import_summary(text)
    assert imported.architecture.input_shape == (3, 96, 96)
    assert imported.architecture.layers == (first, Conv2d(out_channels=32, kernel_size=9))


def test_a_first_row_of_another_kind_gives_the_image_by_its_output():
    text = print_table("torchsummary", (3, 40, 40), [ReLU(), Conv2d(out_channels=8, kernel_size=5)])
    imported = import_summary(text.replace("ReLU-1", "PixelShuffle-1"))
    assert imported.architecture.input_shape == (3, 40, 40)
    assert imported.architecture.layers == (Conv2d(out_channels=8, kernel_size=5),)
    (note,) = [note for note in imported.notes if "PixelShuffle" in note]
    assert "the images here are its output, 3×40×40" in note
    assert "changes no shape" not in note


# --- what no table tells --------------------------------------------------------------------------


def test_the_slope_of_a_leaky_relu_is_told_to_be_a_guess():
    rows = "Conv2d-1 [-1, 8, 26, 26] 80\nLeakyReLU-2 [-1, 8, 26, 26] 0"
    assert (
        "the table has no slope of LeakyReLU; 0.01, torch's default, was used everywhere"
        in import_summary(rows).notes
    )


@pytest.mark.parametrize("kind", ["SELU", "CELU", "Hardtanh"])
def test_activations_that_are_left_out_are_not_called_missing_in_the_table(kind):
    imported = import_summary(
        f"Conv2d-1 [-1, 8, 26, 26] 80\n{kind}-2 [-1, 8, 26, 26] 0\nConv2d-3 [-1, 8, 24, 24] 584"
    )
    assert not any("has no activations" in note for note in imported.notes)
    assert any(
        f"without {kind} the network has fewer activations" in note for note in imported.notes
    )


ALIKE = {
    # the kind of every row after a first convolution: what is said of 1 such row, of 3 and of 35
    "Hardtanh": (
        "Hardtanh-2 is left out: Hardtanh is not among the layers here; it changes no shape",
        "Hardtanh-2, Hardtanh-3 and Hardtanh-4 are left out: Hardtanh is not among the layers here; "
        "they change no shape",
        "Hardtanh-2, Hardtanh-3, Hardtanh-4 and 32 more are left out: "
        "Hardtanh is not among the layers here; they change no shape",
    ),
    "MyBlock": (
        "MyBlock-2 is no layer of torch; it changes no shape and is left out",
        "MyBlock-2, MyBlock-3 and MyBlock-4 are no layers of torch; "
        "they change no shape and are left out",
        "MyBlock-2, MyBlock-3, MyBlock-4 and 32 more are no layers of torch; "
        "they change no shape and are left out",
    ),
    "ConstantPad2d": (
        "ConstantPad2d-2 is read as ZeroPad2d: the table does not tell which value it adds",
        "ConstantPad2d-2, ConstantPad2d-3 and ConstantPad2d-4 are read as ZeroPad2d: "
        "the table does not tell which value they add",
        "ConstantPad2d-2, ConstantPad2d-3, ConstantPad2d-4 and 32 more are read as ZeroPad2d: "
        "the table does not tell which value they add",
    ),
}


@pytest.mark.parametrize("kind", ALIKE)
def test_what_is_the_same_of_many_rows_is_said_once(kind):
    for count, note in zip((1, 3, 35), ALIKE[kind], strict=True):
        rows = [f"{kind}-{number} [-1, 8, 26, 26] 0" for number in range(2, count + 2)]
        imported = import_summary("\n".join(["Conv2d-1 [-1, 8, 26, 26] 80", *rows]))
        assert [
            each for each in imported.notes if kind in each and "fewer activations" not in each
        ] == [note]


def test_what_was_put_in_at_several_rows_is_said_once():
    sides = (26, 13, 6, 3)
    rows = [
        f"Conv2d-{n} [-1, 8, {side}, {side}] {80 if n == 1 else 584}"
        for n, side in enumerate(sides, start=1)
    ]
    imported = import_summary("\n".join(rows))
    assert [note for note in imported.notes if "was added" in note] == [
        "MaxPool2d was added before Conv2d-2, Conv2d-3 and Conv2d-4: "
        "the map gets smaller there, and the table has no row for it"
    ]


def test_a_constant_border_is_read_as_zeros_and_that_is_said():
    imported = import_summary("Conv2d-1 [-1, 8, 26, 26] 80\nConstantPad2d-2 [-1, 8, 28, 28] 0")
    assert imported.architecture.layers[1].kind == "ZeroPad2d"
    assert any("ConstantPad2d-2 is read as ZeroPad2d" in note for note in imported.notes)


def test_an_upsampling_named_for_its_mode_has_that_mode():
    imported = import_summary(
        "Conv2d-1 [-1, 8, 26, 26] 80\nUpsamplingBilinear2d-2 [-1, 8, 52, 52] 0"
    )
    assert imported.architecture.layers[1] == Upsample(
        scale_factor=2, mode="bilinear", align_corners=True
    )


@pytest.mark.parametrize("kind", ["UpsamplingBilinear2d", "UpsamplingNearest2d"])
@pytest.mark.parametrize("before", ["", "Conv2d-1 [-1, 1, 16, 16] 10\n"])
def test_an_upsampling_named_for_its_mode_has_no_other(kind, before):
    imported = import_summary(
        f"{before}{kind}-{2 if before else 1} [-1, 1, 32, 32] 0\nTanh-{3 if before else 2} "
        "[-1, 1, 32, 32] 0"
    )
    answers = [
        (choice.taken, *choice.others) for choice in imported.choices if "Upsampling" in choice.row
    ]
    modes = {
        layer.mode
        for each in answers
        for answer in each
        for layer in answer.layers
        if isinstance(layer, Upsample)
    }
    assert modes <= {kind.removeprefix("Upsampling").removesuffix("2d").lower()}
    assert all(len(set(each)) == len(each) for each in answers)
    assert not any("the mode of Upsample" in note for note in imported.notes)


def test_a_first_row_that_is_left_out_is_not_asked_for_an_image_of_the_printed_size():
    text = print_table(
        "torchinfo in MB", (1, 28, 28), [ReLU(), Conv2d(out_channels=8, kernel_size=5)]
    )
    imported = import_summary(
        text.replace("ReLU", "ReplicationPad2d").replace("[1, 1, 28, 28]", "[1, 1, 48, 48]")
    )
    assert any("ReplicationPad2d: 1-1 is left out" in note for note in imported.notes)
    assert not any("no image of that size was found" in note for note in imported.notes)


def test_a_block_that_branches_is_not_said_to_change_nothing():
    rows = (
        "Conv2d-1 [-1, 8, 26, 26] 80\nReLU-2 [-1, 8, 26, 26] 0\nBasicBlock-3 [-1, 8, 26, "
        "26] 0\nReLU-4 [-1, 8, 26, 26] 0"
    )
    imported = import_summary(rows)
    assert imported.problem
    assert "brings several ways together" in imported.problem.message
    assert not any("BasicBlock" in note for note in imported.notes)
