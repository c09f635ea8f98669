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

HERE = pathlib.Path(__file__).parent
RESULT = "grade-result.json"
SIGNS = {"holds": "✓", "fails": "✗", "unknown": "○"}
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


def check_alike(folders):
    for one, other in itertools.combinations(folders, 2):
        both = f"{one.name} and {other.name}"
        first, second = (each / "weights.safetensors" for each in (one, other))
        if first.read_bytes() == second.read_bytes():
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
        networks = [read_json(each / "architecture.json") for each in (one, other)]
        if networks[0] != networks[1]:
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
        text = f"{wanted}: not every run has gone to its end"
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
    if len({result["epochs"] for result in results}) > 1:
        raise Refused("these runs went through different numbers of epochs")
    reached = [result["accuracy"] for result in results]
    accuracy = None if None in reached else statistics.fmean(reached)
    found = [
        accuracy_clause(clause, assignment, accuracy, len(results))
        if clause["limit"] == "min_accuracy"
        else clause
        for clause in results[0]["clauses"]
    ]
    states = {clause["state"] for clause in found}
    worst = (state for state in ("fails", "unknown") if state in states)
    return {
        "verdict": next(worst, "holds"),
        "accuracy": accuracy,
        "parameters": results[0]["parameters"],
        "epochs": results[0]["epochs"],
        "clauses": found,
        "changed": [
            f"{folder.name}: {change}"
            for folder, result in zip(folders, results, strict=True)
            for change in result["changed"]
        ],
    }


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
