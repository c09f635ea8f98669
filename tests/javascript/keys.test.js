// What each key does, by where it is pressed.

import assert from "node:assert/strict";
import { test } from "node:test";

import { KEYS_HELP, readKey, readUndoKey } from "../../explorer/ui/components/stack_editor/keys.js";

/** @import { Place } from "../../explorer/ui/components/stack_editor/keys.js" */

/** @param {string} text  such as "Control+Shift+z" */
function press(text) {
  const parts = text === "+" ? ["+"] : text.split("+");
  const has = (/** @type {string} */ name) => parts.includes(name);
  return {
    key: parts[parts.length - 1],
    altKey: has("Alt"),
    ctrlKey: has("Control"),
    metaKey: has("Meta"),
    shiftKey: has("Shift"),
  };
}

/** @type {[keys: string, place: Place, action: string | null][]} */
const CASES = [
  ["ArrowUp", "row", "selectAbove"],
  ["ArrowUp", "text", "stepUp"],
  ["ArrowUp", "input", null], // a list or a tick takes it itself
  ["Shift+ArrowUp", "row", "reachUp"],
  ["Shift+ArrowUp", "text", "stepUpFar"],
  ["Alt+ArrowUp", "row", "moveUp"],
  ["Alt+ArrowUp", "text", "moveUp"],
  ["Alt+ArrowUp", "bar", null],
  ["Shift+Home", "row", "reachFirst"],
  ["End", "row", "selectLast"],
  ["Delete", "row", "remove"],
  ["Delete", "text", null],
  ["Backspace", "text", null],
  ["a", "row", "addBelow"],
  ["A", "row", "addBelow"],
  ["a", "text", null],
  ["a", "bar", "add"],
  ["a", "times", null],
  ["Control+a", "row", "chooseAll"],
  ["Control+a", "text", null], // all of the text
  ["Meta+d", "row", "duplicate"],
  ["Control+d", "text", "duplicate"],
  ["Control+c", "row", null],
  ["Control+ArrowUp", "row", null],
  ["Enter", "row", "enter"],
  ["Enter", "text", "leave"],
  ["Enter", "times", "repeat"],
  ["Enter", "bar", null], // presses the button
  [" ", "row", "toggleDetails"],
  ["Escape", "row", "chooseOne"],
  ["Escape", "text", "abandon"],
  ["Escape", "part", "leave"],
  ["Escape", "several", "chooseOne"],
  ["ArrowDown", "bar", "goToRows"],
  ["r", "row", "wrap"],
  ["r", "text", null],
  ["r", "bar", null],
  ["b", "row", "split"],
  ["Shift+B", "row", "addBranch"],
  ["u", "row", "unwrap"],
  ["Shift+Delete", "row", "removeBranch"],
  ["Shift+Delete", "text", null],
  ["ArrowLeft", "row", "foldOrGoOut"],
  ["ArrowRight", "row", "unfoldOrGoIn"],
  ["ArrowLeft", "text", null], // the caret
  ["Tab", "row", null],
];

for (const [keys, place, action] of CASES) {
  test(`${keys} in ${place}: ${action ?? "nothing"}`, () => {
    assert.equal(readKey(press(keys), place), action);
  });
}

test("undo and redo have their keys everywhere", () => {
  /** @type {Record<string, string | null>} */
  const wanted = {
    "Control+z": "undo",
    "Meta+z": "undo",
    "Control+Shift+Z": "redo",
    "Control+y": "redo",
    "Control+Alt+z": null,
    z: null,
  };
  for (const [keys, action] of Object.entries(wanted)) {
    assert.equal(readUndoKey(press(keys)), action);
    if (action) assert.equal(readKey(press(keys), "text"), action);
  }
});

test("every key is said to people, with what it does", () => {
  assert.ok(KEYS_HELP.every(([keys, meaning]) => keys && meaning));
});
