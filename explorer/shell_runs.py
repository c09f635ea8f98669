"""Runs from a shell: trained in this process, kept where the server keeps its own, listed, resumed and continued."""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

import torch

from explorer.runs.admission import check_more_epochs, check_resumable, check_trainable, refusal_message
from explorer.runs.checkpoint_size import check_room
from explorer.runs.database import StoreError
from explorer.runs.home import home_folder, in_memory, open_store
from explorer.runs.run import RESUMABLE, Run, RunError, Status
from explorer.runs.run_list import RunList
from explorer.runs.run_loop import RunLoop
from explorer.runs.store import CHECKPOINTS, Store
from explorer.text import bytes_text, counted
from explorer.training.event import Event
from explorer.training.event import to_json as event_to_json

OWNER = "shell"  # whose turn it is in the queue, and whose runs a page shows, goes by owner


# --- the commands ---------------------------------------------------------------------------------------------------


def train_new(run: Run, options: argparse.Namespace) -> tuple[int, tuple[Event, ...]]:
    """Train it, printing its events; the exit status, and all its events."""
    with closing(open_store(home_folder(), options.in_memory or in_memory())) as store:
        check_trainable(run.architecture, run.recipe, torch.device(run.device), store.checkpoints, data_root=options.data)
        check_room(store.folder, run.architecture, run.recipe)
        loop = RunLoop(store, store.begin(run))
        print(f"note: {store.notice}" if store.notice else f"run {run.id} is kept in {store.folder}", file=sys.stderr)
        return _train(store, loop, options), store.events(run.id)


def list_runs(options: argparse.Namespace) -> int:
    with closing(_store_to_look_at()) as store:
        store.recover()
        rows = list(_rows(store))
    if options.json:
        print(json.dumps(rows, ensure_ascii=False))
        return 0
    if not rows:
        print(f"no runs in {home_folder()}")
    for row in rows:
        accuracy = "" if row["test_accuracy"] is None else f"{row['test_accuracy']:.2%}"
        submitted = datetime.fromtimestamp(row["submitted"]).strftime("%Y-%m-%d %H:%M")
        epochs = f"{row['epoch']}/{row['epochs']}"
        size = bytes_text(row["bytes"])
        facts = f"{row['id']}  {submitted}  {row['status']:<11} {epochs:>9}  {accuracy:>7}  {size:>7}"
        print(f"{facts}  {row['name']} on {row['dataset']}")
    if rows:
        print(f"{counted(len(rows), 'run')}, {bytes_text(sum(row['bytes'] for row in rows))} of checkpoints")
    return 0


def _store_to_look_at() -> Store:
    """The store; where it cannot be written, a copy in memory of what can be read. Raises StoreError."""
    try:
        return Store(home_folder())
    except StoreError as error:
        store = open_store(home_folder(), keep_nothing=True)
        if not store.revisions():
            store.close()
            raise
        print(f"note: {error}. What can be read of it is shown", file=sys.stderr)
        return store


def back_up(options: argparse.Namespace) -> int:
    """All runs and their events, as one file that can take the place of runs.sqlite."""
    if options.file.exists():
        raise RunError(f"{options.file} is there already; name a file that is not")
    with closing(Store(home_folder())) as store:
        store.back_up(options.file)
        runs = len(store.revisions())
    done = {"file": str(options.file), "runs": runs}
    weights = f"Their weights are in {home_folder() / CHECKPOINTS}: copy that folder, too"
    print(json.dumps(done) if options.json else f"{counted(runs, 'run')} with all events in {options.file}. {weights}")
    return 0


def resume_run(options: argparse.Namespace) -> int:
    """One that waits in the queue, too: it is taken out, and trained here and now."""
    return _take_again(options, (*RESUMABLE, Status.QUEUED), 0, "resumed")


def continue_run(options: argparse.Namespace) -> int:
    check_more_epochs(options.epochs)
    return _take_again(options, (Status.FINISHED,), options.epochs, "continued")


