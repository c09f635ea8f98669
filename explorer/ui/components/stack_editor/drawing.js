// Drawing the editor: its rows in their order, and the bar above them.

import { contentWords, givenName, nameBlock } from "./block_words.js";
import {
  BLOCK,
  findBranches,
  findRows,
  findVisible,
  isMarker,
  outline,
  pathText,
} from "./blocks.js";
import { findPart, setText } from "./elements.js";
import { readFocus, restoreFocus } from "./focus.js";
import { drawGraph } from "./graph.js";
import { secretOf } from "./lesson.js";
import { findFirstDifference, findPlace } from "./operations.js";
import { makeRow, markPlace, updateRow } from "./row.js";
import { describeNodes, findChosen } from "./selection.js";
import { counted } from "./words.js";

/** @import { BlockView } from "./block_row.js" */
/** @import { View } from "./row.js" */
/** @import { Editor, Hint, Layer, Numbers, Placed, Problem } from "./types.js" */
/** @import { RowNode, Snapshot, Stack } from "./types.js" */

const SAID_FOR = 4000; // milliseconds
// Of a list of more rows, most of those out of view are neither written nor laid out.
const LONG = 120;

/** @param {Editor} editor */
export function draw(editor) {
  const focus = readFocus(editor);
  editor.drawing = true;
  if (!editor.pressing) editor.hinted = editor.selected;
  drawRows(editor);
  restoreFocus(editor, focus);
  editor.drawing = false;
  drawBar(editor);
  drawGraph(editor);
  editor.root.classList.toggle("is-empty", editor.stack.length === 0);
  // Python has not answered yet.
  editor.root.classList.toggle("asking", editor.conversation.sent !== null);
  editor.list.hidden = editor.stack.length === 0;
  editor.history.last = takeSnapshot(editor);
}

/**
 * Other rows have come into view: of a long list they may not be up to date.
 *
 * @param {Editor} editor
 */
export function drawMore(editor) {
  if (editor.list.classList.contains("long")) draw(editor);
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
  const visible = findVisible(stack, editor.folded);
  const uids = new Set(visible.map((index) => stack[index].uid));
  for (const [uid, row] of editor.rows) {
    if (uids.has(uid)) continue;
    row.remove();
    editor.inView.forget(row);
    editor.rows.delete(uid);
  }
  const isLong = visible.length > LONG;
  list.classList.toggle("long", isLong);
  const places = outline(stack);
  const known = knowledgeOf(editor);
  widenIndex(editor, visible);
  visible.forEach((index, position) => {
    const layer = stack[index];
    const row = editor.rows.get(layer.uid) ?? makeWatchedRow(editor, layer);
    if (list.children[position] !== row) putRow(list, row, list.children[position] ?? null);
    markPlace(row, places[index]);
    // The others are brought up to date once they come into view. The first ones need not wait for
    // the browser to say that they are.
    if (!isLong || position < LONG / 2 || isNear(editor, row, index, known))
      updateRow(row, layer, places[index], viewOf(editor, index, known));
  });
}

/**
 * Whether a row is in view or is spoken of: what is selected, was so until now, or does not fit.
 *
 * @param {Editor} editor
 * @param {RowNode} row
 * @param {number} index
 * @param {Knowledge} known
 */
function isNear({ inView, selected }, row, index, { broken }) {
  const isSelected = row.dataset.uid === selected || row.classList.contains("selected");
  return inView.has(row) || isSelected || index === broken || row.classList.contains("bad");
}

/**
 * @param {Editor} editor
 * @param {Layer} layer
 */
function makeWatchedRow(editor, layer) {
  const row = makeRow(layer);
  editor.rows.set(layer.uid, row);
  editor.inView.watch(row);
  return row;
}

/**
 * Give the addresses as much room as the longest takes. Those of a stack without blocks have
 * enough.
 *
 * @param {Editor} editor
 * @param {number[]} visible
 */
function widenIndex(editor, visible) {
  const places = outline(editor.stack);
  const longest = visible.reduce((most, index) => {
    const { path, role } = places[index];
    const isShown = path.length > 1 && (role === "layer" || role === "begin");
    return isShown ? Math.max(most, pathText(path).length + path.length) : most;
  }, 0);
  const width = longest ? `${(0.4 + longest * 0.27).toFixed(2)}em` : "";
  if (editor.root.style.getPropertyValue("--longest-index") === width) return;
  editor.root.style.setProperty("--longest-index", width);
}

/**
 * What all rows are drawn by.
 *
 * @typedef {object} Knowledge
 * @property {number} answered  the first row that Python's numbers are not of
 * @property {number} broken  the row at which the stack does not fit; -1 where it does
 * @property {Set<number>} chosen  the rows of several that are chosen
 * @property {Placed | null} held  the block that is selected
 */

/**
 * @param {Editor} editor
 * @returns {Knowledge}
 */
function knowledgeOf(editor) {
  const { stack, problem } = editor;
  const places = outline(stack);
  const chosen = findChosen(editor);
  const place = places[findPlace(stack, problem?.uid)];
  const selected = places[findPlace(stack, editor.selected)];
  return {
    answered: findFirstDifference(stack, editor.conversation.analyses.known),
    // Of a block it is the merge that does not fit, which comes last.
    broken: problem && place ? place.end : -1,
    chosen: chosen.length > 1 ? findRows(stack, chosen) : new Set(),
    held: selected && selected.role !== "layer" && chosen.length === 1 ? selected : null,
  };
}

/**
 * What the editor knows of a row.
 *
 * @param {Editor} editor
 * @param {number} index
 * @param {Knowledge} known
 * @returns {View}
 */
