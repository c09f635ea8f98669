// The stack editor: puts its parts together, and does what keys and clicks ask for.
//
//   operations  what can be done with a list of layers; Python is not asked, the page not touched
//   blocks      where rows stand in blocks and branches; branches: what can be done with these;
//               block_words: what blocks are called
//   actions     what a person can do with the stack; block_actions: with blocks
//   folding     blocks that are folded to one line
//   protocol    what is said to Python, and what it answers
//   analyses    what the layers do, which is asked for beside that
//   lesson      what a lesson leaves out
//   graph       the picture of a stack with blocks (graph_layout: where things stand in it)
//   drawing     the rows (row, block_row, row_parts, notes, elements, icons) and the bar above
//               them; menu: what that offers for blocks; in_view: which rows can be seen
//   values      arguments as text; inputs: typing into them
//   selection   which rows are chosen
//   keys        what each key does
//   focus       where the keys go, and what is in view
//   history     undo and redo; drag: moving layers
//   palette     adding layers; ready_made: several that go together, and blocks; palette_question:
//               the numbers that these are made of

import {
  chooseAll,
  chooseOne,
  chooseRows,
  chooseTo,
  chooseToo,
  addLayer,
  duplicateRows,
  makeFix,
  moveRowsBy,
  reach,
  removeRows,
  repeatChosen,
  selectAt,
  selectRow,
  toggleDetails,
  travelHistory,
} from "./actions.js";
import { askAnalysis } from "./analyses.js";
import {
  addBranchAt,
  foldAll,
  foldOrGoOut,
  removeBranchAt,
  showProblem,
  splitIntoBranches,
  toggleFold,
  unfoldOrGoIn,
  unwrapAt,
  wrapInResidual,
} from "./block_actions.js";
import { BLOCK, findGapBelow, findVisible, isMarker, outline } from "./blocks.js";
import { listenToDrag } from "./drag.js";
import { draw, drawMore, say, takeSnapshot } from "./drawing.js";
import { findPart, makeElement, setText } from "./elements.js";
import { findActive, fitWindow, fitWindowSoon, focusFirstInput } from "./focus.js";
import { findFoldedFirst } from "./folding.js";
import { spotAt } from "./graph.js";
import { openHistory, remember } from "./history.js";
import { makeIcon } from "./icons.js";
import { InView } from "./in_view.js";
import { abandonInput, editArgument, leaveInput, stepInput } from "./inputs.js";
import { KEYS_HELP, readKey, readUndoKey } from "./keys.js";
import { isOffered } from "./lesson.js";
import { closeMenu, listenToMenu } from "./menu.js";
import { areSameLayers, findKind, findLayer, findPlace } from "./operations.js";
import { listenToPalette, openPalette } from "./palette.js";
import { Conversation } from "./protocol.js";
import { findChosen, findTogether, isChoosing } from "./selection.js";
import { sizeText } from "./values.js";

/** @import { Analysis, Answer, Draft, Editor, RowNode } from "./types.js" */
/** @import { Place } from "./keys.js" */

const RELEASES = ["pointerup", "pointercancel"];
const FAR = 10; // steps of an arrow key with Shift

// By root: Streamlit calls the default export on every answer.
/** @type {WeakMap<Element, Editor & {send: (draft: Draft | null) => void}>} */
const editors = new WeakMap();

/** @type {import("../component.js").Draw<Answer>} */
export default function drawEditor({ data, parentElement, setStateValue }) {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".editor"));
  const editor = editors.get(root) ?? mount(root);
  editors.set(root, editor);
  editor.send = (draft) => setStateValue("draft", draft);
  receive(editor, data);
  return () => unmount(editor);
}

// --- coming and going ----------------------------------------------------------------------------

