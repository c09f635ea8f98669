// What a person can do with the stack. Each action shows its change at once, and sends it.

import { draw, say, takeSnapshot } from "./drawing.js";
import { focusSelected, readFocus, scrollToSelected } from "./focus.js";
import { remember, travel } from "./history.js";
import {
  findFault,
  findGapBelow,
  findRows,
  findSiblings,
  findVisible,
  insideText,
  isMarker,
  outline,
  pathText,
} from "./blocks.js";
import { reveal } from "./folding.js";
import {
  applyFix,
  duplicateLayers,
  findFirstDifference,
  findPlace,
  insertLayers,
  makeLayer,
  moveLayers,
  removeLayers,
  withUids,
} from "./operations.js";
import { READY_MADE } from "./ready_made.js";
import { describeNodes, findBetween, findChosen, findHolding, nameLayers } from "./selection.js";

/** @import { Numbers } from "./ready_made.js" */
/** @import { Editor, Fix, Layer, Stack } from "./types.js" */

const REPEATS = { least: 2, most: 10 };

// --- changing the stack --------------------------------------------------------------------------

/**
 * Put another stack in place. Every edit comes through here. `merging` names changes that undo
 * takes back in one step.
 *
 * @param {Editor} editor
 * @param {Stack} stack
 * @param {string | null} selected
 * @param {string | null} merging
 */
export function changeStack(editor, stack, selected = editor.selected, merging = null) {
  remember(editor.history, takeSnapshot(editor), merging);
  editor.stack = stack;
  editor.selected = selected;
  submit(editor);
}

/** @param {Editor} editor */
function submit(editor) {
  reveal(editor, editor.selected);
  editor.conversation.submit();
  draw(editor);
}

/**
 * Put another stack in place, in which the layers and blocks of these rows are the chosen ones.
 *
 * @param {Editor} editor
 * @param {Stack} stack
 * @param {string[]} rows
 */
function changeAndChoose(editor, stack, rows) {
  const uids = findSiblings(stack, rows);
  editor.chosen = new Set(uids.length > 1 ? uids : []);
  editor.anchor = uids[0];
  changeStack(editor, stack, uids[uids.length - 1]);
  focusSelected(editor);
}

/**
 * Whether Python would take such a stack; where it would not, say why.
 *
 * @param {Editor} editor
 * @param {Stack} stack
 */
export function isAllowed(editor, stack) {
  const fault = findFault(stack);
  if (fault) say(editor, fault);
  return fault === null;
}

/**
 * @param {Editor} editor
 * @param {string} kind
 * @param {number} at
 */
export function addLayer(editor, kind, at) {
  addLayers(editor, [makeLayer(kind)], at, kind);
}

/**
 * @param {Editor} editor
 * @param {string} name  in READY_MADE
 * @param {Numbers} numbers  that it is made of
 * @param {number} at
 */
export function addReadyMade(editor, name, numbers, at) {
  const { title, make } = READY_MADE[name];
  addLayers(editor, withUids(make(numbers)), at, title);
}

/**
 * @param {Editor} editor
 * @param {Layer[]} layers
 * @param {number} at
 * @param {string} title
 */
function addLayers(editor, layers, at, title) {
  const stack = insertLayers(editor.stack, at, layers);
  if (!isAllowed(editor, stack)) {
    focusSelected(editor);
    return;
  }
  changeAndChoose(
    editor,
    stack,
    layers.map((layer) => layer.uid),
  );
  say(editor, `${title} added`);
}

/**
 * The channels that come in at a place: those that a layer above names itself, or that Python
 * counted for it.
 *
 * @param {Editor} editor
 * @param {number} at
 */
export function findChannels(editor, at) {
  const { stack } = editor;
  const answered = findFirstDifference(stack, editor.conversation.analyses.known);
  const places = outline(stack);
  for (let index = at - 1; index >= 0; index -= 1) {
    const { role, start } = places[index];
    // What comes into a branch is what comes into its block.
    if (role === "next") index = start;
    if (role === "next" || role === "begin") continue;
    const layer = stack[start];
    const counted = index < answered ? editor.numbers.get(layer.uid)?.shape[0] : undefined;
    const channels = typeof layer.out_channels === "number" ? layer.out_channels : counted;
    if (channels) return channels;
  }
  return editor.input[0];
}

