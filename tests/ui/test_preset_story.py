"""What the menu beside a preset tells of it."""

import html
import re

import pytest

from explorer.presets import Known, load_presets
from explorer.ui.preset_story import BUILT_TITLE, KNOWN_TITLE, TITLE, story_html

PRESETS = load_presets()
TOLD = {id: each for id, each in PRESETS.items() if id != "blank"}


@pytest.mark.parametrize("preset", TOLD.values(), ids=TOLD)
def test_each_preset_has_a_story_of_its_kind(preset):
    told = story_html(preset)
    title = TITLE if preset.documented else KNOWN_TITLE if preset.known else BUILT_TITLE
    assert told.startswith('<div class="story" role="region" tabindex="0" ')
    assert f'aria-label="{html.escape(title)}"' in told
    assert len(re.sub("<[^>]*>", "", told)) > 200


def test_one_that_was_built_tells_its_goal_its_idea_and_what_three_runs_reached():
    preset = PRESETS["under-8k"]
    told = html.unescape(re.sub("<[^>]*>", "\n", story_html(preset)))
    for text in (preset.built.goal, preset.built.idea, preset.built.recipe):
        assert text + "." in told
    assert "99.56 % ± 0.03 % test accuracy, the mean of the final epochs of 3 runs." in told


def test_what_a_file_says_is_escaped():
    hostile = "<script>alert(1)</script>"
    built = PRESETS["under-8k"]
    known = PRESETS["resnet-18"]
    told = [
        story_html(
            built.model_copy(update={"built": built.built.model_copy(update={"idea": hostile})})
        ),
        story_html(
            known.model_copy(
                update={"title": hostile, "known": Known(taught=hostile, source=hostile)}
            )
        ),
    ]
    for each in told:
        assert hostile not in each
        assert html.escape(hostile) in each
