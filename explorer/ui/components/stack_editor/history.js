// Undo and redo.
//
// The history lives as long as the page, not as long as the component: going to another page of the
// app and back, or picking a preset, does not lose it. It is kept by the component's key.

/** @import { Snapshot } from "./types.js" */

/**
 * @typedef {object} History
 * @property {Snapshot[]} past
 * @property {Snapshot[]} future
 * @property {string | null} merging  names changes that are one step: the digits of a number
 * @property {Snapshot | null} last  what was drawn last
 */

/** @type {Map<string, History>} */
const histories = new Map();

/**
 * @param {string} key
 * @returns {History}
 */
export function openHistory(key) {
  const found = histories.get(key) ?? { past: [], future: [], merging: null, last: null };
  histories.set(key, found);
  return found;
}

/**
 * Remember the stack as it was before a change. Changes with the same `merging` are one step.
 *
 * @param {History} history
 * @param {Snapshot} before
 * @param {string | null} merging
 */
export function remember(history, before, merging = null) {
  if (merging === null || merging !== history.merging) history.past.push(before);
  history.merging = merging;
  history.future = [];
}

/**
 * Take back one step, from `past` to `future` or the other way; gives what to show, or null at the
 * end.
 *
 * @param {History} history
 * @param {Snapshot} now
 * @param {boolean} back
 */
export function travel(history, now, back) {
  const [from, to] = back ? [history.past, history.future] : [history.future, history.past];
  const found = from.pop();
  if (!found) return null;
  to.push(now);
  history.merging = null;
  return found;
}
