// Part 8 of the stack editor: its state, what it says to Python, and what keys and clicks do.
//
// The browser owns the draft. Every edit is shown at once and the whole draft is sent, numbered by `seq`; Python answers
// with the numbers of each row and that `seq` as acknowledgement. One message is on its way at a time: what is typed
// meanwhile goes, all together, when the answer comes. `base` changes only when Python puts another stack in place.

import { changeTo, choose, chooseAll, chooseOne, chooseTo, choosing, chosenUids, listenToChoosing, nameOf, repeatChosen, togetherWith, updateChosenBar } from "./chosen.js";
import { listenToDrag } from "./drag.js";
import { historyOf, remember, travel } from "./history.js";
import { BLOCKS, KINDS, MAX_LAYERS } from "./kinds.js";
import { listenToPalette, openPalette } from "./palette.js";
import { element, fieldOf, icon, makeRow, setText, updateRow } from "./rows.js";
import { argument, blockLayers, duplicated, firstDifference, inserted, moved, newLayer, newUid, placeOf, removed, sameLayers, withArgument } from "./stack.js";
import { expectation, readText, stepped, textOf } from "./values.js";

const editors = new WeakMap(); // the editor of each root node: Streamlit calls the default export on every answer
const ANSWER_SLOW = 150; // milliseconds after which the numbers that an answer will change are dimmed
const ANSWER_LATE = 4000; // milliseconds after which a message counts as lost, after a cut connection say
const RELEASES = ["pointerup", "pointercancel"];
const KEYS = [
  ["↑ ↓", "select a layer"],
  ["Shift ↑ ↓, Ctrl A", "choose several"],
  ["Alt ↑ ↓", "move"],
  ["Enter", "edit; ↑ ↓ step a number, Shift by 10"],
  ["Esc", "back to the row"],
  ["Space", "more arguments"],
  ["/ or A", "add a layer or block below"],
  ["Ctrl D", "duplicate"],
  ["Delete", "delete"],
  ["Ctrl Z, Ctrl Y", "undo, redo"],
];

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const root = parentElement.querySelector(".editor");
  if (!editors.has(root)) editors.set(root, mount(root));
  const editor = editors.get(root);
  editor.setDraft = (draft) => setStateValue("draft", draft);
  receive(editor, data);
  return () => unmount(editor);
}

// --- coming and going -------------------------------------------------------------------------------------------------

function mount(root) {
  const part = (name) => root.querySelector(`.${name}`);
  const editor = {
    root,
    scroller: part("scroller"),
    list: part("rows"),
    drop: part("drop"),
    status: part("status"),
    palette: part("palette"),
    search: part("search"),
    options: part("options"),
    keys: part("keys"),
    several: part("several"),
    times: part("times"),
    rows: new Map(), // uid -> its node
    stack: [],
    selected: null, // a uid
    chosen: new Set(), // uids, where more than the selected one: see chosen.js
    anchor: null, // a uid
    base: null,
    seq: 0, // of the newest draft
    sent: null, // the draft on its way: {seq, stack}
    known: [], // the stack that `numbers` belong to
    numbers: new Map(), // uid -> Python's row
    problem: null, // Python's: {uid, message, remedy, mend, otherwise: {remedy, mend}}
    hints: new Map(), // uid -> Python's [{message, mend}]
    channels: 1, // of the input
    classes: 10, // of the data set
    wrong: new Map(), // uid -> Map of argument -> {message}: texts that are no values, not sent
    open: new Set(), // uids whose details are shown
    history: null,
    drawing: false,
    slow: false, // Python takes long to answer
    pressing: false, // a button of the pointer is down
    hinted: null, // the uid under which hints stand
    entered: false, // the pointer went down on an input that did not have the focus
    setDraft: null,
  };
  labelButtons(editor);
  listen(editor);
  return editor;
}

