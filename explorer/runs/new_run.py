"""A new run, and what it is computed with on this machine."""

import platform
import secrets
import time

import torch

from explorer.network.spec import Architecture
from explorer.runs.oom_kills import oom_kills
from explorer.runs.run import Environment, Run
from explorer.training.devices import choose_device, describe_device
from explorer.training.memory import free_memory
from explorer.training.recipe import Recipe

ID_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are taken for another
ID_LENGTH = 12  # 59 bits: nobody guesses another's run


def new_run(
    architecture: Architecture, recipe: Recipe, owner: str = "", name: str = "", batch: str = ""
) -> Run:
    """A new run, on the device that the recipe's choice means here. Raises DeviceError."""
    device = choose_device(recipe.device)
    environment = environment_here(device)
    run_id = "".join(secrets.choice(ID_LETTERS) for _ in range(ID_LENGTH))
    return Run(
        run_id,
        owner,
        architecture,
        recipe,
        device.type,
        environment,
        time.time(),
        name or architecture.name,
        batch=batch,
    )


def environment_here(device: torch.device) -> Environment:
    """What this process computes with. To be asked in the thread that trains."""
    return Environment(
        torch=torch.__version__,
        python=platform.python_version(),
        device=describe_device(device),
        threads=torch.get_num_threads(),
        host=platform.node(),
        free_memory=free_memory(device),
        oom_kills=oom_kills(),
    )