/** @param {HTMLElement} root */
function mount(root) {
  const part = (/** @type {string} */ name) => findPart(root, name);
  /** @type {Editor & {send: (draft: Draft | null) => void}} */
  const editor = {
    root,
    scroller: part("scroller"),
    list: part("rows"),
    graph: part("graph"),
    drop: part("drop"),
    status: part("status"),
    palette: part("palette"),
    search: /** @type {HTMLInputElement} */ (part("search")),
    options: part("options"),
    keys: part("keys"),
    menu: part("menu"),
    several: part("several"),
    times: /** @type {HTMLInputElement} */ (part("times")),
    rows: new Map(),
    inView: new InView(part("scroller"), () => drawMore(editor)),
    stack: [],
    selected: null,
    work: 0,
    history: openHistory(""),
    conversation: new Conversation({
      read: () => takeSnapshot(editor),
      send: (draft) => editor.send(draft),
      ask: askAnalysis,
      take: (analysis) => takeAnalysis(editor, analysis),
      draw: () => {
        draw(editor);
        fitWindowSoon(editor);
      },
    }),
    numbers: new Map(),
    problem: null,
    hints: new Map(),
    described: null,
    input: [1, 1, 1],
    classes: 10,
    lesson: null,
    chosen: new Set(),
    folded: new Set(),
    anchor: null,
    wrong: new Map(),
    open: new Set(),
    drawing: false,
    pressing: false,
    hinted: null,
    entered: false,
    insertAt: 0,
    send: () => {},
    stopListening: () => {},
  };
  labelButtons(editor);
  listen(editor);
  return editor;
}

/** @param {Editor} editor */
function unmount(editor) {
  editor.stopListening();
  editor.inView.end();
  clearTimeout(editor.fitting);
  const unanswered = editor.conversation.end();
  // The page is gone, and what was typed after its successor was asked for goes to whom all pages
  // have: see address.js.
  if (unanswered) dispatchEvent(new CustomEvent("explorer:unanswered", { detail: unanswered }));
}

/** @param {Editor} editor */
function labelButtons({ root, keys }) {
  /** @type {(what: string, ...content: (Node | string)[]) => void} */
  const fill = (what, ...content) =>
    root.querySelector(`[data-do="${what}"]`)?.replaceChildren(...content);
  fill("add", makeIcon("plus"), "Add layer");
  fill("append", makeIcon("plus"), "Add layer");
  fill("insert", makeIcon("plus"));
  for (const name of ["undo", "redo", "up", "down"]) fill(name, makeIcon(name));
  root.querySelector("[popovertarget=keys]")?.replaceChildren(makeIcon("keys"));
  root
    .querySelector("[popovertarget=menu]")
    ?.replaceChildren(makeIcon("block"), makeElement("span", {}, "Block"));
  for (const [key, meaning] of KEYS_HELP)
    keys.append(makeElement("kbd", {}, key), makeElement("span", {}, meaning));
}

// --- Python's answers ----------------------------------------------------------------------------

/**
 * @param {Editor} editor
 * @param {Answer} answer
 */
function receive(editor, answer) {
  const heard = editor.conversation.hear(answer);
  if (heard === "unknown") return;
  if (heard === "replaced") adoptStack(editor, answer);
  takeSurroundings(editor, answer);
  const isRefused = editor.conversation.isRefused(answer);
  if (isRefused) takeRefusal(editor, answer.refusal);
  editor.root.dataset.ack = String(answer.seq);
  if (!editor.conversation.isWaiting && !isRefused) editor.selected = answer.selected;
  editor.conversation.goOn();
  draw(editor);
  fitWindowSoon(editor);
}

/**
 * Python put another stack in place, or this is the first. What stood here before can be had back
 * by undo.
 *
 * @param {Editor} editor
 * @param {Answer} answer
 */
function adoptStack(editor, { key, whole, selected }) {
  if (!whole) return;
  const isFirst = editor.history !== openHistory(key);
  editor.history = openHistory(key);
  const before = isFirst ? editor.history.last : takeSnapshot(editor);
  if (before && !areSameLayers(before.stack, whole.stack)) remember(editor.history, before);
  editor.work = whole.work;
  editor.stack = whole.stack;
  editor.selected = selected;
  editor.wrong.clear();
  editor.folded = new Set(findFoldedFirst(whole.stack));
  editor.scroller.scrollTop = 0;
}

/**
 * @param {Editor} editor
 * @param {Analysis} analysis
 */
function takeAnalysis(editor, { rows, problem, hints }) {
  editor.numbers = new Map(
    rows.map(([uid, shape, sees, params, within = sees]) => [uid, { shape, sees, within, params }]),
  );
  editor.problem = problem;
  editor.hints = Map.groupBy(hints, (hint) => hint.uid);
}

/**
 * What is around the stack: the images that it takes, their classes, the panel beside it, and the
 * lesson that it is part of.
 *
 * @param {Editor} editor
 * @param {Answer} answer
 */
function takeSurroundings(editor, { described, input, classes, lesson }) {
  editor.described = described;
  editor.lesson = lesson ?? null;
  editor.root.classList.toggle("adds-nothing", lesson?.adds === false);
  editor.input = input;
  editor.classes = classes;
  setText(findPart(findPart(editor.root, "input"), "shape"), sizeText(input));
}