function unmount(editor) {
  document.removeEventListener("keydown", editor.onPageKey);
  removeEventListener("resize", editor.onResize);
  for (const type of RELEASES) removeEventListener(type, editor.onRelease, true);
  clearTimeout(editor.late);
  clearTimeout(editor.slowly);
  clearTimeout(editor.fitting);
  // The page is gone, and what was typed after its successor was asked for goes to whom all pages have: see address.js.
  if (editor.seq > Number(editor.root.dataset.ack)) {
    dispatchEvent(new CustomEvent("explorer:unanswered", { detail: draftOf(editor) }));
  }
}

function labelButtons(editor) {
  const fill = (what, ...content) => editor.root.querySelector(`[data-do="${what}"]`).replaceChildren(...content);
  fill("add", icon("plus"), "Add layer");
  fill("append", icon("plus"), "Add layer");
  fill("insert", icon("plus"));
  for (const name of ["undo", "redo", "up", "down"]) fill(name, icon(name));
  editor.root.querySelector("[popovertarget]").replaceChildren(icon("keys"));
  for (const [keys, meaning] of KEYS) editor.keys.append(element("kbd", {}, keys), element("span", {}, meaning));
}

// --- Python's answers and the drafts sent to it -----------------------------------------------------------------------

function receive(editor, data) {
  if (data.base !== editor.base) adopt(editor, data);
  if (editor.sent && data.seq >= editor.sent.seq) {
    clearTimeout(editor.late);
    if (!data.refusal) editor.known = editor.sent.stack;
    editor.sent = null;
  }
  if (data.seq >= editor.seq) {
    clearTimeout(editor.slowly);
    editor.slow = false;
  }
  const refused = data.refusal && data.seq === editor.seq;
  const uidAt = (index) => (refused ? editor.stack : data.stack)[index]?.uid;
  editor.numbers = new Map(data.rows.map((row, index) => [data.stack[index].uid, row]));
  const problem = refused ? data.refusal : data.problem;
  editor.problem = problem && { ...problem, uid: uidAt(problem.index) };
  editor.hints = hintsByUid(data);
  editor.described = data.stack[data.described]?.uid;
  editor.channels = data.channels;
  editor.classes = data.classes;
  if (refused && editor.problem.uid === undefined) say(editor, data.refusal.message);
  editor.root.dataset.ack = data.seq;
  setText(editor.root.querySelector(".input .shape"), data.input);
  if (editor.seq > data.seq) transmit(editor);
  else if (data.selected !== editor.selected && !refused) editor.selected = data.selected;
  draw(editor);
  fitSoon(editor);
}

function hintsByUid(data) {
  const found = new Map();
  for (const hint of data.hints) {
    const { uid } = data.stack[hint.index];
    found.set(uid, [...(found.get(uid) ?? []), hint]);
  }
  return found;
}

// Python put another stack in place, or this is the first. What stood here before can be had back by undo.
function adopt(editor, data) {
  clearTimeout(editor.late);
  editor.history = historyOf(data.key);
  const before = editor.base === null ? editor.history.last : snapshot(editor);
  if (before && !sameLayers(before.stack, data.stack)) remember(editor.history, before);
  editor.base = data.base;
  editor.work = data.work;
  editor.seq = data.seq;
  editor.sent = null;
  editor.stack = editor.known = data.stack;
  editor.selected = data.selected;
  editor.wrong.clear();
  editor.scroller.scrollTop = 0;
}

function transmit(editor) {
  if (editor.sent) return; // the answer to it will send the newest
  if (!editor.slow) {
    clearTimeout(editor.slowly);
    editor.slowly = setTimeout(() => {
      editor.slow = true;
      draw(editor);
    }, ANSWER_SLOW);
  }
  editor.sent = { seq: editor.seq, stack: editor.stack };
  editor.setDraft(draftOf(editor));
  editor.late = setTimeout(() => {
    editor.sent = null;
    transmit(editor);
  }, ANSWER_LATE);
}

function draftOf({ base, seq, work, stack, selected }) {
  return { base, seq, work, stack, selected };
}

// Who goes elsewhere may leave the page, and with it this editor: what waits for an answer waits no longer.
function transmitNow(editor) {
  if (!editor.sent || editor.sent.seq === editor.seq) return;
  clearTimeout(editor.late);
  editor.sent = null;
  transmit(editor);
}

