"""Each layer's shape, parameters, cost and receptive field."""

import argparse
import json
import sys
import textwrap

from explorer.network.analysis import Analysis, analysis_to_data, analyze
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
    kind = analysis.architecture.layers[problem.index].kind
    print(f"error: layer {problem.index} ({kind}): {problem.message}{remedy}", file=sys.stderr)
    return 1


def _analysis_text(analysis: Analysis) -> str:
    lines = [
        (
            f"{'':>4} {'layer':<18} {'output':>12} {'params':>10} {'mult-adds':>13} "
            f"{'receptive field':>16} {'jump':>7}"
        )
    ]
    lines.append(f"{'':>4} {'input':<18} {size_text(analysis.architecture.input_shape):>12}")
    for row in analysis.rows:
        jump = size_text(row.jump) if row.jump else "varies"
        lines.append(
            f"{row.index:>4} {row.kind:<18} {size_text(row.output_shape):>12} {row.params:>10,} "
            f"{row.mult_adds:>13,} {size_text(row.receptive_field):>16} {jump:>7}"
        )
    lines.append(f"{analysis.total_params:,} parameters ({analysis.trainable_params:,} trainable)")
    lines.append(
        f"{analysis.total_mult_adds:,} mult-adds for one image (torchinfo's count: "
        f"{analysis.torchinfo_mult_adds:,})"
    )
    lines += textwrap.wrap(f"Mult-adds: {MULT_ADDS_RULE}", 100)
    return "\n".join(lines)
