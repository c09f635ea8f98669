"""A run's scalars as a TensorBoard event file."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from tensorboardX.proto.event_pb2 import Event as Record
from tensorboardX.proto.summary_pb2 import Summary
from tensorboardX.record_writer import RecordWriter

from explorer.training.event import Event

FIRST = "brain.Event:2"  # what the first record of every event file says
# The kinds that carry scalars, and the group that TensorBoard shows them in.
TAGS = {"step": "step", "epoch": "epoch"}


def file_name(run_id: str, submitted: float) -> str:
    """TensorBoard reads files with `tfevents` in their name, and no others."""
    return f"events.out.tfevents.{int(submitted)}.{run_id}"


def event_file(events: Sequence[Event], submitted: float) -> bytes:
    """The file's content: every scalar of every step and epoch, by the optimiser's step, as
    "step/loss" or "epoch/test_accuracy".

    `submitted` is in seconds since 1970; a record's wall time is that and the event's own time, so
    time spent waiting is left out. Scalars are kept in 32 bits, as TensorBoard has them.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events"
        writer = RecordWriter(str(path))
        writer.write(Record(wall_time=submitted, file_version=FIRST).SerializeToString())
        for event in events:
            if event.kind in TAGS:
                writer.write(_record(event, submitted).SerializeToString())
        writer.close()
        return path.read_bytes()


def _record(event: Event, submitted: float) -> Record:
    values = [
        Summary.Value(tag=f"{TAGS[event.kind]}/{name}", simple_value=value)
        for name, value in event.metrics.items()
    ]
    return Record(wall_time=submitted + event.time, step=event.step, summary=Summary(value=values))
