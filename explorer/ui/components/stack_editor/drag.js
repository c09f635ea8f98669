// Part 7 of the stack editor: dragging rows by a handle. Pointer events, so that fingers and pens work too.

import { choose, choosing, togetherWith } from "./chosen.js";
import { moveTo, onKey } from "./editor.js";

const EDGE = 36; // pixels from the list's end where it begins to scroll

export function listenToDrag(editor) {
  editor.list.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest(".grip");
    if (!grip || event.button !== 0 || choosing(event)) return;
    event.preventDefault(); // no text selection
    startDrag(editor, grip, event);
  });
}

function startDrag(editor, grip, event) {
  const row = grip.closest(".row");
  const drag = { uid: row.dataset.uid, gap: null, y: event.clientY, frame: 0 };
  const moving = togetherWith(editor, drag.uid);
  if (moving.length === 1) choose(editor, [], drag.uid);
  row.focus({ preventScroll: true });
  grip.setPointerCapture(event.pointerId);
  for (const uid of moving) editor.rows.get(uid).classList.add("dragged");

  const follow = () => {
    scrollAtEdge(editor.scroller, drag.y);
    drag.gap = gapAt(editor, drag.y);
    showDrop(editor, drag.gap);
    drag.frame = requestAnimationFrame(follow);
  };
  const end = (drop) => {
    cancelAnimationFrame(drag.frame);
    grip.removeEventListener("pointermove", onMove);
    grip.removeEventListener("pointerup", onUp);
    grip.removeEventListener("lostpointercapture", onLost);
    editor.root.removeEventListener("keydown", onKey, true);
    for (const uid of moving) editor.rows.get(uid)?.classList.remove("dragged");
    editor.drop.hidden = true;
    if (drop && drag.gap !== null) moveTo(editor, moving, drag.gap);
  };
  const onMove = (move) => {
    // The first few pixels are a shaky click, not yet a drag.
    if (!drag.frame && Math.abs(move.clientY - event.clientY) > 3) drag.frame = requestAnimationFrame(follow);
    drag.y = move.clientY;
  };
  const onUp = () => {
    if (drag.frame) drag.gap = gapAt(editor, drag.y);
    end(true);
  };
  const onLost = () => end(false);
  const onKey = (key) => {
    if (key.key !== "Escape") return;
    key.stopPropagation();
    end(false);
  };
  grip.addEventListener("pointermove", onMove);
  grip.addEventListener("pointerup", onUp);
  grip.addEventListener("lostpointercapture", onLost);
  editor.root.addEventListener("keydown", onKey, true);
}

function gapAt(editor, y) {
  const middles = [...editor.list.children].map((row) => {
    const box = row.getBoundingClientRect();
    return (box.top + box.bottom) / 2;
  });
  return middles.filter((middle) => middle < y).length;
}

function showDrop(editor, gap) {
  const { list, drop } = editor;
  const next = list.children[gap];
  drop.style.top = `${next ? list.offsetTop + next.offsetTop : list.offsetTop + list.offsetHeight}px`;
  drop.hidden = false;
}

function scrollAtEdge(scroller, y) {
  const box = scroller.getBoundingClientRect();
  if (y < box.top + EDGE) scroller.scrollTop -= 8;
  else if (y > box.bottom - EDGE) scroller.scrollTop += 8;
}
