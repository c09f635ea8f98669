"""What the commands that train share: a run goes on in this process, its events are printed, and a
signal ends it.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from explorer.home_folder import home_folder
from explorer.runs.admission import added_epochs, check_resumable, refusal_message
from explorer.runs.checkpoint_size import check_room
from explorer.runs.run import RunError, Status
from explorer.runs.run_loop import RunLoop
from explorer.runs.store import Store
from explorer.training.event import Event
from explorer.training.event import to_json as event_to_json


def add_data(parser: argparse.ArgumentParser) -> None:
    folder = "the folder of the data sets (default: EXPLORER_DATA)"
    parser.add_argument("--data", type=Path, metavar="DIR", help=folder)


def add_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="the run's, as `runs` lists it")


def take_again(
    options: argparse.Namespace, allowed: tuple[Status, ...], more_epochs: int, done: str
) -> int:
    with closing(Store(home_folder())) as store:
        store.recover()
        kept = store.stored_run(options.id)
        if kept.status in allowed:
            check_resumable(
                kept.run,
                store.history(options.id, 0).latest,
                store.checkpoints,
                data_root=options.data,
            )
            check_room(store.folder, kept.run.architecture, kept.run.recipe)
        added = more_epochs and added_epochs(kept.run, store.last_epoch(options.id), more_epochs)
        claim = store.claim(options.id, allowed, added)
        if claim is None:
            raise RunError(refusal_message(options.id, kept.status, allowed, done))
        loop = RunLoop(store, claim)
        print(
            f"run {claim.run.id} goes on after epoch {_epoch(loop)} of {claim.run.epochs}",
            file=sys.stderr,
        )
        return run_to_its_end(store, loop, options)


def run_to_its_end(store: Store, loop: RunLoop, options: argparse.Namespace) -> int:
    """The exit status: as a shell has it where a signal ended the run."""
    show = event_to_json if options.json else event_text
    with _told_to_end(loop) as received, closing(loop.train(options.data, tell_progress)) as events:
        for event in events:
            if line := show(event):
                print(line, flush=True)
    ended = loop.writer.snapshot(0)
    if ended.status == "failed":
        print(f"error: {ended.message}", file=sys.stderr)
        return 1
    if ended.message and ended.status != "interrupted":
        print(f"note: {ended.message}", file=sys.stderr)
    if ended.resumable and not store.notice:
        go_on = f"python -m explorer resume {ended.run.id}"
        print(
            f"{ended.status} after epoch {_epoch(loop)} of {ended.run.epochs}; to go on: {go_on}",
            file=sys.stderr,
        )
    return 128 + received[0] if received else 0


@contextmanager
def _told_to_end(loop: RunLoop) -> Iterator[list[int]]:
    """While it lasts, Ctrl+C and SIGTERM interrupt the run within a batch; the second of either
    ends the process at once.

    Gives the signals as they come.
    """
    received: list[int] = []
    previous: dict[int, Any] = {}

    def tell(number: int, frame: object) -> None:
        received.append(number)
        signal.signal(number, previous[number])
        loop.writer.ask("interrupt")

    if threading.current_thread() is threading.main_thread():  # no other may set handlers
        previous |= {
            number: signal.signal(number, tell) for number in (signal.SIGINT, signal.SIGTERM)
        }
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _epoch(loop: RunLoop) -> int:
    epochs = loop.writer.snapshot(0).epochs
    return epochs[-1].epoch if epochs else 0


def event_text(event: Event) -> str:
    """One line for a reader; step events are for charts, and have none."""
    values = event.metrics
    if event.kind == "started":
        size = (
            f"{values['parameters']:,.0f} parameters, {values['train_images']:,.0f} images, "
            f"{values['epochs']:.0f} epochs"
        )
        return f"{size}. {event.message}".strip()
    if event.kind == "epoch":
        return (
            f"epoch {event.epoch:>3}  train loss {values['train_loss']:.4f}  accuracy "
            f"{values['train_accuracy']:.2%}  test loss {values['test_loss']:.4f}  accuracy "
            f"{values['test_accuracy']:.2%}  {_of_validation(values)}"
            f"{values['iterations_per_second']:.1f} it/s  "
            f"{values['seconds']:.1f} s"
        )
    if event.kind == "finished":
        return (
            f"finished: test accuracy {values['test_accuracy']:.2%} ({_best(values)}) in "
            f"{values['seconds']:.0f} s"
        )
    return ""


def _of_validation(values: dict[str, float]) -> str:
    """What an epoch says of the images that were held out; "" where there are none."""
    if "validation_loss" not in values:
        return ""
    loss, accuracy = values["validation_loss"], values["validation_accuracy"]
    return f"validation loss {loss:.4f}  accuracy {accuracy:.2%}  "


def _best(values: dict[str, float]) -> str:
    reached, epoch = f"{values['best_test_accuracy']:.2%}", f"epoch {values['best_epoch']:.0f}"
    if "best_validation_accuracy" in values:
        return f"{reached} in {epoch}, the best on the validation images"
    return f"highest {reached} in {epoch}"


def tell_progress(file: str, done: int, total: int) -> None:
    """Downloads are told on standard error, where it is a person's terminal."""
    if sys.stderr.isatty():
        print(
            f"\rdownloading {file}: {done / 1e6:.1f} of {total / 1e6:.1f} MB",
            end="" if done < total else "\n",
            file=sys.stderr,
        )
