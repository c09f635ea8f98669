// Part 5 of the stack editor: several rows chosen at once.
//
// `selected` is one layer, the one that Python and the panel beside know. The chosen rows are known here only: a set of
// uids that the selected one belongs to, or an empty one, which means the selected row alone. `anchor` is the row that
// Shift reaches from.

import { change, draw, focusSelected, layerOf, roomFor, say, select } from "./editor.js";
import { setText } from "./rows.js";
import { duplicated, placeOf } from "./stack.js";

const REPEATS = { least: 2, most: 10 };

// In the stack's order; the selected row where no others are chosen.
export function chosenUids(editor) {
  const uids = editor.stack.map((layer) => layer.uid);
  const chosen = editor.chosen.has(editor.selected) ? editor.chosen : new Set([editor.selected]);
  return uids.filter((uid) => chosen.has(uid));
}

// The rows that an action on `uid` is for: all the chosen ones, if it is one of them.
export function togetherWith(editor, uid) {
  const uids = chosenUids(editor);
  return uids.includes(uid) ? uids : [uid];
}

export function choose(editor, uids, selected, anchor = editor.anchor) {
  editor.chosen = new Set(uids.length > 1 ? uids : []);
  editor.anchor = anchor;
  if (selected === editor.selected) draw(editor);
  else select(editor, selected);
}

// From the anchor to the row at `place`.
export function chooseTo(editor, place) {
  const { stack } = editor;
  const end = stack[Math.max(0, Math.min(stack.length - 1, place))];
  if (!chosenUids(editor).includes(editor.anchor)) editor.anchor = editor.selected;
  const from = placeOf(stack, editor.anchor ?? end.uid);
  const to = placeOf(stack, end.uid);
  const run = stack.slice(Math.min(from, to), Math.max(from, to) + 1);
  choose(editor, run.map((layer) => layer.uid), end.uid);
  focusSelected(editor);
}

// One row more, or one less; the last one stays.
function chooseToo(editor, uid) {
  const uids = chosenUids(editor);
  const without = uids.filter((each) => each !== uid);
  if (!without.length) return;
  if (without.length < uids.length) choose(editor, without, uid === editor.selected ? without.at(-1) : editor.selected);
  else choose(editor, [...uids, uid], uid, uid);
  focusSelected(editor);
}

export function chooseAll(editor) {
  if (!editor.stack.length) return;
  const uids = editor.stack.map((layer) => layer.uid);
  choose(editor, uids, editor.selected ?? uids[0], uids[0]);
  focusSelected(editor);
}

export function chooseOne(editor) {
  choose(editor, [], editor.selected);
  focusSelected(editor);
}

export function repeatChosen(editor) {
  const times = Number(editor.times.value);
  const { least, most } = REPEATS;
  if (!(Number.isInteger(times) && times >= least && times <= most)) return say(editor, `Repeat ${least} to ${most} times`);
  const uids = chosenUids(editor);
  const { stack, copies } = duplicated(editor.stack, uids, times - 1);
  if (!roomFor(editor, copies.length)) return null;
  changeTo(editor, stack, [...uids, ...copies.map((layer) => layer.uid)]);
  return say(editor, `${countText(uids.length)} × ${times}`);
}

// A change after which these rows are the chosen ones.
export function changeTo(editor, stack, uids) {
  editor.chosen = new Set(uids.length > 1 ? uids : []);
  editor.anchor = uids[0];
  change(editor, stack, uids.at(-1));
  focusSelected(editor);
}

function countText(count) {
  return `${count} layer${count === 1 ? "" : "s"}`;
}

// "Conv2d", or "3 layers".
export function nameOf(editor, uids) {
  return uids.length === 1 ? layerOf(editor, uids[0]).kind : countText(uids.length);
}

export function updateChosenBar(editor, uids) {
  const several = uids.length > 1;
  editor.several.hidden = !several;
  setText(editor.several.querySelector(".count"), several ? countText(uids.length) : "");
}

// With Shift or Ctrl a press chooses rows; in the input that has the focus it is the text's own.
export function listenToChoosing(editor) {
  const { list, root } = editor;
  list.addEventListener("mousedown", (event) => {
    const uid = event.target.closest(".row")?.dataset.uid;
    if (!uid || !choosing(event) || event.target === root.getRootNode().activeElement) return;
    event.preventDefault(); // neither the focus nor a text selection
    if (event.shiftKey) chooseTo(editor, placeOf(editor.stack, uid));
    else chooseToo(editor, uid);
  });
  // ... nor does it press what stands there.
  list.addEventListener("click", (event) => {
    if (!choosing(event) || event.target === root.getRootNode().activeElement) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
}

export function choosing(event) {
  return event.button === 0 && (event.shiftKey || event.ctrlKey || event.metaKey);
}
