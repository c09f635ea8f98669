"""What the caches of a server hold at most: one table, so that a new cache is weighed against all
the others.

Whatever a visitor can vary is in a cache with a bound. The bytes are those of the largest entry
that the limits on networks, images and texts allow, its key included; nearly every entry is a
hundred times smaller. Memory that training takes is counted by training itself.
"""

from typing import NamedTuple

MB = 1_000_000
MOST_BYTES = 2_100 * MB  # of all caches together, were each full of its largest entries


class Cache(NamedTuple):
    """The bounds of one cache."""

    entries: int
    entry_bytes: int

    @property
    def most_bytes(self) -> int:
        return self.entries * self.entry_bytes


def by_size(most_bytes: int) -> Cache:
    """A cache of cachetools, which is bounded by the size of what it holds."""
    return Cache(1, most_bytes)


CACHES: dict[str, Cache] = {
    # a network
    "network.analysis._analyses": by_size(200 * MB),
    "network.measure.measure": Cache(8192, 2_000),
    "network.build._on_meta": Cache(1024, 20_000),
    "network.difference.difference": Cache(48, 1_600_000),
    "network.receptive_field._pixels": Cache(8, 5 * MB),
    "network.receptive_field._known": by_size(60 * MB),
    # a pasted table
    "imports.summary.windows.conv_windows": Cache(2048, 4_000),
    "imports.summary.windows._conv_axis": Cache(1024, 10_000),
    "imports.summary.windows._pool_axis": Cache(1024, 10_000),
    "imports.summary.candidates.candidates": Cache(1024, 20_000),
    "imports.summary.candidates.result": Cache(4096, 2_000),
    "imports.summary.candidates.divisors": Cache(1024, 10_000),
    "imports.summary.first_row._paddings": Cache(1024, 2_000),
    "imports.summary.first_row._first_convolutions": Cache(128, 60_000),
    # pasted code, and whatever else is opened
    "imports.source.torch_names.parameters_of": Cache(128, 2_000),
    "imports.opening._open_read": Cache(16, 4 * MB),
    # files that come with the explorer
    "presets._read_results": Cache(8, 2 * MB),
    "presets._read_all": Cache(8, 4 * MB),
    # runs
    "runs.manager.JobManager._snapshots": by_size(150 * MB),
    "runs.run_weights.RunWeights._cache": by_size(128 * MB),
    "training.steps._faults": Cache(64, 150_000),
    "runs.rate_searches.RateSearches._found": Cache(16, 800_000),
    "runs.rows._architecture": Cache(128, 750_000),
    "runs.rows._recipe": Cache(128, 5_000),
    "compare.comparison._curves_at_hand": by_size(150 * MB),
    "compare.comparison._network_and_recipe": Cache(128, 600_000),
    # what browsers fetch and say
    "ui.server.compressed_static.CompressedStatic._kept": by_size(12 * MB),
    "ui.server.kept_downloads.KeptDownloads._kept": by_size(16 * MB),
    "classroom.register.Register._noted": Cache(5_000, 300),
    "ui.server.message_guard.InputKinds._kinds": by_size(15 * MB),
    # images
    "training.images._by_channel": Cache(1024, 2_000),
    "training.images._centres": Cache(128, 115_000),
    "training.own_images.kept._read": Cache(32, 60_000),
    # looking into a network
    "ui.components.field_view.samples._read": Cache(16, 1 * MB),
    "ui.components.field_view.forward.run_forward": Cache(4, 60 * MB),
    "ui.components.field_view.forward.unit_influence": Cache(32, 8 * MB),
    "ui.components.field_view.weights.first_weights": Cache(4, 20 * MB),
    "insight.trained.TrainedNetworks._cache": by_size(64 * MB),
    "ui.test_images.picture_address": Cache(1024, 38_000),
    # what is made for a download
    "exports.source.plan.source_plan": Cache(16, 3 * MB),
    # charts and comparing
    "ui.charts.run_charts._accuracy_spec": Cache(64, 20_000),
    "ui.charts.schedule_chart._chart": Cache(32, 100_000),
    "ui.charts.compare_charts.depth_chart": Cache(64, 60_000),
    "ui.charts.compare_charts.learning_chart": Cache(64, 100_000),
    "ui.charts.compare_charts.trade_off_chart": Cache(64, 20_000),
    "ui.charts.compare_charts.measure_chart": Cache(64, 20_000),
    "ui.charts.board_chart.board_spec": Cache(16, 20_000),
    "ui.charts.health_chart._spec": Cache(16, 150_000),
    "compare.structure.effect_of_changes": Cache(16, 1_600_000),
}

# Caches without a bound: what they are asked can take only a few values, none of which a visitor
# makes up.
FEW: dict[str, str] = {
    "ui.process._saved": "the folder of what was saved",
    "ui.process._own_images": "the folder of own images",
    "ui.server.person_cookies.server_cookie": "the folder of the runs",
    "ui.components.stack_editor.fields.palette": "no argument",
    "ui.components.stack_editor.fields.block_kind": "no argument",
    "schema.field_values": "our own models",
    "exports.code_template.parts": "the files in templates/",
    "exports.code_template._imports": "the files in templates/",
    "ready_lessons.ready_lessons": "no argument",
}
