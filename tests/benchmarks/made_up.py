"""The events of a run that never was, as many as a benchmark asks for."""

from collections.abc import Callable

from explorer.training.event import Event


def made_up_events(events: int, epochs: int, accuracy: Callable[[int], float]) -> list[Event]:
    """A `started`, so many step events over so many epochs, and each epoch's own, with its
    accuracy; no end.
    """
    steps = events // epochs
    sizes = {
        "epochs": epochs,
        "steps_per_epoch": steps,
        "train_images": 1437,
        "test_images": 360,
        "parameters": 12_400,
    }
    every = [Event(kind="started", metrics=sizes)]
    for step in range(1, events + 1):
        epoch = (step - 1) // steps + 1
        metrics = {
            "loss": 2 / step**0.3,
            "accuracy": 0.9,
            "lr": 0.01,
            "iterations_per_second": 50.0,
        }
        every.append(Event(kind="step", time=step / 50, epoch=epoch, step=step, metrics=metrics))
        if step % steps == 0:
            reached = accuracy(epoch)
            whole = {
                "train_loss": 0.1,
                "train_accuracy": reached,
                "test_loss": 0.1,
                "test_accuracy": reached,
                "lr": 0.01,
            }
            whole |= {"seconds": 10.0, "iterations_per_second": 50.0}
            every.append(Event(kind="epoch", time=step / 50, epoch=epoch, step=step, metrics=whole))
    return every