function snapshot(editor) {
  return { stack: editor.stack, selected: editor.selected, work: editor.work };
}

// Show a change at once, and send it.
function submit(editor) {
  editor.seq += 1;
  transmit(editor);
  draw(editor);
}

// --- operations -------------------------------------------------------------------------------------------------------

// Every change of the stack comes through here. `merging` names changes that undo takes back in one step.
export function change(editor, stack, selected = editor.selected, merging = null) {
  remember(editor.history, snapshot(editor), merging);
  editor.stack = stack;
  editor.selected = selected;
  submit(editor);
}

export function select(editor, uid) {
  if (uid === editor.selected) return;
  if (!editor.chosen.has(uid)) editor.chosen = new Set();
  editor.selected = uid;
  editor.history.merging = null;
  submit(editor);
}

export function roomFor(editor, more) {
  const fits = editor.stack.length + more <= MAX_LAYERS;
  if (!fits) say(editor, `A stack has at most ${MAX_LAYERS} layers; this would be ${editor.stack.length + more}`);
  return fits;
}

function insertLayers(editor, at, layers, said) {
  if (!roomFor(editor, layers.length)) return;
  changeTo(editor, inserted(editor.stack, at, layers), layers.map((layer) => layer.uid));
  say(editor, said);
}

export function addLayer(editor, kind, at) {
  insertLayers(editor, at, [newLayer(kind)], `${kind} added`);
}

export function addBlock(editor, name, at) {
  insertLayers(editor, at, blockLayers(name, channelsAt(editor, at), editor.classes), `${BLOCKS[name].title} added`);
}

// The channels that come in at a place: those that a layer above names itself, or that Python counted for it.
function channelsAt(editor, at) {
  const changed = firstDifference(editor.stack, editor.known);
  for (let index = at - 1; index >= 0; index -= 1) {
    const layer = editor.stack[index];
    const channels = layer.out_channels ?? (index < changed ? editor.numbers.get(layer.uid)?.channels : undefined);
    if (channels) return channels;
  }
  return editor.channels;
}

function removeLayers(editor, uids) {
  const said = `${nameOf(editor, uids)} deleted`;
  const at = placeOf(editor.stack, uids[0]);
  const stack = removed(editor.stack, uids);
  change(editor, stack, (stack[at] ?? stack.at(-1))?.uid ?? null);
  focusSelected(editor);
  say(editor, said);
}

function duplicateLayers(editor, uids) {
  const said = `${nameOf(editor, uids)} duplicated`;
  const { stack, copies } = duplicated(editor.stack, uids);
  if (!roomFor(editor, copies.length)) return;
  changeTo(editor, stack, copies.map((layer) => layer.uid));
  say(editor, said);
}

export function moveTo(editor, uids, gap) {
  const stack = moved(editor.stack, uids, gap);
  if (stack.every((layer, index) => layer === editor.stack[index])) return;
  change(editor, stack);
  scrollToSelected(editor);
  say(editor, `${nameOf(editor, uids)} moved to ${placeOf(stack, uids[0])}`);
}

// The change that Python offered for a problem or a hint: some layers in place of others.
function mend(editor, { at, remove, layers }, said) {
  if (editor.stack !== editor.known) return; // Python's answer is about a stack that has changed since
  const old = editor.stack.slice(at, at + remove);
  const stack = inserted(removed(editor.stack, old.map((layer) => layer.uid)), at, withRowsOf(old, layers));
  const shown = layers.length ? stack[at] : (stack[at] ?? stack.at(-1));
  change(editor, stack, shown?.uid ?? null);
  focusSelected(editor);
  say(editor, said);
}

// A layer that stays the same kind keeps its row.
function withRowsOf(old, layers) {
  const spare = [...old];
  return layers.map((layer) => {
    const same = spare.findIndex((each) => each.kind === layer.kind);
    return { ...layer, uid: same < 0 ? newUid() : spare.splice(same, 1)[0].uid };
  });
}

