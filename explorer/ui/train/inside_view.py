"""Inside: what each layer makes of one test image, and which part of the image speaks for a class,
over the epochs.
"""

import streamlit as st

from explorer.network.analysis import analyze
from explorer.runs.run import Snapshot
from explorer.training.dataset_files import load_present_dataset
from explorer.training.dataset_lookup import find_dataset
from explorer.training.datasets import DatasetError
from explorer.ui import messages, process
from explorer.ui.components.layer_maps import layer_maps
from explorer.ui.components.layer_maps.answers import map_row
from explorer.ui.components.layer_maps.component import ShownLayer
from explorer.ui.image_permits import permit_for
from explorer.ui.people import who
from explorer.ui.train.looking_inside import choose_row, why_not_to_look
from explorer.ui.train.shown_image import choose_image


def show(snapshot: Snapshot) -> None:
    run, analysis = snapshot.run, analyze(snapshot.run.architecture)
    if problem := why_not_to_look(run.recipe.dataset, analysis):
        messages.info(problem)
        return
    epochs = process.jobs().kept_epochs(run.id)
    if not epochs:
        messages.info(
            "the weights of this run are no longer kept, so there is nothing to look into"
        )
        return
    try:
        test = load_present_dataset(run.recipe.dataset).test
    except DatasetError as error:
        messages.info(f"to look into a network takes an image: {error}")
        return
    with st.container(
        key="inside-choice", horizontal=True, vertical_alignment="bottom", gap="small"
    ):
        image = choose_image(run.id, len(test.images))
        rows = analysis.rows
        first = next((row.index for row in rows if row.kind == "Conv2d"), 0)
        row = choose_row(rows, first, f"layer-{run.id}")
    pixels = test.images[image].permute(1, 2, 0).contiguous().numpy()
    layer_maps(
        ShownLayer(
            run=run.id,
            epochs=epochs,
            row=row,
            cam_row=map_row(analysis.rows, row),
            image=image,
            permit=permit_for(who(), run.recipe.dataset),
            pixels=pixels,
            label=int(test.labels[image]),
            classes=find_dataset(run.recipe.dataset).classes,
        ),
        key=f"inside-{run.id}",
    )