def _take_again(options: argparse.Namespace, of: tuple[Status, ...], more_epochs: int, done: str) -> int:
    with closing(Store(home_folder())) as store:
        store.recover()
        kept = store.kept(options.id)
        if kept.status in of:
            check_resumable(kept.run, store.history(options.id, 0).latest, store.checkpoints, data_root=options.data)
            check_room(store.folder, kept.run.architecture, kept.run.recipe)
        claim = store.take(options.id, of, more_epochs)
        if claim is None:
            raise RunError(refusal_message(options.id, kept.status, of, done))
        loop = RunLoop(store, claim)
        print(f"run {claim.run.id} goes on after epoch {_epoch(loop)} of {claim.run.epochs}", file=sys.stderr)
        return _train(store, loop, options)


# --- what they share ------------------------------------------------------------------------------------------------


def _train(store: Store, loop: RunLoop, options: argparse.Namespace) -> int:
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
        print(f"{ended.status} after epoch {_epoch(loop)} of {ended.run.epochs}; to go on: {go_on}", file=sys.stderr)
    return 128 + received[0] if received else 0


@contextmanager
def _told_to_end(loop: RunLoop) -> Iterator[list[int]]:
    """While it lasts, Ctrl+C and SIGTERM interrupt the run within a batch; the second of either ends the process at once.

    Gives the signals as they come.
    """
    received: list[int] = []
    previous: dict[int, Any] = {}

    def tell(number: int, frame: object) -> None:
        received.append(number)
        signal.signal(number, previous[number])
        loop.writer.ask("interrupt")

    if threading.current_thread() is threading.main_thread():  # no other may set handlers
        previous |= {number: signal.signal(number, tell) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _epoch(loop: RunLoop) -> int:
    epochs = loop.writer.snapshot(0).epochs
    return epochs[-1].epoch if epochs else 0


def _rows(store: Store) -> Iterator[dict[str, Any]]:
    """One a run, the newest first. Those that cannot be read are told on standard error."""
    listed, sizes = RunList(store), store.sizes()
    runs = listed.runs()
    for reason in listed.unreadable().values():
        print(f"note: {reason}", file=sys.stderr)
    for each in runs:
        run = each.run
        yield {
            "id": run.id,
            "name": run.name,
            "owner": run.owner,
            "status": each.status,
            "message": each.message,
            "dataset": run.recipe.dataset,
            "device": run.device,
            "epoch": each.epochs_done,
            "epochs": run.epochs,
            "test_accuracy": each.final_accuracy,
            "best_test_accuracy": each.best_accuracy,
            "submitted": run.submitted,
            "bytes": sizes.get(run.id, 0),
        }


def event_text(event: Event) -> str:
    """One line for a reader; step events are for charts, and have none."""
    values = event.metrics
    if event.kind == "started":
        size = f"{values['parameters']:,.0f} parameters, {values['train_images']:,.0f} images, {values['epochs']:.0f} epochs"
        return f"{size}. {event.message}".strip()
    if event.kind == "epoch":
        return (
            f"epoch {event.epoch:>3}  train loss {values['train_loss']:.4f}  accuracy {values['train_accuracy']:.2%}"
            f"  test loss {values['test_loss']:.4f}  accuracy {values['test_accuracy']:.2%}"
            f"  {values['iterations_per_second']:.1f} it/s  {values['seconds']:.1f} s"
        )
    if event.kind == "finished":
        best = f"(highest {values['best_test_accuracy']:.2%} in epoch {values['best_epoch']:.0f})"
        return f"finished: test accuracy {values['test_accuracy']:.2%} {best} in {values['seconds']:.0f} s"
    return ""


def tell_progress(file: str, done: int, total: int) -> None:
    """Downloads are told on standard error, where it is a person's terminal."""
    if sys.stderr.isatty():
        print(
            f"\rdownloading {file}: {done / 1e6:.1f} of {total / 1e6:.1f} MB", end="" if done < total else "\n", file=sys.stderr
        )
