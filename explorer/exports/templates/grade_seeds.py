"""TITLE: graded by its assignment, as the mean over several seeds.

`python grade.py` runs the grade.py of each folder seed-N here, which tests the weights
of that run, and judges the assignment by their mean. It writes grade-result.json, and
needs what those need.

Exit status: 0 all of it holds, 3 a clause fails, 4 a clause cannot be judged yet, 1 it
cannot be graded. It runs the code in these folders: for a zip whose code is not to be
trusted, `python -m explorer grade ZIP --assignment FILE` judges the same and runs none
of it.
"""

import itertools
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

HERE = pathlib.Path(__file__).parent
RESULT = "grade-result.json"
SIGNS = {"holds": "✓", "fails": "✗", "unknown": "○"}
# Of the test images, that another processor, rounding otherwise, may tell apart.
OTHER_PROCESSORS = 0.006
STATUS = {"holds": 0, "fails": 3, "unknown": 4}


class Refused(Exception):
    """The reports cannot be graded together; the message says why."""


def read_json(path):
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        name = path.relative_to(HERE)
        raise Refused(f"{name} is missing or no JSON: unpack the whole zip") from None


# --- whether they are the seeds of one network and recipe -----------------------------


def read_weights(folder):
    try:
        return load_file(folder / "weights.safetensors")
    except (OSError, SafetensorError):
        raise Refused(
            f"{folder.name} has no weights.safetensors that can be read: "
            "without its weights nothing can be measured"
        ) from None


def is_same(one, other):
    """Whether two networks' weights are the same."""
    return one.keys() == other.keys() and all(
        torch.equal(one[name], other[name]) for name in one
    )


def without_names(node):
    """A layer or block of architecture.json, of which a name makes no other network."""
    found = {name: value for name, value in node.items() if name != "name"}
    if "branches" in found:
        found["branches"] = [
            [without_names(each) for each in branch] for branch in found["branches"]
        ]
    return found


def network_in(folder):
    data = read_json(folder / "architecture.json")
    return data["input_shape"], [without_names(node) for node in data["layers"]]


def check_alike(folders):
    weights = {folder: read_weights(folder) for folder in folders}
    for one, other in itertools.combinations(folders, 2):
        both = f"{one.name} and {other.name}"
        if is_same(weights[one], weights[other]):
            raise Refused(f"{both} have the same weights, and so are one run")
        recipes = [read_json(each / "run.json")["recipe"] for each in (one, other)]
        names = {*recipes[0], *recipes[1]}
        differing = {
            name for name in names if recipes[0].get(name) != recipes[1].get(name)
        }
        if "seed" not in differing:
            raise Refused(f"{both} have the same seed; a seed counts once")
        if others := sorted(differing - {"seed"}):
            raise Refused(f"{both} are of two recipes: they differ in {others}")
        if network_in(one) != network_in(other):
            raise Refused(f"{both} are of two networks")
    asked = [read_json(each / "grade.json")["assignment"] for each in (HERE, *folders)]
    if any(each != asked[0] for each in asked):
        raise Refused("the grade.json of these folders hold different assignments")
    return asked[0]


# --- the mean -------------------------------------------------------------------------


def graded(folder):
    """What the folder's own grade.py finds."""
    (folder / RESULT).unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "grade.py"],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode not in STATUS.values():
        *_, reason = done.stderr.splitlines() or ["it ended without a word"]
        raise Refused(f"{folder.name}: {reason.removeprefix('error: ')}")
    return read_json(folder / RESULT)


def accuracy_clause(clause, assignment, accuracy, count):
    """The clause as the mean over the seeds has it, in place of one run's."""
    limit, seeds = assignment["min_accuracy"], assignment["seeds"]
    wanted = f"{percent(limit)} test accuracy"
    if accuracy is None:
        text = f"{wanted}: not every run's accuracy at its end can be measured"
        return {**clause, "state": "unknown", "text": text}
    if count < seeds:
        text = f"{wanted}, mean of {seeds} seeds: {count} of {seeds} so far"
        return {**clause, "state": "unknown", "text": text}
    state, sign = ("holds", "≥") if accuracy >= limit else ("fails", "<")
    text = f"{percent(accuracy)} {sign} {wanted}, mean of {count} seeds"
    return {**clause, "state": state, "text": text}


def percent(share):
    """0.994 -> "99.4 %"; cut off after two digits, so that what is short of a limit
    never looks like it."""
    text = f"{math.floor(10_000 * share + 1e-6) / 100:.2f}"
    return f"{text.rstrip('0').rstrip('.')} %"


def grade():
    """The clauses, the verdict, what was changed; all of it for grade-result.json."""
    folders = sorted(path.parent for path in HERE.glob("seed-*/run.json"))
    if len(folders) < 2:
        raise Refused("there are no folders seed-N with a report here: unpack the zip")
    assignment = check_alike(folders)
    results = [graded(folder) for folder in folders]
    recipe = read_json(folders[0] / "run.json")["recipe"]
    lengths = {result["epochs"] for result in results}
    # Of runs that may stop early, each ends when it has stalled.
    if len(lengths) > 1 and not recipe.get("early_stopping"):
        raise Refused("these runs went through different numbers of epochs")
    reached = [result["accuracy"] if result["measured"] else None for result in results]
    accuracy = None if None in reached else statistics.fmean(reached)
    found = [
        accuracy_clause(clause, assignment, accuracy, len(results))
        if clause["limit"] == "min_accuracy"
        else clause
        for clause in results[0]["clauses"]
    ]
    states = {clause["state"] for clause in found}
    worst = (state for state in ("fails", "unknown") if state in states)
    work = {
        "accuracy": accuracy,
        "parameters": results[0]["parameters"],
        "epochs": max(lengths),
    }
    changed = [
        f"{folder.name}: {change}"
        for folder, result in zip(folders, results, strict=True)
        for change in result["changed"]
    ]
    return {
        "verdict": next(worst, "holds"),
        **work,
        "clauses": found,
        "changed": [*changed, *changes(work)],
    }


def changes(work):
    """Where grade.json says something else than was found."""
    reported = read_json(HERE / "grade.json")
    for name, found in work.items():
        said = reported[name]
        if found is None or (
            said is not None and math.isclose(said, found, abs_tol=OTHER_PROCESSORS)
        ):
            continue
        yield f"grade.json says {said} as {name}, found {found}"


def main():
    sys.stdout.reconfigure(errors="replace")  # where a terminal has no ✓
    try:
        result = grade()
    except Refused as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (KeyError, TypeError, AttributeError, OSError) as error:
        reason = f"{type(error).__name__}: {error}"
        print(f"error: a file was changed ({reason})", file=sys.stderr)
        return 1
    for clause in result["clauses"]:
        print(f"{SIGNS[clause['state']]} {clause['text']}")
    for change in result["changed"]:
        print(f"this report was changed: {change}")
    print(f"verdict: {result['verdict']}")
    text = json.dumps(result, indent=2, ensure_ascii=False)
    (HERE / RESULT).write_text(text + "\n", encoding="utf-8")
    return STATUS[result["verdict"]]


if __name__ == "__main__":
    sys.exit(main())