/**
 * Delete layers and blocks. A row that divides or ends a block does not go alone.
 *
 * @param {Editor} editor
 * @param {string[]} uids
 * @param {string} row  at which that was asked
 */
export function removeRows(editor, uids, row = uids[0]) {
  if (!uids.length) return;
  if (uids.length === 1 && isMarker(editor.stack[findPlace(editor.stack, row)])) {
    say(editor, "Delete the block at its first row, or a branch by Shift+Delete");
    return;
  }
  const said = `${nameLayers(editor.stack, uids)} deleted`;
  const at = findPlace(editor.stack, uids[0]);
  const stack = removeLayers(editor.stack, uids);
  changeStack(editor, stack, (stack[at] ?? stack.at(-1))?.uid ?? null);
  focusSelected(editor);
  say(editor, said);
}

/**
 * @param {Editor} editor
 * @param {string[]} uids
 */
export function duplicateRows(editor, uids) {
  const { stack, copies } = copyRows(editor, uids, 1);
  if (!copies.length || !isAllowed(editor, stack)) return;
  const said = `${nameLayers(editor.stack, uids)} duplicated`;
  changeAndChoose(editor, stack, copies);
  say(editor, said);
}

/**
 * Have the chosen rows so many times in all, as the bar's number says.
 *
 * @param {Editor} editor
 */
export function repeatChosen(editor) {
  const times = Number(editor.times.value);
  const { least, most } = REPEATS;
  if (!Number.isInteger(times) || times < least || times > most) {
    say(editor, `Repeat ${least} to ${most} times`);
    return;
  }
  const uids = findChosen(editor);
  const { stack, copies } = copyRows(editor, uids, times - 1);
  if (!isAllowed(editor, stack)) return;
  const said = `${describeNodes(editor.stack, uids)} repeated ${times} times`;
  changeAndChoose(editor, stack, [...uids, ...copies]);
  say(editor, said);
}

/**
 * The stack with copies of these rows, and the copies' uids. A copy of a folded block is folded.
 *
 * @param {Editor} editor
 * @param {string[]} uids
 * @param {number} times
 */
function copyRows({ stack, folded }, uids, times) {
  const originals = [...findRows(stack, uids)].map((place) => stack[place].uid);
  const made = duplicateLayers(stack, uids, times);
  const copies = made.copies.map((row) => row.uid);
  copies.forEach((uid, index) => {
    if (folded.has(originals[index % originals.length])) folded.add(uid);
  });
  return { stack: made.stack, copies };
}

/**
 * Move rows into a gap between others.
 *
 * @param {Editor} editor
 * @param {string[]} uids
 * @param {number} gap
 */
export function moveRows(editor, uids, gap) {
  const stack = moveLayers(editor.stack, uids, gap);
  if (stack.every((layer, index) => layer === editor.stack[index])) return;
  if (!isAllowed(editor, stack)) return;
  changeStack(editor, stack);
  scrollToSelected(editor);
  const place = outline(stack)[findPlace(stack, uids[0])];
  const where = [`position ${pathText(place.path)}`, insideText(place)].filter(Boolean).join(", ");
  say(editor, `${nameLayers(stack, uids)} moved to ${where}`);
}

/**
 * Move rows past the next one that is drawn, up or down: so into a block, from branch to branch,
 * and out of it, but past a folded one.
 *
 * @param {Editor} editor
 * @param {string[]} uids
 * @param {-1 | 1} by
 */
export function moveRowsBy(editor, uids, by) {
  const { stack, folded } = editor;
  if (!uids.length) return;
  const edge = findPlace(stack, by < 0 ? uids[0] : uids[uids.length - 1]);
  const last = outline(stack)[edge].end;
  const visible = findVisible(stack, folded);
  if (by < 0) moveRows(editor, uids, visible[visible.indexOf(edge) - 1] ?? 0);
  else
    moveRows(
      editor,
      uids,
      last + 1 < stack.length ? findGapBelow(stack, last + 1, folded) : stack.length,
    );
}

/**
 * Make the change that Python offered for a problem or a hint.
 *
 * @param {Editor} editor
 * @param {Fix | null | undefined} fix
 * @param {string} said
 */
export function makeFix(editor, fix, said) {
  if (!fix || !editor.conversation.analyses.isCurrent) return; // it is of another stack
  const stack = applyFix(editor.stack, fix);
  const shown = stack[fix.at] ?? stack.at(-1);
  changeStack(editor, stack, shown?.uid ?? null);
  focusSelected(editor);
  say(editor, said);
}