function viewOf(editor, index, { answered, broken, chosen, held }) {
  const { stack, selected } = editor;
  const { uid } = stack[index];
  const place = outline(stack)[index];
  const isFolded = place.role === "begin" && editor.folded.has(uid);
  const last = isFolded ? place.end : index; // of the rows that this one stands for
  const wrong = editor.wrong.get(uid) ?? new Map();
  const message = [...wrong.values()].map((each) => each.message).find(Boolean);
  const problem = isBetween(broken, index, last) ? problemOf(editor, index, last) : null;
  return {
    wrong,
    waiting: editor.conversation.analyses.isSlow && last >= answered,
    selected: uid === selected,
    chosen: chosen.has(index),
    open: editor.open.has(uid),
    problem: message ? { message } : problem,
    below: broken >= 0 && index > broken,
    held: held !== null && isBetween(index, held.start, held.end) && uid !== selected,
    block: place.role === "layer" ? null : blockViewOf(editor, place, isFolded),
    ...findingsOf(editor, index, last),
  };
}

/**
 * What Python found of a row. What it found of a merge stands at the end of the block.
 *
 * @param {Editor} editor
 * @param {number} index  the row
 * @param {number} last  of those that it stands for
 * @returns {Pick<View, "numbers" | "secret" | "hints" | "hinted" | "described">}
 */
function findingsOf(editor, index, last) {
  const { stack, selected, described, hinted } = editor;
  const { uid } = stack[index];
  const place = outline(stack)[index];
  const isFolded = last > index;
  if (place.role === "next" || (place.role === "begin" && !isFolded))
    return { numbers: undefined, secret: null, hints: [], hinted: false, described: false };
  const of = stack[place.start].uid;
  const isDescribed = of === described || (isFolded && isIn(stack, described, index, last));
  const secret = secretOf(editor, of);
  // Hints would tell what is to be guessed.
  const hints = secret ? [] : [...(editor.hints.get(of) ?? []), ...hintInside(editor, index, last)];
  return {
    numbers: numbersOf(editor, place, isFolded, of),
    secret,
    hints,
    hinted: uid === hinted || of === hinted,
    described: selected === null && isDescribed,
  };
}

/**
 * What a folded block says of the hints that it hides.
 *
 * @param {Editor} editor
 * @param {number} first  the row that begins it
 * @param {number} last  of its rows
 * @returns {Hint[]}
 */
function hintInside({ stack, hints }, first, last) {
  const inside = stack.slice(first + 1, last + 1).flatMap(({ uid }) => hints.get(uid) ?? []);
  if (!inside.length) return [];
  const message = `${counted(inside.length, "hint")} inside: unfold the block`;
  return [{ uid: stack[first].uid, message, fix: null }];
}

/**
 * @param {Stack} stack
 * @param {string | null} uid
 * @param {number} first
 * @param {number} last
 */
function isIn(stack, uid, first, last) {
  return uid !== null && isBetween(findPlace(stack, uid), first, last);
}

/**
 * @param {number} place
 * @param {number} first
 * @param {number} last
 */
function isBetween(place, first, last) {
  return first <= place && place <= last;
}

/**
 * A row's numbers; of a folded block those of its merge, with the parameters of all that is inside.
 *
 * @param {Editor} editor
 * @param {Placed} place
 * @param {boolean} isFolded
 * @param {string} uid  that they came under
 * @returns {Numbers | undefined}
 */
function numbersOf({ stack, numbers }, { start, end }, isFolded, uid) {
  const own = numbers.get(uid);
  if (!own || !isFolded) return own;
  let params = 0;
  for (const row of stack.slice(start, end)) {
    if (isMarker(row)) continue;
    const inside = numbers.get(row.uid)?.params;
    if (inside === undefined || inside === null) return { ...own, params: null };
    params += inside;
  }
  return { ...own, params };
}

/**
 * What does not fit, as it is said on a row: in short where that stands for a folded block and
 * the layer is inside.
 *
 * @param {Editor} editor
 * @param {number} first  the row
 * @param {number} last  of those that it stands for
 * @returns {Problem | null}
 */
function problemOf({ stack, problem }, first, last) {
  const place = findPlace(stack, problem?.uid);
  if (!problem || first === last || place === first) return problem;
  const [where, { kind }] = [pathText(outline(stack)[place].path), stack[place]];
  const what = kind === BLOCK ? `block ${where}` : `layer ${where} (${kind})`;
  const message = `inside, at ${what}: ${problem.message}`;
  return { message, isInside: true };
}

/**
 * @param {Editor} editor
 * @param {Placed} place
 * @param {boolean} isFolded
 * @returns {BlockView}
 */
function blockViewOf({ stack }, { role, start, branch }, isFolded) {
  const branches = findBranches(stack, start);
  const { first, after } = branches[branch] ?? { first: 0, after: 0 };
  return {
    name: givenName(stack[start]),
    title: nameBlock(stack, start),
    inside: isFolded ? contentWords(stack, start) : "",
    merge: String(stack[start].merge),
    branches: branches.length,
    isFolded,
    isEmpty: role !== "end" && first === after,
    hasNumbers: isFolded || role === "end",
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
  const chosen = findChosen(editor);
  const areSeveral = chosen.length > 1;
  editor.several.hidden = !areSeveral;
  setText(findPart(editor.several, "count"), areSeveral ? describeNodes(editor.stack, chosen) : "");
  const button = (/** @type {string} */ what) =>
    /** @type {HTMLButtonElement} */ (editor.root.querySelector(`.bar [data-do="${what}"]`));
  button("undo").disabled = !editor.history.past.length;
  button("redo").disabled = !editor.history.future.length;
}
