// What a person can do with the stack. Each action shows its change at once, and sends it.

import { draw, say, takeSnapshot } from "./drawing.js";
import { focusSelected, readFocus, scrollToSelected } from "./focus.js";
import { remember, travel } from "./history.js";
import { BLOCKS, MAX_LAYERS } from "./kinds.js";
import {
  applyFix,
  duplicateLayers,
  findFirstDifference,
  findPlace,
  insertLayers,
  makeBlock,
  makeLayer,
  moveLayers,
  removeLayers,
} from "./operations.js";
import { countText, findBetween, findChosen, nameLayers } from "./selection.js";

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
  editor.conversation.submit();
  draw(editor);
}

/**
 * Put another stack in place, in which these rows are the chosen ones.
 *
 * @param {Editor} editor
 * @param {Stack} stack
 * @param {string[]} uids
 */
function changeAndChoose(editor, stack, uids) {
  editor.chosen = new Set(uids.length > 1 ? uids : []);
  editor.anchor = uids[0];
  changeStack(editor, stack, uids[uids.length - 1]);
  focusSelected(editor);
}

/**
 * @param {Editor} editor
 * @param {number} more
 */
function hasRoomFor(editor, more) {
  const count = editor.stack.length + more;
  if (count > MAX_LAYERS)
    say(editor, `A stack has at most ${MAX_LAYERS} layers; this would be ${count}`);
  return count <= MAX_LAYERS;
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
 * @param {string} name
 * @param {number} at
 */
export function addBlock(editor, name, at) {
  addLayers(
    editor,
    makeBlock(name, findChannels(editor, at), editor.classes),
    at,
    BLOCKS[name].title,
  );
}

/**
 * @param {Editor} editor
 * @param {Layer[]} layers
 * @param {number} at
 * @param {string} title
 */
function addLayers(editor, layers, at, title) {
  if (!hasRoomFor(editor, layers.length)) return;
  const uids = layers.map((layer) => layer.uid);
  changeAndChoose(editor, insertLayers(editor.stack, at, layers), uids);
  say(editor, `${title} added`);
}

/**
 * The channels that come in at a place: those that a layer above names itself, or that Python
 * counted for it.
 *
 * @param {Editor} editor
 * @param {number} at
 */
function findChannels(editor, at) {
  const answered = findFirstDifference(editor.stack, editor.conversation.analyses.known);
  for (let index = at - 1; index >= 0; index -= 1) {
    const layer = editor.stack[index];
    const counted = index < answered ? editor.numbers.get(layer.uid)?.shape[0] : undefined;
    const channels = typeof layer.out_channels === "number" ? layer.out_channels : counted;
    if (channels) return channels;
  }
  return editor.input[0];
}

/**
 * @param {Editor} editor
 * @param {string[]} uids
 */
export function removeRows(editor, uids) {
  if (!uids.length) return;
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
  const { stack, copies } = duplicateLayers(editor.stack, uids);
  if (!copies.length || !hasRoomFor(editor, copies.length)) return;
  const said = `${nameLayers(editor.stack, uids)} duplicated`;
  changeAndChoose(
    editor,
    stack,
    copies.map((layer) => layer.uid),
  );
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
  const { stack, copies } = duplicateLayers(editor.stack, uids, times - 1);
  if (!hasRoomFor(editor, copies.length)) return;
  changeAndChoose(editor, stack, [...uids, ...copies.map((layer) => layer.uid)]);
  say(editor, `${countText(uids.length)} repeated ${times} times`);
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
  changeStack(editor, stack);
  scrollToSelected(editor);
  say(editor, `${nameLayers(stack, uids)} moved to position ${findPlace(stack, uids[0])}`);
}

/**
 * Move rows past the next one, up or down.
 *
 * @param {Editor} editor
 * @param {string[]} uids
 * @param {-1 | 1} by
 */
export function moveRowsBy(editor, uids, by) {
  const edge = findPlace(editor.stack, by < 0 ? uids[0] : uids[uids.length - 1]);
  const gap = by < 0 ? edge - 1 : edge + 2;
  moveRows(editor, uids, Math.max(0, Math.min(editor.stack.length, gap)));
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
  if (editor.anchor === null || !findChosen(editor).includes(editor.anchor))
    editor.anchor = editor.selected;
  chooseRows(editor, findBetween(stack, editor.anchor ?? end, end), end);
  focusSelected(editor);
}

/**
 * Choose one row more, or one less; the last one stays.
 *
 * @param {Editor} editor
 * @param {string} uid
 */
export function chooseToo(editor, uid) {
  const uids = findChosen(editor);
  const without = uids.filter((each) => each !== uid);
  if (!without.length && uids.length) return;
  if (without.length === uids.length) chooseRows(editor, [...uids, uid], uid, uid);
  else
    chooseRows(
      editor,
      without,
      uid === editor.selected ? without[without.length - 1] : editor.selected,
    );
  focusSelected(editor);
}

/** @param {Editor} editor */
export function chooseAll(editor) {
  const uids = editor.stack.map((layer) => layer.uid);
  if (!uids.length) return;
  chooseRows(editor, uids, editor.selected ?? uids[0], uids[0]);
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