function undo(editor, back) {
  const then = travel(editor.history, snapshot(editor), back);
  if (!then) return say(editor, back ? "Nothing to undo" : "Nothing to redo");
  const focused = focusNow(editor);
  editor.wrong.clear();
  editor.chosen = new Set();
  editor.stack = then.stack;
  editor.selected = then.selected;
  editor.work = then.work; // that of a preset picked since, or of the one before it
  submit(editor);
  if (focused && !focused.node.isConnected) focusSelected(editor); // its row is gone: the keys go on from the one selected now
  else scrollToSelected(editor);
  return say(editor, back ? "Undone" : "Redone");
}

function toggleDetails(editor, uid, open = !editor.open.has(uid)) {
  if (open) editor.open.add(uid);
  else editor.open.delete(uid);
  draw(editor);
}

// What is typed: a value is sent at once; what is none, or none yet, stays in the input and is not sent.
function editArgument(editor, uid, input) {
  const layer = layerOf(editor, uid);
  const field = fieldOf(layer, input.name);
  const read = readInput(input, field);
  markWrong(editor, uid, input.name, "value" in read ? null : { message: read.wrong ? expectation(field) : null });
  if (!("value" in read) || textOf(read.value) === textOf(argument(layer, field))) return draw(editor);
  return change(editor, withArgument(editor.stack, uid, input.name, read.value), editor.selected, `${uid} ${input.name}`);
}

function readInput(input, field) {
  if (field.type === "bool") return { value: input.checked };
  if (field.type === "choice") return { value: field.choices.find((choice) => String(choice) === input.value) };
  return readText(input.value, field);
}

function markWrong(editor, uid, name, wrong) {
  const names = editor.wrong.get(uid) ?? new Map();
  if (wrong) names.set(name, wrong);
  else names.delete(name);
  if (names.size) editor.wrong.set(uid, names);
  else editor.wrong.delete(uid);
}

// On leaving an input, a value takes its plain form ("3x3" becomes 3) and an unfinished text is said to be none.
function leaveInput(editor, uid, input) {
  const layer = layerOf(editor, uid);
  if (!layer || input.type !== "text" || editor.drawing) return; // a row that is moved loses the focus for a moment
  editor.history.merging = null;
  const field = fieldOf(layer, input.name);
  if ("value" in readInput(input, field)) input.value = textOf(argument(layer, field));
  else {
    markWrong(editor, uid, input.name, { message: expectation(field) });
    draw(editor);
  }
}

// Back to the last value, and to the row.
function abandonInput(editor, uid, input) {
  markWrong(editor, uid, input.name, null);
  const layer = layerOf(editor, uid);
  const field = fieldOf(layer, input.name);
  if (input.type === "text") input.value = textOf(argument(layer, field));
  draw(editor);
  editor.rows.get(uid).focus();
}

export function layerOf(editor, uid) {
  return editor.stack.find((layer) => layer.uid === uid);
}

let hush;
export function say(editor, text) {
  setText(editor.status, text);
  clearTimeout(hush);
  hush = setTimeout(() => setText(editor.status, ""), 4000);
}

// --- drawing ----------------------------------------------------------------------------------------------------------

export function draw(editor) {
  const { list, stack, root, history } = editor;
  const focus = focusNow(editor);
  editor.drawing = true;
  const uids = new Set(stack.map((layer) => layer.uid));
  for (const [uid, row] of editor.rows) {
    if (uids.has(uid)) continue;
    row.remove();
    editor.rows.delete(uid);
  }
  const changed = firstDifference(stack, editor.known);
  const chosen = chosenUids(editor);
  if (!editor.pressing) editor.hinted = editor.selected;
  const broken = editor.problem ? placeOf(stack, editor.problem.uid) : -1;
  stack.forEach((layer, index) => {
    if (!editor.rows.has(layer.uid)) editor.rows.set(layer.uid, makeRow(layer));
    const row = editor.rows.get(layer.uid);
    if (list.children[index] !== row) putRow(list, row, list.children[index] ?? null);
    updateRow(row, layer, index, viewOf(editor, layer, index, { changed, broken, chosen }));
  });
  restoreFocus(editor, focus);
  editor.drawing = false;
  updateChosenBar(editor, chosen);
  root.classList.toggle("is-empty", stack.length === 0);
  root.classList.toggle("asking", Boolean(editor.sent)); // Python has not answered yet
  editor.root.querySelector('[data-do="undo"]').disabled = !history.past.length;
  editor.root.querySelector('[data-do="redo"]').disabled = !history.future.length;
  history.last = snapshot(editor);
}

