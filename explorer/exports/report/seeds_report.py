"""What lies beside the reports of several seeds of one network and recipe: their mean, by which an
assignment is judged that asks for so many.
"""

from collections.abc import Mapping
from statistics import fmean, stdev

from explorer.assignment.assignment import Assignment
from explorer.assignment.clauses import clauses
from explorer.assignment.results import Result
from explorer.exports.notebook import seeds_grading_script
from explorer.exports.report.grade import GRADE, grade_json
from explorer.exports.report.markdown import document, table
from explorer.exports.report.run_report import Files, clause_lines
from explorer.network.analysis import analyze
from explorer.network.spec import Architecture
from explorer.text import counted, for_markdown, percent
from explorer.training.dataset_lookup import find_dataset
from explorer.training.recipe import Recipe


def seed_folder(seed: int) -> str:
    """The folder of a seed's own report."""
    return f"seed-{seed}"


def seeds_report(
    architecture: Architecture,
    recipe: Recipe,
    assignment: Assignment,
    epochs: int,
    accuracies: Mapping[int, float],
) -> Files:
    """README.md, grade.json and grade.py.

    `accuracies` are the test accuracies of at least two seeds after so many epochs, by seed.
    """
    seeds = sorted(accuracies)
    mean = fmean(accuracies[seed] for seed in seeds)
    whose = f"the mean over seeds {', '.join(map(str, seeds))}"
    result = Result(epochs, mean, whose, len(seeds))
    judged = clauses(assignment, architecture, recipe, result)
    parameters = analyze(architecture).total_params
    images = for_markdown(find_dataset(recipe.dataset).title)
    readme = document(
        f"# {for_markdown(architecture.name)}: {counted(len(seeds), 'seed')}",
        f"{counted(len(seeds), 'run')} of one network and recipe that differ in the seed alone, "
        f"on {images}. Each has its own report in a folder here.",
        table(
            ("Run", f"Test accuracy after the final epoch, {epochs}"),
            [
                *(
                    (f"[{folder}]({folder}/README.md)", percent(accuracies[seed]))
                    for seed, folder in zip(seeds, map(seed_folder, seeds), strict=True)
                ),
                ("**Mean**", f"**{percent(mean)}**"),
                ("Standard deviation", percent(stdev(accuracies[seed] for seed in seeds))),
            ],
        ),
        "## The assignment",
        clause_lines(judged),
        "## The files",
        "- `seed-…/`: the report of each run\n"
        "- `grade.py`: judges the assignment anew, by the weights of all runs: `python grade.py` "
        "prints each clause, and exits with 0 where all hold, 3 where one fails, 4 where one is "
        "open\n"
        "- `grade.json`: the assignment and how it was judged",
    )
    return {
        "README.md": readme.encode(),
        GRADE: grade_json(assignment, judged, result, parameters, {}).encode(),
        "grade.py": seeds_grading_script(architecture).encode(),
    }
