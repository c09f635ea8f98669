// Which rows are chosen.
//
// `selected` is one layer, the one that Python and the panel beside know. The chosen rows are known
// here only: a set of uids that the selected one belongs to, or an empty one, which means the
// selected row alone. What is chosen are always whole layers and blocks that follow each other in
// one branch or in the stack; a block is named by the row that begins it.

import { BLOCK, findSiblings, outline } from "./blocks.js";
import { nameBlock } from "./block_words.js";
import { findPlace } from "./operations.js";
import { counted } from "./words.js";

/** @import { Editor, Stack } from "./types.js" */

/** @typedef {Pick<Editor, "stack" | "selected" | "chosen">} Chosen */

/**
 * In the stack's order; the selected layer or block where no others are chosen.
 *
 * @param {Chosen} editor
 */
export function findChosen({ stack, selected, chosen }) {
  if (selected === null) return [];
  return findSiblings(stack, chosen.has(selected) ? chosen : [selected]);
}

/**
 * What an action on the row `uid` is for: all that is chosen, if it is a part of that.
 *
 * @param {Chosen} editor
 * @param {string} uid
 */
export function findTogether(editor, uid) {
  const uids = findChosen(editor);
  const own = findSiblings(editor.stack, [uid]);
  const isPart = uids.length > 1 && findHolding(editor.stack, uids, uid);
  return isPart || uids.includes(own[0]) ? uids : own;
}

/**
 * The one of these layers and blocks that a row is, or is in.
 *
 * @param {Stack} stack
 * @param {string[]} uids
 * @param {string} uid
 */
export function findHolding(stack, uids, uid) {
  const [places, place] = [outline(stack), findPlace(stack, uid)];
  return uids.find((each) => {
    const { start, end } = places[findPlace(stack, each)];
    return start <= place && place <= end;
  });
}

/**
 * The layers and blocks from one row to another, whichever is above.
 *
 * @param {Stack} stack
 * @param {string} from
 * @param {string} to
 */
export function findBetween(stack, from, to) {
  const [first, last] = [findPlace(stack, from), findPlace(stack, to)].sort((a, b) => a - b);
  return findSiblings(
    stack,
    stack.slice(first, last + 1).map((layer) => layer.uid),
  );
}

/**
 * "3 layers", "2 layers and 1 block".
 *
 * @param {Stack} stack
 * @param {string[]} uids
 */
export function describeNodes(stack, uids) {
  const blocks = uids.filter((uid) => stack[findPlace(stack, uid)]?.kind === BLOCK).length;
  const layers = uids.length - blocks;
  if (!blocks) return counted(layers, "layer");
  const loose = layers ? [counted(layers, "layer")] : [];
  return [...loose, counted(blocks, "block")].join(" and ");
}

/**
 * "Conv2d", "Residual", or "3 layers".
 *
 * @param {Stack} stack
 * @param {string[]} uids
 */
export function nameLayers(stack, uids) {
  if (uids.length > 1) return describeNodes(stack, uids);
  const place = findPlace(stack, uids[0]);
  const { kind } = stack[place];
  return kind === BLOCK ? nameBlock(stack, place) : kind;
}

/**
 * With Shift or Ctrl a press chooses rows.
 *
 * @param {MouseEvent} event
 */
export function isChoosing(event) {
  return event.button === 0 && (event.shiftKey || event.ctrlKey || event.metaKey);
}