// What a row shows beside its layer. `changed` is the first row whose numbers Python has not yet answered for.
function viewOf(editor, layer, index, { changed, broken, chosen }) {
  const wrong = editor.wrong.get(layer.uid) ?? new Map();
  const message = [...wrong.values()].map((each) => each.message).find(Boolean);
  return {
    wrong,
    waiting: editor.slow && index >= changed,
    selected: layer.uid === editor.selected,
    described: editor.selected === null && layer.uid === editor.described,
    chosen: chosen.length > 1 && chosen.includes(layer.uid),
    open: editor.open.has(layer.uid),
    numbers: editor.numbers.get(layer.uid),
    problem: message ? { message } : index === broken ? editor.problem : null,
    below: broken >= 0 && index > broken,
    hints: editor.hints.get(layer.uid) ?? [],
    hinted: layer.uid === editor.hinted,
  };
}

// moveBefore, where the browser has it, moves a node without taking the focus from it.
function putRow(list, row, before) {
  if (row.isConnected && list.moveBefore) list.moveBefore(row, before);
  else list.insertBefore(row, before);
}

function focusNow(editor) {
  const node = editor.root.getRootNode().activeElement;
  return node && editor.list.contains(node) ? { node, from: node.selectionStart, to: node.selectionEnd } : null;
}

function restoreFocus(editor, focus) {
  if (!focus || !focus.node.isConnected || editor.root.getRootNode().activeElement === focus.node) return;
  focus.node.focus({ preventScroll: true });
  if (focus.from !== null && focus.from !== undefined) focus.node.setSelectionRange(focus.from, focus.to);
}

export function focusSelected(editor) {
  const target = editor.rows.get(editor.selected) ?? editor.root.querySelector('[data-do="add"]');
  target.focus({ preventScroll: true });
  scrollToSelected(editor);
}

// Only the list scrolls, never the page.
function scrollToSelected(editor) {
  const row = editor.rows.get(editor.selected);
  if (!row) return;
  const { scroller } = editor;
  const head = scroller.querySelector(".head").offsetHeight;
  const top = editor.list.offsetTop + row.offsetTop;
  if (top < scroller.scrollTop + head) scroller.scrollTop = top - head;
  const over = top + row.offsetHeight - scroller.scrollTop - scroller.clientHeight;
  if (over > 0) scroller.scrollTop += over + 4;
}

// Measuring makes the browser lay out the page: not before the new numbers are on it.
function fitSoon(editor) {
  clearTimeout(editor.fitting);
  editor.fitting = setTimeout(() => fitWindow(editor), 200);
}

// The list takes what the window leaves below it, and scrolls inside, so that what stands beside it stays in view.
function fitWindow(editor) {
  let page = editor.root.getRootNode().host ?? editor.root;
  while (page && !(page.scrollTop > 0)) page = page.parentElement;
  const top = editor.scroller.getBoundingClientRect().top + (page?.scrollTop ?? 0);
  const height = `${Math.max(320, Math.floor(innerHeight - top - 28))}px`;
  if (editor.scroller.style.maxHeight !== height) editor.scroller.style.maxHeight = height;
}

// --- keys and clicks --------------------------------------------------------------------------------------------------