/**
 * @param {Editor} editor
 * @param {Answer["refusal"]} refusal
 */
function takeRefusal(editor, refusal) {
  if (!refusal) return;
  const { index, message } = refusal;
  const uid = index === null ? undefined : editor.stack[index]?.uid;
  editor.problem = { uid, message };
  if (uid === undefined) say(editor, message);
}

// --- clicks --------------------------------------------------------------------------------------

/**
 * What the buttons do, by their data-do.
 *
 * @param {Editor} editor
 * @param {HTMLElement} button
 * @param {string | undefined} uid  of the row that the button is on
 * @returns {Record<string, () => void>}
 */
function makeButtonActions(editor, button, uid) {
  // The row's own, or those of the bar above.
  const chosen = () => (uid === undefined ? findChosen(editor) : [uid]);
  const place = findPlace(editor.stack, uid);
  const row = uid ?? editor.selected;
  const onRow = (/** @type {(uid: string) => void} */ act) => () => uid !== undefined && act(uid);
  return {
    add: () => addBelowSelected(editor, button),
    append: () => openPalette(editor, editor.stack.length, button),
    first: () => addLayer(editor, "Conv2d", 0),
    insert: () => openPalette(editor, findGapBelow(editor.stack, place, editor.folded), button),
    duplicate: () => duplicateRows(editor, chosen()),
    remove: () => removeRows(editor, chosen()),
    repeat: () => repeatChosen(editor),
    up: () => moveRowsBy(editor, chosen(), -1),
    down: () => moveRowsBy(editor, chosen(), 1),
    more: onRow((each) => toggleDetails(editor, each)),
    fold: onRow((each) => toggleFold(editor, each)),
    foldAll: () => foldAll(editor, true),
    unfoldAll: () => foldAll(editor, false),
    wrap: () => wrapInResidual(editor),
    split: () => splitIntoBranches(editor),
    unwrap: () => unwrapAt(editor, row),
    addBranch: () => addBranchAt(editor, row),
    removeBranch: () => removeBranchAt(editor, row),
    showProblem: () => showProblem(editor),
    fix: () => makeFix(editor, editor.problem?.fix, "Fixed"),
    alternative: () => makeFix(editor, editor.problem?.alternative?.fix, "Fixed"),
    applyHint: onRow((each) => makeFix(editor, findHint(editor, each, button)?.fix, "Applied")),
    undo: () => travelHistory(editor, true),
    redo: () => travelHistory(editor, false),
  };
}

/**
 * The hint that a button applies. Those of a merge stand at the end of its block.
 *
 * @param {Editor} editor
 * @param {string} uid  of the row
 * @param {HTMLElement} button
 */
function findHint({ stack, hints }, uid, button) {
  const place = outline(stack)[findPlace(stack, uid)];
  return hints.get(stack[place.start].uid)?.[Number(button.dataset.hint)];
}

/**
 * @param {Editor} editor
 * @param {HTMLElement} anchor
 */
function addBelowSelected(editor, anchor) {
  const { stack, folded } = editor;
  const selected = findPlace(stack, editor.selected);
  openPalette(editor, selected < 0 ? stack.length : findGapBelow(stack, selected, folded), anchor);
}

/** @param {Event} event */
function uidAt(event) {
  return /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(".row"))
    ?.dataset.uid;
}

/**
 * @param {Event} event
 * @returns {HTMLInputElement | null}
 */
function inputAt(event) {
  return /** @type {Element} */ (event.target).closest("[data-field]");
}

