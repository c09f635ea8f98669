"""What a teacher has everybody read above each page."""

from explorer.ui import messages, people, process
from explorer.ui.follow import answer, follow

EVERY = 8.0  # seconds between two looks whether there is something new


def class_notice() -> None:
    """Show it, and redraw the page once there is another; nothing where nobody else can be here."""
    if not people.is_class():
        return
    before = answer(_notice)
    follow(_notice, before, every=EVERY, key="follow-class")
    if not isinstance(before, tuple):  # the runs cannot be read, which the page says
        return
    message, is_paused = before
    if is_paused:
        messages.warning("Eyes up! Training is paused for the class", icon=":material/visibility:")
    if message:
        messages.info(message, icon=":material/campaign:")


def _notice() -> tuple[str, bool]:
    rules = process.jobs().store.rules()
    return rules.message, rules.is_paused
