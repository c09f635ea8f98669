// Typing into a row's arguments.

import { changeStack } from "./actions.js";
import { draw } from "./drawing.js";
import { findField, findLayer, findPlace, readArgument, setArgument } from "./operations.js";
import { describeExpected, readText, stepText, valueText } from "./values.js";

/** @import { Editor, Field, Value, Wrong } from "./types.js" */

/**
 * Take what is typed: a value is sent at once; what is none, or none yet, stays in the input and is
 * not sent.
 *
 * @param {Editor} editor
 * @param {string} uid
 * @param {HTMLInputElement} input
 */
export function editArgument(editor, uid, input) {
  const { layer, field } = argumentOf(editor, uid, input);
  const read = readInput(input, field);
  markWrong(
    editor,
    uid,
    input.name,
    "value" in read ? null : { message: "wrong" in read ? describeExpected(field) : null },
  );
  if (!("value" in read) || valueText(read.value) === valueText(readArgument(layer, field)))
    draw(editor);
  else {
    const stack = setArgument(editor.stack, uid, input.name, read.value);
    changeStack(editor, stack, editor.selected, `${uid} ${input.name}`);
  }
}

/**
 * Leave an input: a value takes its plain form ("3x3" becomes 3), and an unfinished text is said to
 * be none.
 *
 * @param {Editor} editor
 * @param {string} uid
 * @param {HTMLInputElement} input
 */
export function leaveInput(editor, uid, input) {
  const isGone = findPlace(editor.stack, uid) < 0;
  // A row that is moved loses the focus for a moment.
  if (isGone || input.type !== "text" || editor.drawing) return;
  editor.history.merging = null;
  const { layer, field } = argumentOf(editor, uid, input);
  if ("value" in readInput(input, field)) input.value = valueText(readArgument(layer, field));
  else {
    markWrong(editor, uid, input.name, { message: describeExpected(field) });
    draw(editor);
  }
}

/**
 * Go back to the last value, and to the row.
 *
 * @param {Editor} editor
 * @param {string} uid
 * @param {HTMLInputElement} input
 */
export function abandonInput(editor, uid, input) {
  markWrong(editor, uid, input.name, null);
  const { layer, field } = argumentOf(editor, uid, input);
  if (input.type === "text") input.value = valueText(readArgument(layer, field));
  draw(editor);
  editor.rows.get(uid)?.focus();
}

/**
 * @param {Editor} editor
 * @param {string} uid
 * @param {HTMLInputElement} input
 * @param {number} by  steps
 */
export function stepInput(editor, uid, input, by) {
  const text = stepText(input.value, argumentOf(editor, uid, input).field, by);
  if (text === null || text === input.value) return;
  input.value = text;
  editArgument(editor, uid, input);
}

/**
 * @param {Editor} editor
 * @param {string} uid
 * @param {HTMLInputElement} input
 */
function argumentOf(editor, uid, input) {
  const layer = findLayer(editor.stack, uid);
  return { layer, field: /** @type {Field} */ (findField(layer, input.name)) };
}

/**
 * @param {HTMLInputElement} input
 * @param {Field} field
 * @returns {ReturnType<typeof readText>}
 */
function readInput(input, field) {
  if (field.type === "bool") return { value: input.checked };
  if (field.type !== "choice") return readText(input.value, field);
  return {
    value: /** @type {Value} */ (
      field.choices?.find((choice) => String(choice) === input.value) ?? null
    ),
  };
}

/**
 * @param {Editor} editor
 * @param {string} uid
 * @param {string} name
 * @param {Wrong | null} wrong
 */
function markWrong(editor, uid, name, wrong) {
  const names = editor.wrong.get(uid) ?? new Map();
  if (wrong) names.set(name, wrong);
  else names.delete(name);
  if (names.size) editor.wrong.set(uid, names);
  else editor.wrong.delete(uid);
}
