// Dragging rows by a handle. Pointer events, so that fingers and pens work too.

import { chooseRows, moveRows } from "./actions.js";
import { findDepth, findRows, findVisible } from "./blocks.js";
import { isGapInside } from "./operations.js";
import { findTogether, isChoosing } from "./selection.js";

/** @import { Editor } from "./types.js" */

const EDGE = 36; // pixels from the list's end where it begins to scroll
const SCROLL = 8; // pixels a frame
const SHAKY = 3; // pixels that a click may move before it is a drag

/** @param {Editor} editor */
export function listenToDrag(editor) {
  editor.list.addEventListener("pointerdown", (event) => {
    const grip = /** @type {HTMLElement | null} */ (
      /** @type {Element} */ (event.target).closest(".grip")
    );
    if (!grip || event.button !== 0 || isChoosing(event)) return;
    event.preventDefault(); // no text selection
    startDrag(editor, grip, event);
  });
}

/**
 * @param {Editor} editor
 * @param {HTMLElement} grip
 * @param {PointerEvent} start
 */
function startDrag(editor, grip, start) {
  const row = /** @type {HTMLElement} */ (grip.closest(".row"));
  const uid = /** @type {string} */ (row.dataset.uid);
  const moving = findTogether(editor, uid);
  if (moving.length === 1) chooseRows(editor, [], uid);
  row.focus({ preventScroll: true });
  grip.setPointerCapture(start.pointerId);
  const dragged = [...findRows(editor.stack, moving)].map((place) => editor.stack[place].uid);
  for (const each of dragged) editor.rows.get(each)?.classList.add("dragged");

  let y = start.clientY;
  let frame = 0;
  /** @type {number | null} where they would go */
  let gap = null;
  const listening = new AbortController();
  const follow = () => {
    scrollAtEdge(editor.scroller, y);
    gap = findGap(editor, y);
    showDrop(editor, gap, isGapInside(editor.stack, moving, gap));
    frame = requestAnimationFrame(follow);
  };
  /** @param {boolean} drop */
  const end = (drop) => {
    cancelAnimationFrame(frame);
    listening.abort();
    for (const each of dragged) editor.rows.get(each)?.classList.remove("dragged");
    editor.drop.hidden = true;
    if (drop && gap !== null) moveRows(editor, moving, gap);
  };
  const { signal } = listening;
  grip.addEventListener(
    "pointermove",
    (move) => {
      if (!frame && Math.abs(move.clientY - start.clientY) > SHAKY)
        frame = requestAnimationFrame(follow);
      y = move.clientY;
    },
    { signal },
  );
  grip.addEventListener(
    "pointerup",
    () => {
      if (frame) gap = findGap(editor, y);
      end(true);
    },
    { signal },
  );
  grip.addEventListener("lostpointercapture", () => end(false), { signal });
  editor.root.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      end(false);
    },
    { capture: true, signal },
  );
}

/**
 * The gap between rows that is nearest. What a folded block hides is passed by.
 *
 * @param {Editor} editor
 * @param {number} y
 */
function findGap({ list, stack, folded }, y) {
  const middles = [...list.children].map((row) => {
    const box = row.getBoundingClientRect();
    return (box.top + box.bottom) / 2;
  });
  const above = middles.filter((middle) => middle < y).length;
  return findVisible(stack, folded)[above] ?? stack.length;
}

/**
 * Show where dragged rows would go, indented as they would be; not inside what is dragged.
 *
 * @param {Editor} editor
 * @param {number} gap
 * @param {boolean} isInside
 */
function showDrop({ list, drop, stack, rows }, gap, isInside) {
  const next = gap < stack.length ? rows.get(stack[gap].uid) : undefined;
  drop.style.top = `${next ? list.offsetTop + next.offsetTop : list.offsetTop + list.offsetHeight}px`;
  drop.style.setProperty("--depth", String(findDepth(stack, gap)));
  drop.hidden = isInside;
}

/**
 * @param {HTMLElement} scroller
 * @param {number} y
 */
function scrollAtEdge(scroller, y) {
  const box = scroller.getBoundingClientRect();
  if (y < box.top + EDGE) scroller.scrollTop -= SCROLL;
  else if (y > box.bottom - EDGE) scroller.scrollTop += SCROLL;
}
