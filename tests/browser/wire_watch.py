"""When a page has settled: its script has run, and nothing more is on its way.

Streamlit's page says that its script runs only once the server has told so. Until then a click
leaves it as it was, and one that came while the script ran is followed by a moment of rest before
the next run: so what goes over the socket is watched too.
"""

import json
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg, ForwardMsgMetadata, RunIdentity

FIELDS = {
    name: message.DESCRIPTOR.fields_by_name[name].number
    for message, names in (
        (BackMsg, ["rerun_script"]),
        (ClientState, ["fragment_id", "is_auto_rerun"]),
        (ForwardMsg, ["new_session", "metadata"]),
        (ForwardMsgMetadata, ["run"]),
        (RunIdentity, ["fragment_ids"]),
    )
    for name in names
}
# To be run in each page before all else.
WATCH = f"window.FIELDS = {json.dumps(FIELDS)};\n" + Path(__file__).with_suffix(".js").read_text()

# Milliseconds: nothing more is coming; what was asked for will not begin any more, as its part is
# gone, or as it was answered together with something else.
QUIET, GIVEN_UP = 60, 5000
# Looks at the page, one a frame, until what a click leads to is asked for at the latest: on a busy
# machine it may not be when the click is over.
FRAMES = 3
# With a number that no other wait has.
SETTLED = f"""(wait) => {{
  if (wire.wait !== wait) Object.assign(wire, {{ wait, frames: 0 }});
  wire.frames += 1;
  const now = performance.now();
  if (now - wire.asked > {GIVEN_UP}) {{
    wire.pages = 0;
    wire.parts.clear();
  }}
  const begun = !wire.pages && !wire.parts.size;
  const state = document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState;
  // Stands for an element whose script the browser still fetches.
  const coming = document.querySelector('[data-testid="stSkeleton"]');
  const looked = wire.frames >= {FRAMES};
  return looked && state === "notRunning" && begun && now - wire.heard > {QUIET} && !coming;
}}"""
