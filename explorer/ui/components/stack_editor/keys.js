// What each key does, by where it is pressed.

/**
 * Where a key is pressed: on a row itself, in a text or another input of a row, elsewhere in a row,
 * in the bar above, in that bar's part for several rows, in its number of times.
 *
 * @typedef {"row" | "text" | "input" | "part" | "bar" | "several" | "times"} Place
 *
 * @typedef {keyof ReturnType<typeof import("./editor.js").makeKeyActions>} KeyAction
 * @typedef {Record<string, KeyAction>} Keys
 */

/** What the keys do, for people. */
export const KEYS_HELP = [
  ["↑ ↓", "select a layer"],
  ["Shift ↑ ↓, Ctrl A", "select several"],
  ["Alt ↑ ↓", "move, also into a block and out of it"],
  ["Enter", "edit; ↑ ↓ change by 1, with Shift by 10"],
  ["Esc", "back to the row"],
  ["Space", "more arguments"],
  ["/ or A", "add a layer or block below"],
  ["Ctrl D", "duplicate"],
  ["Delete", "delete"],
  ["R", "wrap in a residual block"],
  ["B", "split into branches; on a block: add a branch"],
  ["Shift B", "add a branch to the block around"],
  ["Shift Delete", "remove this branch"],
  ["U", "unwrap the block"],
  ["← →", "fold, unfold a block"],
  ["Ctrl Z, Ctrl Y", "undo, redo"],
];

/** @type {Keys} */
const ALT_IN_ROW = { ArrowUp: "moveUp", ArrowDown: "moveDown" };
/** @type {Keys} */
const CONTROL_IN_ROW = { d: "duplicate", a: "chooseAll" };
/** @type {Keys} in an input they mean the text */
const CONTROL_IN_INPUT = { d: "duplicate" };
/** @type {Keys} */
const SHIFT_ON_ROW = {
  ArrowUp: "reachUp",
  ArrowDown: "reachDown",
  Home: "reachFirst",
  End: "reachLast",
  b: "addBranch",
  Delete: "removeBranch",
};
/** @type {Keys} */
const SHIFT_IN_TEXT = { ArrowUp: "stepUpFar", ArrowDown: "stepDownFar" };

/** @type {Record<Place, Keys>} */
const PLAIN = {
  row: {
    ArrowUp: "selectAbove",
    ArrowDown: "selectBelow",
    Home: "selectFirst",
    End: "selectLast",
    Escape: "chooseOne",
    Delete: "remove",
    Backspace: "remove",
    Enter: "enter",
    " ": "toggleDetails",
    "/": "addBelow",
    a: "addBelow",
    r: "wrap",
    b: "split",
    u: "unwrap",
    ArrowLeft: "foldOrGoOut",
    ArrowRight: "unfoldOrGoIn",
  },
  text: { ArrowUp: "stepUp", ArrowDown: "stepDown", Enter: "leave", Escape: "abandon" },
  input: { Escape: "abandon" },
  part: { Escape: "leave" },
  bar: { "/": "add", a: "add", ArrowDown: "goToRows" },
  several: { Escape: "chooseOne" },
  times: { Escape: "chooseOne", Enter: "repeat" },
};

/** @typedef {Pick<KeyboardEvent, "key" | "altKey" | "ctrlKey" | "metaKey" | "shiftKey">} Press */

/**
 * The action of a key; null where it has none, and is the browser's own.
 *
 * @param {Press} press
 * @param {Place} place
 * @returns {KeyAction | null}
 */
export function readKey(press, place) {
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  return readUndoKey(press) ?? tableFor(press, place)[key] ?? null;
}

/**
 * @param {Press} press
 * @returns {"undo" | "redo" | null}
 */
export function readUndoKey({ key, altKey, ctrlKey, metaKey, shiftKey }) {
  if (!(ctrlKey || metaKey) || altKey) return null;
  if (key.toLowerCase() === "z") return shiftKey ? "redo" : "undo";
  return key.toLowerCase() === "y" ? "redo" : null;
}

/**
 * @param {Press} press
 * @param {Place} place
 * @returns {Keys}
 */
function tableFor({ altKey, ctrlKey, metaKey, shiftKey }, place) {
  const isInRow = ["row", "text", "input", "part"].includes(place);
  if (altKey) return isInRow ? ALT_IN_ROW : {};
  if (ctrlKey || metaKey) {
    if (!isInRow) return {};
    return place === "text" || place === "input" ? CONTROL_IN_INPUT : CONTROL_IN_ROW;
  }
  if (!shiftKey) return PLAIN[place];
  if (place === "row") return { ...PLAIN.row, ...SHIFT_ON_ROW };
  return place === "text" ? { ...PLAIN.text, ...SHIFT_IN_TEXT } : PLAIN[place];
}
