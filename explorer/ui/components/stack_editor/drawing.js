// Drawing the editor: its rows in their order, and the bar above them.

import { findPart, setText } from "./elements.js";
import { readFocus, restoreFocus } from "./focus.js";
import { findFirstDifference, findPlace } from "./operations.js";
import { makeRow, updateRow } from "./row.js";
import { countText, findChosen } from "./selection.js";

/** @import { Editor, Layer, RowNode, Snapshot } from "./types.js" */
/** @import { View } from "./row.js" */

const SAID_FOR = 4000; // milliseconds

/** @param {Editor} editor */
export function draw(editor) {
  const focus = readFocus(editor);
  editor.drawing = true;
  if (!editor.pressing) editor.hinted = editor.selected;
  drawRows(editor);
  restoreFocus(editor, focus);
  editor.drawing = false;
  drawBar(editor);
  editor.root.classList.toggle("is-empty", editor.stack.length === 0);
  // Python has not answered yet.
  editor.root.classList.toggle("asking", editor.conversation.sent !== null);
  editor.list.hidden = editor.stack.length === 0;
  editor.history.last = takeSnapshot(editor);
}

/**
 * What undo would bring back.
 *
 * @param {Editor} editor
 * @returns {Snapshot}
 */
export function takeSnapshot({ stack, selected, work }) {
  return { stack, selected, work };
}

/**
 * Say a short message, for a few seconds.
 *
 * @param {Editor} editor
 * @param {string} text
 */
export function say(editor, text) {
  setText(editor.status, text);
  clearTimeout(editor.hush);
  editor.hush = setTimeout(() => setText(editor.status, ""), SAID_FOR);
}

/** @param {Editor} editor */
function drawRows(editor) {
  const { list, stack } = editor;
  const uids = new Set(stack.map((layer) => layer.uid));
  for (const [uid, row] of editor.rows) {
    if (uids.has(uid)) continue;
    row.remove();
    editor.rows.delete(uid);
  }
  // The rows above it have Python's numbers.
  const answered = findFirstDifference(stack, editor.conversation.analyses.known);
  const broken = editor.problem ? findPlace(stack, editor.problem.uid) : -1;
  const chosen = findChosen(editor);
  stack.forEach((layer, index) => {
    const row = editor.rows.get(layer.uid) ?? makeRow(layer);
    editor.rows.set(layer.uid, row);
    if (list.children[index] !== row) putRow(list, row, list.children[index] ?? null);
    const view = viewOf(editor, layer, chosen);
    if (index === broken) view.problem ??= editor.problem;
    view.below = broken >= 0 && index > broken;
    view.waiting = editor.conversation.analyses.isSlow && index >= answered;
    updateRow(row, layer, index, view);
  });
}

/**
 * What the editor knows of a row, but for what follows from its place.
 *
 * @param {Editor} editor
 * @param {Layer} layer
 * @param {string[]} chosen
 * @returns {View}
 */
function viewOf(editor, { uid }, chosen) {
  const wrong = editor.wrong.get(uid) ?? new Map();
  const message = [...wrong.values()].map((each) => each.message).find(Boolean);
  return {
    wrong,
    waiting: false,
    selected: uid === editor.selected,
    described: editor.selected === null && uid === editor.described,
    chosen: chosen.length > 1 && chosen.includes(uid),
    open: editor.open.has(uid),
    numbers: editor.numbers.get(uid),
    problem: message ? { message } : null,
    below: false,
    hints: editor.hints.get(uid) ?? [],
    hinted: uid === editor.hinted,
  };
}

/**
 * Put a row before another. moveBefore, where the browser has it, moves a node without taking the
 * focus from it.
 *
 * @param {HTMLElement & {moveBefore?: (node: Node, before: Node | null) => void}} list
 * @param {RowNode} row
 * @param {Element | null} before
 */
function putRow(list, row, before) {
  if (row.isConnected && list.moveBefore) list.moveBefore(row, before);
  else list.insertBefore(row, before);
}

/** @param {Editor} editor */
function drawBar(editor) {
  const count = findChosen(editor).length;
  editor.several.hidden = count < 2;
  setText(findPart(editor.several, "count"), count < 2 ? "" : countText(count));
  const button = (/** @type {string} */ what) =>
    /** @type {HTMLButtonElement} */ (editor.root.querySelector(`.bar [data-do="${what}"]`));
  button("undo").disabled = !editor.history.past.length;
  button("redo").disabled = !editor.history.future.length;
}
