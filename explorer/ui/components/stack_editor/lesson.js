// What a lesson leaves out: layers are not added, and numbers are hidden until they were guessed.

/** @import { Editor, Lesson } from "./types.js" */

export const UNKNOWN = "?"; // in place of a number

/** What adds layers or blocks, by the names of buttons and keys. */
const ADDING = new Set([
  "add",
  "addBelow",
  "addBranch",
  "append",
  "duplicate",
  "first",
  "insert",
  "repeat",
  "split",
  "wrap",
]);

/**
 * A row's numbers as they are written.
 *
 * @typedef {{shape: string, sees: string, params: string}} Texts
 *
 * What is to be guessed of a row, and which of its numbers were: each is shown as long as it is the
 * one that was guessed, so that what an edit has changed is hidden at once.
 *
 * @typedef {{kinds: Lesson["guess"], shown: Partial<Record<string, string>>}} Secret
 */

/** @type {Record<keyof Texts, Lesson["guess"][number]>} */
const KINDS = { shape: "shape", sees: "field", params: "params" };

/**
 * Whether what a button or a key does is part of the lesson.
 *
 * @param {Pick<Editor, "lesson">} editor
 * @param {string} action
 */
export function isOffered({ lesson }, action) {
  return lesson === null || lesson.adds || !ADDING.has(action);
}

/**
 * @param {Pick<Editor, "lesson">} editor
 * @param {string} uid  under which the row's numbers came
 * @returns {Secret | null}  null where nothing is to be guessed
 */
export function secretOf({ lesson }, uid) {
  if (!lesson?.guess.length) return null;
  return { kinds: lesson.guess, shown: lesson.revealed[uid] ?? {} };
}

/**
 * The numbers without those that are still to be guessed.
 *
 * @param {Texts} texts
 * @param {Secret | null} secret
 * @returns {Texts}
 */
export function withoutSecrets(texts, secret) {
  if (!secret) return texts;
  const { kinds, shown } = secret;
  const show = (/** @type {keyof Texts} */ name) => {
    const kind = KINDS[name];
    return !kinds.includes(kind) || shown[kind] === texts[name] ? texts[name] : UNKNOWN;
  };
  return { shape: show("shape"), sees: show("sees"), params: show("params") };
}

/**
 * The numbers for who hears the row.
 *
 * @param {Texts} texts
 */
export function sayNumbers({ shape, sees, params }) {
  const said = (/** @type {string} */ text) => (text === UNKNOWN ? "to be guessed" : text);
  const count = params === UNKNOWN ? "parameters to be guessed" : `${params} parameters`;
  return `output ${said(shape)}, receptive field ${said(sees)}, ${count}`;
}
