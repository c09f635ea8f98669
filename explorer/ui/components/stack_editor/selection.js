// Which rows are chosen.
//
// `selected` is one layer, the one that Python and the panel beside know. The chosen rows are known
// here only: a set of uids that the selected one belongs to, or an empty one, which means the
// selected row alone.

import { findLayer, findPlace } from "./operations.js";

/** @import { Editor, Stack } from "./types.js" */

/** @typedef {Pick<Editor, "stack" | "selected" | "chosen">} Chosen */

/**
 * In the stack's order; the selected row where no others are chosen.
 *
 * @param {Chosen} editor
 */
export function findChosen({ stack, selected, chosen }) {
  const isChosen = (/** @type {string} */ uid) =>
    selected !== null && chosen.has(selected) ? chosen.has(uid) : uid === selected;
  return stack.map((layer) => layer.uid).filter(isChosen);
}

/**
 * The rows that an action on `uid` is for: all the chosen ones, if it is one of them.
 *
 * @param {Chosen} editor
 * @param {string} uid
 */
export function findTogether(editor, uid) {
  const uids = findChosen(editor);
  return uids.includes(uid) ? uids : [uid];
}

/**
 * The uids from one row to another, whichever is above.
 *
 * @param {Stack} stack
 * @param {string} from
 * @param {string} to
 */
export function findBetween(stack, from, to) {
  const [first, last] = [findPlace(stack, from), findPlace(stack, to)].sort((a, b) => a - b);
  return stack.slice(first, last + 1).map((layer) => layer.uid);
}

/** @param {number} count */
export function countText(count) {
  return `${count} layer${count === 1 ? "" : "s"}`;
}

/**
 * "Conv2d", or "3 layers".
 *
 * @param {Stack} stack
 * @param {string[]} uids
 */
export function nameLayers(stack, uids) {
  return uids.length === 1 ? findLayer(stack, uids[0]).kind : countText(uids.length);
}

/**
 * With Shift or Ctrl a press chooses rows.
 *
 * @param {MouseEvent} event
 */
export function isChoosing(event) {
  return event.button === 0 && (event.shiftKey || event.ctrlKey || event.metaKey);
}