/**
 * Undo, or redo.
 *
 * @param {Editor} editor
 * @param {boolean} back
 */
export function travelHistory(editor, back) {
  const then = travel(editor.history, takeSnapshot(editor), back);
  if (!then) {
    say(editor, back ? "Nothing to undo" : "Nothing to redo");
    return;
  }
  const focus = readFocus(editor);
  editor.wrong.clear();
  editor.chosen = new Set();
  editor.stack = then.stack;
  editor.selected = then.selected;
  editor.work = then.work; // that of a preset picked since, or of the one before it
  submit(editor);
  // Where the row with the focus is gone, the keys go on from the one that is selected now.
  if (focus && !focus.node.isConnected) focusSelected(editor);
  else scrollToSelected(editor);
  say(editor, back ? "Undone" : "Redone");
}

// --- selecting and choosing rows -----------------------------------------------------------------

/**
 * @param {Editor} editor
 * @param {string | null} uid
 */
export function selectRow(editor, uid) {
  if (uid === editor.selected) return;
  if (uid === null || !editor.chosen.has(uid)) editor.chosen = new Set();
  editor.selected = uid;
  editor.history.merging = null;
  submit(editor);
}

/**
 * @param {Editor} editor
 * @param {number} index
 */
export function selectAt(editor, index) {
  const uid = editor.stack[index]?.uid;
  if (uid === undefined) return;
  chooseRows(editor, [], uid, uid);
  focusSelected(editor);
}

/**
 * @param {Editor} editor
 * @param {string[]} uids
 * @param {string | null} selected
 * @param {string | null} anchor
 */
export function chooseRows(editor, uids, selected, anchor = editor.anchor) {
  editor.chosen = new Set(uids.length > 1 ? uids : []);
  editor.anchor = anchor;
  if (selected === editor.selected) draw(editor);
  else selectRow(editor, selected);
}

/**
 * Choose the rows from the anchor to a place.
 *
 * @param {Editor} editor
 * @param {number} place
 */
export function chooseTo(editor, place) {
  const { stack } = editor;
  const end = stack[Math.max(0, Math.min(stack.length - 1, place))].uid;
  if (editor.anchor === null || !findHolding(stack, findChosen(editor), editor.anchor))
    editor.anchor = editor.selected;
  const uids = findBetween(stack, editor.anchor ?? end, end);
  chooseRows(editor, uids, findHolding(stack, uids, end) ?? end);
  focusSelected(editor);
}

/**
 * Choose the rows from the anchor to the layer or block next to the selected one.
 *
 * @param {Editor} editor
 * @param {-1 | 1} by
 */
export function reach(editor, by) {
  const place = outline(editor.stack)[findPlace(editor.stack, editor.selected)];
  if (place) chooseTo(editor, by < 0 ? place.start - 1 : place.end + 1);
}

/**
 * Choose one layer or block more, or one less; the last one stays.
 *
 * @param {Editor} editor
 * @param {string} uid
 */
export function chooseToo(editor, uid) {
  const { stack } = editor;
  const uids = findChosen(editor);
  const holding = findHolding(stack, uids, uid);
  const without = uids.filter((each) => each !== holding);
  if (!without.length && uids.length) return;
  if (holding === undefined) {
    const all = findSiblings(stack, [...uids, uid]);
    const found = findHolding(stack, all, uid) ?? uid;
    chooseRows(editor, all, found, found);
  } else
    chooseRows(
      editor,
      without,
      holding === editor.selected ? without[without.length - 1] : editor.selected,
    );
  focusSelected(editor);
}

/** @param {Editor} editor */
export function chooseAll(editor) {
  const { stack } = editor;
  const uids = findSiblings(
    stack,
    stack.map((layer) => layer.uid),
  );
  if (!uids.length) return;
  const selected = editor.selected && findHolding(stack, uids, editor.selected);
  chooseRows(editor, uids, selected ?? uids[0], uids[0]);
  focusSelected(editor);
}

/** @param {Editor} editor */
export function chooseOne(editor) {
  chooseRows(editor, [], editor.selected);
  focusSelected(editor);
}

/**
 * @param {Editor} editor
 * @param {string} uid
 */
export function toggleDetails(editor, uid, open = !editor.open.has(uid)) {
  if (open) editor.open.add(uid);
  else editor.open.delete(uid);
  draw(editor);
}
