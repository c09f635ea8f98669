"""All runs that are kept here, the newest first."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

from explorer.home_folder import home_folder
from explorer.runs.database import StoreError
from explorer.runs.home import open_store
from explorer.runs.run_list import RunList
from explorer.runs.store import Store
from explorer.text import bytes_text, counted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(options: argparse.Namespace) -> int:
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
        facts = (
            f"{row['id']}  {submitted}  {row['status']:<11} {epochs:>9}  {accuracy:>7}  {size:>7}"
        )
        print(f"{facts}  {row['name']} on {row['dataset']}")
    if rows:
        print(
            f"{counted(len(rows), 'run')}, {bytes_text(sum(row['bytes'] for row in rows))} of "
            "checkpoints"
        )
    return 0


def _store_to_look_at() -> Store:
    """The store; where it cannot be written, a copy in memory of what can be read.

    Raises StoreError.
    """
    try:
        return Store(home_folder())
    except StoreError as error:
        store = open_store(home_folder(), keep_nothing=True)
        if not store.revisions():
            store.close()
            raise
        print(f"note: {error}. What can be read of it is shown", file=sys.stderr)
        return store


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
            "note": run.note,
            "tags": list(run.tags),
            "bytes": sizes.get(run.id, 0),
        }