function listen(editor) {
  const { root, list } = editor;
  const uidOf = (event) => event.target.closest(".row")?.dataset.uid;
  const fieldIn = (event) => event.target.closest("[data-field]");

  list.addEventListener("input", (event) => fieldIn(event) && editArgument(editor, uidOf(event), event.target));
  list.addEventListener("focusin", (event) => select(editor, uidOf(event)));
  list.addEventListener("focusout", (event) => fieldIn(event) && leaveInput(editor, uidOf(event), event.target));
  list.addEventListener("pointerdown", (event) => {
    editor.entered = fieldIn(event) !== root.getRootNode().activeElement;
    editor.pressing = true;
    if (!choosing(event) && !event.target.closest("button, .grip")) choose(editor, [], uidOf(event), uidOf(event));
  });
  // A hint that opens or closes above the pointer would move what is being pressed: it waits for the release.
  editor.onRelease = () => {
    if (!editor.pressing) return;
    editor.pressing = false;
    requestAnimationFrame(() => editor.hinted !== editor.selected && draw(editor));
  };
  for (const type of RELEASES) addEventListener(type, editor.onRelease, true);
  // The first click into a number takes all of it, so that typing replaces it; the next one sets the caret.
  list.addEventListener("click", (event) => editor.entered && fieldIn(event)?.type === "text" && event.target.select?.());
  root.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-do]");
    if (pressed) act(editor, pressed, uidOf(event));
  });
  root.addEventListener("keydown", (event) => {
    onKey(editor, event, uidOf(event), fieldIn(event));
    event.stopPropagation(); // else an R or C typed here is one of Streamlit's own shortcuts
  });
  root.addEventListener("focusout", (event) => {
    if (!editor.drawing && !root.contains(event.relatedTarget)) transmitNow(editor);
  });
  editor.onPageKey = (event) => onPageKey(editor, event);
  document.addEventListener("keydown", editor.onPageKey);
  editor.onResize = () => fitWindow(editor);
  addEventListener("resize", editor.onResize);
  fitWindow(editor);
  editor.keys.addEventListener("beforetoggle", () => placeKeys(editor));
  listenToChoosing(editor);
  listenToPalette(editor);
  listenToDrag(editor);
}

export function act(editor, pressed, uid) {
  const place = placeOf(editor.stack, uid);
  const selected = placeOf(editor.stack, editor.selected);
  const acts = {
    add: () => openPalette(editor, selected < 0 ? editor.stack.length : selected + 1, pressed),
    append: () => openPalette(editor, editor.stack.length, pressed),
    first: () => addLayer(editor, "Conv2d", 0),
    insert: () => openPalette(editor, place + 1, pressed), // 0 on the input's row, which has no uid
    duplicate: () => duplicateLayers(editor, uid ? [uid] : chosenUids(editor)), // the row's own, or those of the bar above
    remove: () => removeLayers(editor, uid ? [uid] : chosenUids(editor)),
    repeat: () => repeatChosen(editor),
    up: () => moveBy(editor, chosenUids(editor), -1),
    down: () => moveBy(editor, chosenUids(editor), 1),
    more: () => toggleDetails(editor, uid),
    mend: () => mend(editor, editor.problem.mend, "Mended"),
    otherwise: () => mend(editor, editor.problem.otherwise.mend, "Mended"),
    heed: () => mend(editor, editor.hints.get(uid)[pressed.dataset.hint].mend, "Applied"),
    undo: () => undo(editor, true),
    redo: () => undo(editor, false),
  };
  acts[pressed.dataset.do]();
}

function placeKeys(editor) {
  const anchor = editor.root.querySelector("[popovertarget]").getBoundingClientRect();
  editor.keys.style.top = `${anchor.bottom + 6}px`;
  editor.keys.style.right = `${Math.max(6, innerWidth - anchor.right)}px`;
}

function undoKey(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return null;
  const key = event.key.toLowerCase();
  if (key === "z") return event.shiftKey ? "redo" : "undo";
  return key === "y" ? "redo" : null;
}

