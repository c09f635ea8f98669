"""The address at which a layer's maps are asked for."""

import json

from starlette.applications import Starlette
from starlette.testclient import TestClient

from explorer.ui.server.layer_maps_route import PATH, layer_maps_route


def test_a_question_is_answered_and_another_refused(small_run):
    client = TestClient(Starlette(routes=[layer_maps_route("/a")]))
    question = {"run": small_run, "epoch": 1, "row": 0, "image": 0}
    answer = client.post(f"/a/{PATH}", json=question)
    assert answer.status_code == 200
    assert answer.json()["maps"]["of"] == 4
    refused = client.post(f"/a/{PATH}", json=question | {"row": 99})
    assert refused.status_code == 422
    assert refused.text == "the network has 6 rows, from 0; there is no row 99"
    # What a page of another site could send without being asked first.
    plain = client.post(
        f"/a/{PATH}", content=json.dumps(question), headers={"content-type": "text/plain"}
    )
    assert plain.status_code == 415