/** @param {Editor} editor */
function listen(editor) {
  const { root, list, graph, keys } = editor;
  const outside = new AbortController();
  const { signal } = outside;
  editor.stopListening = () => outside.abort();

  /** @param {(uid: string, input: HTMLInputElement) => void} act */
  const onInput = (act) => (/** @type {Event} */ event) => {
    const [uid, input] = [uidAt(event), inputAt(event)];
    if (uid !== undefined && input) act(uid, input);
  };
  list.addEventListener(
    "input",
    onInput((uid, input) => editArgument(editor, uid, input)),
  );
  list.addEventListener(
    "focusout",
    onInput((uid, input) => leaveInput(editor, uid, input)),
  );
  list.addEventListener("focusin", (event) => {
    const uid = uidAt(event);
    if (uid !== undefined) selectRow(editor, uid);
  });
  listenToPresses(editor, signal);
  root.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement | null} */ (
      /** @type {Element} */ (event.target).closest("[data-do]")
    );
    if (!button) return;
    closeMenu(editor);
    const action = button.dataset.do ?? "";
    if (isOffered(editor, action)) makeButtonActions(editor, button, uidAt(event))[action]();
  });
  root.addEventListener("keydown", (event) => {
    onKey(editor, event);
    event.stopPropagation(); // else an R or C typed here is one of Streamlit's own shortcuts
  });
  root.addEventListener("focusout", (event) => {
    const isLeaving = !root.contains(/** @type {Node | null} */ (event.relatedTarget));
    if (!editor.drawing && isLeaving) editor.conversation.hurry(); // the page may be left too
  });
  document.addEventListener("keydown", (event) => onPageKey(editor, event), { signal });
  addEventListener("resize", () => fitWindow(editor), { signal });
  fitWindow(editor);
  keys.addEventListener("beforetoggle", () => placeKeys(editor));
  graph.addEventListener("click", (event) => {
    const uid = spotAt(event);
    if (uid !== undefined) selectAt(editor, findPlace(editor.stack, uid));
  });
  listenToMenu(editor);
  listenToPalette(editor);
  listenToDrag(editor);
}

/**
 * Presses of the pointer: they select a row, and with Shift or Ctrl choose rows, except in the
 * input that has the focus, where they are the text's own.
 *
 * @param {Editor} editor
 * @param {AbortSignal} signal
 */