export function onKey(editor, event, uid, field) {
  if (editor.palette.contains(event.target)) return;
  const done = (action) => {
    event.preventDefault();
    action();
  };
  const wanted = undoKey(event);
  if (wanted) done(() => undo(editor, wanted === "undo"));
  else if (!uid) onBarKey(editor, event, done);
  else if (event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key)) done(() => moveBy(editor, togetherWith(editor, uid), event.key === "ArrowUp" ? -1 : 1));
  else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "d") done(() => duplicateLayers(editor, togetherWith(editor, uid)));
  else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a" && !field) done(() => chooseAll(editor));
  else if (event.ctrlKey || event.metaKey || event.altKey) return;
  else if (field) onFieldKey(editor, event, uid, field, done);
  else if (event.target.classList.contains("row")) onRowKey(editor, event, uid, done);
  else if (event.key === "Escape") done(() => editor.rows.get(uid).focus());
}

function onBarKey(editor, event, done) {
  if (editor.several.contains(event.target)) return onSeveralKey(editor, event, done);
  if (["/", "a"].includes(event.key)) done(() => editor.root.querySelector('[data-do="add"]').click());
  if (event.key === "ArrowDown" && editor.stack.length) done(() => selectAt(editor, Math.max(0, placeOf(editor.stack, editor.selected))));
  return null;
}

function onSeveralKey(editor, event, done) {
  if (event.key === "Escape") done(() => chooseOne(editor));
  if (event.key === "Enter" && event.target === editor.times) done(() => repeatChosen(editor));
}

function onRowKey(editor, event, uid, done) {
  const row = editor.rows.get(uid);
  const place = placeOf(editor.stack, uid);
  const go = (to) => (event.shiftKey ? chooseTo(editor, to) : selectAt(editor, to));
  const acts = {
    ArrowUp: () => go(place - 1),
    ArrowDown: () => go(place + 1),
    Home: () => go(0),
    End: () => go(editor.stack.length - 1),
    Escape: () => chooseOne(editor),
    Delete: () => removeLayers(editor, togetherWith(editor, uid)),
    Backspace: () => removeLayers(editor, togetherWith(editor, uid)),
    Enter: () => enterRow(editor, row, uid),
    " ": () => KINDS[layerOf(editor, uid).kind].fields.some((field) => !field.on_row) && toggleDetails(editor, uid),
    "/": () => openPalette(editor, place + 1, row),
    a: () => openPalette(editor, place + 1, row),
  };
  const action = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (action) done(action);
}

function onFieldKey(editor, event, uid, input, done) {
  const field = fieldOf(layerOf(editor, uid), input.name);
  const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
  if (event.key === "Escape") done(() => abandonInput(editor, uid, input));
  else if (event.key === "Enter" && input.type === "text") done(() => editor.rows.get(uid).focus());
  else if (by && input.type === "text") done(() => stepInput(editor, uid, input, field, event.shiftKey ? 10 * by : by));
}

function stepInput(editor, uid, input, field, by) {
  const text = stepped(input.value, field, by);
  if (text === null || text === input.value) return;
  input.value = text;
  editArgument(editor, uid, input);
}

function moveBy(editor, uids, by) {
  const gap = by < 0 ? placeOf(editor.stack, uids[0]) - 1 : placeOf(editor.stack, uids.at(-1)) + 2;
  moveTo(editor, uids, Math.max(0, Math.min(editor.stack.length, gap)));
}

function selectAt(editor, index) {
  const layer = editor.stack[index];
  if (!layer) return;
  choose(editor, [], layer.uid, layer.uid);
  focusSelected(editor);
}

// The row's first input; where it has none, its details.
function enterRow(editor, row, uid) {
  const inputs = () => row.querySelectorAll(".line [data-field], .details:not([hidden]) [data-field]");
  if (!inputs().length) toggleDetails(editor, uid, true);
  const first = inputs()[0];
  first?.focus();
  if (first?.type === "text") first.select();
}

// Undo works from anywhere on the page but where a text is being typed.
function onPageKey(editor, event) {
  const wanted = undoKey(event);
  if (!wanted || event.defaultPrevented) return;
  const node = document.activeElement;
  if (node?.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(node?.tagName)) return;
  event.preventDefault();
  undo(editor, wanted === "undo");
}
