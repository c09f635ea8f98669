"""The networks to start from."""

import argparse
import json

from explorer.network.analysis import analyze
from explorer.presets import load_presets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(options: argparse.Namespace) -> int:
    rows = [
        {
            "id": preset.id,
            "title": preset.title,
            "params": analyze(preset.architecture).total_params,
            "documented_best": preset.documented.best.test_accuracy if preset.documented else None,
            "group": preset.group,
        }
        for preset in load_presets().values()
    ]
    if options.json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        best = "" if row["documented_best"] is None else f"{row['documented_best']:.2%}"
        print(f"{row['id']:<20}{row['params']:>13,}  {best:>7}  {row['title']}")
    return 0
