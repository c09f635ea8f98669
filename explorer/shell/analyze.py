"""Each layer's shape, parameters, cost and receptive field."""

import argparse
import json
import sys
import textwrap

from explorer.network.analysis import Analysis, analysis_to_data, analyze, jump_text, place_text
from explorer.network.mult_adds import MULT_ADDS_RULE
from explorer.shell.architectures import add_arch, read_architecture
from explorer.text import size_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_arch(parser)


def run(options: argparse.Namespace) -> int:
    analysis = analyze(read_architecture(options.arch))
    print(json.dumps(analysis_to_data(analysis)) if options.json else _analysis_text(analysis))
    if analysis.problem is None:
        return 0
    problem = analysis.problem
    remedy = f"; {problem.remedy}" if problem.remedy else ""
    print(
        f"error: layer {place_text(analysis, problem)}: {problem.message}{remedy}", file=sys.stderr
    )
    return 1


def _analysis_text(analysis: Analysis) -> str:
    place = max(4, *(len(row.place) for row in analysis.rows)) if analysis.rows else 4
    lines = [
        (
            f"{'':>{place}} {'layer':<18} {'output':>12} {'params':>10} {'mult-adds':>13} "
            f"{'receptive field':>16} {'jump':>7}"
        )
    ]
    lines.append(f"{'':>{place}} {'input':<18} {size_text(analysis.architecture.input_shape):>12}")
    lines += [
        (
            f"{row.place:>{place}} {row.title:<18} {size_text(row.output_shape):>12} "
            f"{row.params:>10,} {row.mult_adds:>13,} {size_text(row.receptive_field):>16} "
            f"{jump_text(row.jump):>7}"
        )
        for row in analysis.rows
    ]
    lines.append(f"{analysis.total_params:,} parameters ({analysis.trainable_params:,} trainable)")
    lines.append(
        f"{analysis.total_mult_adds:,} mult-adds for one image (torchinfo's count: "
        f"{analysis.torchinfo_mult_adds:,})"
    )
    lines += textwrap.wrap(f"Mult-adds: {MULT_ADDS_RULE}", 100)
    return "\n".join(lines)
