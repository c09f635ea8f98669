"""The insight command: what a run has learnt, in the form that others rely on."""

import json

import numpy as np
import pytest
import torch.nn.functional as F
from sklearn import metrics

from explorer.__main__ import main
from explorer.insight.trained import as_trained
from explorer.runs.run_weights import RunWeights
from explorer.runs.store import Store
from explorer.text import percent
from explorer.training.dataset_files import load_dataset

SMALL = """{"name": "small", "layers": [{"kind": "MaxPool2d", "kernel_size": 4}, {"kind": "Flatten"},
            {"kind": "Dropout", "p": 0.1}, {"kind": "Linear", "out_features": 10}]}"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder with a run on digits of three epochs, and its id."""
    folder = tmp_path_factory.mktemp("insight")
    (folder / "small.json").write_text(SMALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORER_HOME", str(folder / "home"))
        assert main(["train", str(folder / "small.json"), "--epochs", "3", "--device", "cpu"]) == 0
    store = Store(folder / "home")
    (run_id,) = store.revisions()
    store.close()
    return folder / "home", run_id


@pytest.fixture
def run(trained, monkeypatch, capsys):
    """Runs the command on that run, or on another."""
    monkeypatch.setenv("EXPLORER_HOME", str(trained[0]))

    def run(*arguments: str, of: str = trained[1]) -> tuple[int, str, str]:
        status = main(["insight", of, *arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def test_it_is_what_the_run_reported_and_what_a_plain_loop_finds(run, trained):
    status, out, _ = run("--json", "--worst", "360")
    found = json.loads(out)
    assert status == 0
    store = Store(trained[0])
    last = store.history(trained[1], 0).epochs[-1]
    kept, weights = store.stored_run(trained[1]).run, RunWeights(store).read(trained[1])
    store.close()
    assert (found["run"], found["epoch"]) == (trained[1], 3)
    confusion = np.array(found["confusion"])
    assert confusion.sum() == 360
    assert np.trace(confusion) / 360 == found["accuracy"] == last.metrics["test_accuracy"]
    assert found["loss"] == last.metrics["test_loss"]

    test = load_dataset("digits").test
    scores = as_trained(kept, weights).scores(test.images)
    answers = scores.argmax(1)
    assert found["confusion"] == metrics.confusion_matrix(test.labels, answers).tolist()
    recall = metrics.recall_score(test.labels, answers, average=None)
    assert found["class_accuracy"] == pytest.approx(recall.tolist())
    assert found["classes"] == list("0123456789")

    losses = {}
    for index in range(360):  # one by one
        losses[index] = F.cross_entropy(scores[index][None], test.labels[index][None]).item()
    expected = sorted(losses, key=lambda index: (-losses[index], index))
    assert [each["index"] for each in found["worst"]] == expected
    for each in found["worst"]:
        index = each["index"]
        assert each["label"] == str(test.labels[index].item())
        assert each["predicted"] == str(answers[index].item())
        assert each["loss"] == pytest.approx(losses[index], rel=1e-4, abs=1e-6)
        assert each["probability"] == pytest.approx(scores[index].softmax(0).max().item(), rel=1e-4)


def test_in_words(run):
    status, out, _ = run()
    assert status == 0
    data = json.loads(run("--json")[1])
    assert len(data["worst"]) == 10
    accuracy = percent(data["accuracy"])
    assert out.startswith(f"small after epoch 3: test accuracy {accuracy}, test loss ")
    lines = out.splitlines()
    assert lines[2].split() == ["class", "images", "right", "accuracy"]
    rows = [line.split() for line in lines[3:13]]
    assert [int(row[1]) for row in rows] == [sum(row) for row in data["confusion"]]
    worst = data["worst"][0]
    assert lines[-10].split()[:3] == [str(worst["index"]), worst["label"], worst["predicted"]]
    label, predicted = np.unravel_index(
        (confusion := np.array(data["confusion"]) * (1 - np.eye(10, dtype=int))).argmax(), (10, 10)
    )
    assert f"{label} taken for {predicted}: {confusion.max()} image" in out


def test_an_earlier_epoch(run, trained):
    store = Store(trained[0])
    first = store.history(trained[1], 0).epochs[0].metrics
    store.close()
    found = json.loads(run("--json", "--epoch", "1")[1])
    assert (found["epoch"], found["accuracy"], found["loss"]) == (
        1,
        first["test_accuracy"],
        first["test_loss"],
    )


@pytest.mark.parametrize(
    ("arguments", "of", "message"),
    [
        ((), "guess", "error: there is no run “guess” here"),
        (
            ("--epoch", "7"),
            None,
            "error: the weights of run RUN after epoch 7 are not kept; those after epoch 1, 2, 3 are",
        ),
    ],
)
def test_what_is_refused(run, trained, arguments, of, message):
    status, out, err = run(*arguments, of=of or trained[1])
    assert (status, out) == (1, "")
    assert err.startswith(message.replace("RUN", trained[1]))


@pytest.mark.parametrize("number", ["0", "-3", "x"])
@pytest.mark.parametrize("option", ["--epoch", "--worst"])
def test_numbers_that_are_none_are_wrong_usage(run, option, number):
    with pytest.raises(SystemExit, match="2"):
        run(option, number)
