"""Set before any test imports torch: one thread, as the app and the command line have it, and runs
in a folder of our own.
"""

import atexit
import os
import shutil
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["EXPLORER_HOME"] = tempfile.mkdtemp(prefix="explorer-home-")
atexit.register(shutil.rmtree, os.environ["EXPLORER_HOME"], ignore_errors=True)

# After the lines above: these import torch.
from tests.tiny import manager, manager_on_disk, small, stack, tiny  # noqa: E402

__all__ = ["manager", "manager_on_disk", "small", "stack", "tiny"]  # fixtures