function listenToPresses(editor, signal) {
  const { list } = editor;
  const chooses = (/** @type {MouseEvent} */ event) =>
    isChoosing(event) && event.target !== findActive(editor);
  list.addEventListener("pointerdown", (event) => {
    editor.entered = inputAt(event) !== findActive(editor);
    editor.pressing = true;
    const uid = uidAt(event);
    const isOnButton = /** @type {Element} */ (event.target).closest("button, .grip");
    if (uid !== undefined && !isChoosing(event) && !isOnButton) chooseRows(editor, [], uid, uid);
  });
  list.addEventListener("mousedown", (event) => {
    const uid = uidAt(event);
    if (uid === undefined || !chooses(event)) return;
    event.preventDefault(); // neither the focus nor a text selection
    if (event.shiftKey) chooseTo(editor, findPlace(editor.stack, uid));
    else chooseToo(editor, uid);
  });
  // ... nor does it press what stands there.
  list.addEventListener(
    "click",
    (event) => {
      if (!chooses(event)) return;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );
  // The first click into a number takes all of it, so that typing replaces it; the next one sets
  // the caret.
  list.addEventListener("click", (event) => {
    const input = inputAt(event);
    if (editor.entered && input?.type === "text" && event.target === input) input.select();
  });
  // A hint that opens or closes above the pointer would move what is being pressed: it waits for
  // the release.
  const onRelease = () => {
    if (!editor.pressing) return;
    editor.pressing = false;
    requestAnimationFrame(() => editor.hinted !== editor.selected && draw(editor));
  };
  for (const type of RELEASES) addEventListener(type, onRelease, { capture: true, signal });
}

/** @param {Editor} editor */
function placeKeys({ root, keys }) {
  const anchor = /** @type {Element} */ (
    root.querySelector("[popovertarget=keys]")
  ).getBoundingClientRect();
  keys.style.top = `${anchor.bottom + 6}px`;
  keys.style.right = `${Math.max(6, innerWidth - anchor.right)}px`;
}

// --- keys ----------------------------------------------------------------------------------------

/**
 * What keys do: see keys.js. `uid` is the row's, `input` the argument's, where there is one.
 *
 * @param {Editor} editor
 * @param {string} uid
 * @param {HTMLInputElement} input
 */
export function makeKeyActions(editor, uid, input) {
  const place = findPlace(editor.stack, uid);
  const visible = findVisible(editor.stack, editor.folded);
  const shown = visible.indexOf(place);
  const row = /** @type {RowNode} */ (editor.rows.get(uid));
  const together = () => findTogether(editor, uid);
  return {
    undo: () => travelHistory(editor, true),
    redo: () => travelHistory(editor, false),
    moveUp: () => moveRowsBy(editor, together(), -1),
    moveDown: () => moveRowsBy(editor, together(), 1),
    duplicate: () => duplicateRows(editor, together()),
    remove: () => removeRows(editor, together(), uid),
    chooseAll: () => chooseAll(editor),
    chooseOne: () => chooseOne(editor),
    reachUp: () => reach(editor, -1),
    reachDown: () => reach(editor, 1),
    reachFirst: () => chooseTo(editor, 0),
    reachLast: () => chooseTo(editor, editor.stack.length - 1),
    selectAbove: () => selectAt(editor, visible[shown - 1]),
    selectBelow: () => selectAt(editor, visible[shown + 1]),
    selectFirst: () => selectAt(editor, visible[0]),
    selectLast: () => selectAt(editor, visible[visible.length - 1]),
    enter: () => enterRow(editor, row, uid),
    toggleDetails: () => toggleRow(editor, uid),
    addBelow: () => openPalette(editor, findGapBelow(editor.stack, place, editor.folded), row),
    wrap: () => wrapInResidual(editor),
    split: () => splitIntoBranches(editor),
    unwrap: () => unwrapAt(editor, uid),
    addBranch: () => addBranchAt(editor, uid),
    removeBranch: () => removeBranchAt(editor, uid),
    foldOrGoOut: () => foldOrGoOut(editor, uid),
    unfoldOrGoIn: () => unfoldOrGoIn(editor, uid),
    leave: () => row.focus(),
    abandon: () => abandonInput(editor, uid, input),
    stepUp: () => stepInput(editor, uid, input, 1),
    stepDown: () => stepInput(editor, uid, input, -1),
    stepUpFar: () => stepInput(editor, uid, input, FAR),
    stepDownFar: () => stepInput(editor, uid, input, -FAR),
    add: () =>
      addBelowSelected(
        editor,
        /** @type {HTMLElement} */ (editor.root.querySelector('[data-do="add"]')),
      ),
    goToRows: () => selectAt(editor, Math.max(0, findPlace(editor.stack, editor.selected))),
    repeat: () => repeatChosen(editor),
  };
}

/**
 * @param {Editor} editor
 * @param {KeyboardEvent} event
 */
function onKey(editor, event) {
  const target = /** @type {HTMLInputElement} */ (event.target);
  if (editor.palette.contains(target) || editor.menu.contains(target)) return;
  const [uid, input] = [uidAt(event), inputAt(event)];
  const action = readKey(event, placeOf(editor, target, uid, input));
  if (!action) return;
  event.preventDefault();
  if (isOffered(editor, action)) makeKeyActions(editor, uid ?? "", input ?? target)[action]();
}

/**
 * @param {Editor} editor
 * @param {Element} target
 * @param {string | undefined} uid
 * @param {HTMLInputElement | null} input
 * @returns {Place}
 */
function placeOf(editor, target, uid, input) {
  if (input) return input.type === "text" ? "text" : "input";
  if (uid !== undefined) return target.classList.contains("row") ? "row" : "part";
  if (target === editor.times) return "times";
  return editor.several.contains(target) ? "several" : "bar";
}

/**
 * Undo from anywhere on the page but where a text is being typed.
 *
 * @param {Editor} editor
 * @param {KeyboardEvent} event
 */
function onPageKey(editor, event) {
  const wanted = readUndoKey(event);
  if (!wanted || event.defaultPrevented) return;
  const node = document.activeElement;
  const isText =
    node instanceof HTMLElement &&
    (node.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(node.tagName));
  if (isText) return;
  event.preventDefault();
  travelHistory(editor, wanted === "undo");
}

/**
 * Show or hide the arguments that are not on the row, or what is in the block.
 *
 * @param {Editor} editor
 * @param {string} uid
 */
function toggleRow(editor, uid) {
  const layer = findLayer(editor.stack, uid);
  if (layer.kind === BLOCK) toggleFold(editor, uid);
  else if (findKind(layer).fields.some((field) => !field.on_row)) toggleDetails(editor, uid);
}

/**
 * Enter the row's first input; where none is shown, open its details first. A folded block is
 * unfolded, and at a row that has no inputs a layer is added below.
 *
 * @param {Editor} editor
 * @param {RowNode} row
 * @param {string} uid
 */
function enterRow(editor, row, uid) {
  const layer = findLayer(editor.stack, uid);
  if (editor.folded.has(uid)) toggleFold(editor, uid);
  else if (isMarker(layer)) {
    if (!isOffered(editor, "insert")) return;
    const gap = findGapBelow(editor.stack, findPlace(editor.stack, uid), editor.folded);
    openPalette(editor, gap, row);
  } else if (!focusFirstInput(row)) {
    toggleDetails(editor, uid, true);
    focusFirstInput(row);
  }
}
