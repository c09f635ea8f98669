// What a person can do with blocks: make them, change their branches, fold them.

import { changeStack, chooseRows, isAllowed, selectAt } from "./actions.js";
import { findBlock, outline } from "./blocks.js";
import { addBranch, removeBranch, unwrap, wrapInBlock } from "./branches.js";
import { draw, say } from "./drawing.js";
import { focusSelected } from "./focus.js";
import { findBlocks, findShown, reveal } from "./folding.js";
import { findPlace } from "./operations.js";
import { findChosen } from "./selection.js";

/** @import { Outcome } from "./branches.js" */
/** @import { Editor } from "./types.js" */

/**
 * Make a change, as one step for undo, or say why it cannot be made.
 *
 * @param {Editor} editor
 * @param {Outcome} outcome
 */
function make(editor, outcome) {
  if ("refused" in outcome) {
    say(editor, outcome.refused);
    return;
  }
  const { stack, selected, said } = outcome;
  if (!isAllowed(editor, stack)) return;
  editor.chosen = new Set();
  editor.anchor = selected;
  changeStack(editor, stack, selected);
  focusSelected(editor);
  say(editor, said);
}

/** @param {Editor} editor */
export function wrapInResidual(editor) {
  const said = "Wrapped in a residual block";
  make(editor, wrapInBlock(editor.stack, findChosen(editor), "add", said));
}

/**
 * Put what is chosen into the first of two branches, or give a block that is selected one more.
 *
 * @param {Editor} editor
 */
export function splitIntoBranches(editor) {
  const uids = findChosen(editor);
  const { stack } = editor;
  const isBlock = uids.length === 1 && outline(stack)[findPlace(stack, uids[0])].role === "begin";
  if (isBlock) make(editor, addBranch(stack, uids[0]));
  else make(editor, wrapInBlock(stack, uids, "concat", "Split into 2 branches"));
}

/**
 * @param {Editor} editor
 * @param {string | null} uid
 */
export function addBranchAt(editor, uid) {
  make(editor, addBranch(editor.stack, uid));
}

/**
 * @param {Editor} editor
 * @param {string | null} uid
 */
export function removeBranchAt(editor, uid) {
  make(editor, removeBranch(editor.stack, uid));
}

/**
 * @param {Editor} editor
 * @param {string | null} uid
 */
export function unwrapAt(editor, uid) {
  make(editor, unwrap(editor.stack, uid));
}

// --- folding -------------------------------------------------------------------------------------

/**
 * Fold or unfold blocks. What is selected and would be hidden gives way to the block that hides it.
 *
 * @param {Editor} editor
 * @param {string[]} uids  of the rows that begin them
 * @param {boolean} fold
 */
export function foldBlocks(editor, uids, fold) {
  for (const uid of uids) {
    if (fold) editor.folded.add(uid);
    else editor.folded.delete(uid);
  }
  const shown = editor.selected && findShown(editor, editor.selected);
  if (shown === editor.selected) draw(editor);
  else chooseRows(editor, [], shown, shown);
  focusSelected(editor);
}

/**
 * @param {Editor} editor
 * @param {string} uid  of a row that begins a block
 */
export function toggleFold(editor, uid) {
  const fold = !editor.folded.has(uid);
  chooseRows(editor, [], uid, uid);
  foldBlocks(editor, [uid], fold);
  say(editor, fold ? "Block folded" : "Block unfolded");
}

/**
 * @param {Editor} editor
 * @param {boolean} fold
 */
export function foldAll(editor, fold) {
  const uids = findBlocks(editor.stack);
  foldBlocks(editor, uids, fold);
  say(editor, uids.length ? `All blocks ${fold ? "folded" : "unfolded"}` : "There are no blocks");
}

/**
 * As in a tree: fold the block of a row that begins one, or go to the block around.
 *
 * @param {Editor} editor
 * @param {string} uid
 */
export function foldOrGoOut(editor, uid) {
  const { stack, folded } = editor;
  const place = outline(stack)[findPlace(stack, uid)];
  if (place.role === "begin" && !folded.has(uid)) toggleFold(editor, uid);
  else if (place.role === "begin") selectAt(editor, place.around);
  else selectAt(editor, findBlock(stack, findPlace(stack, uid)));
}

/**
 * As in a tree: unfold a folded block, or go to its first layer.
 *
 * @param {Editor} editor
 * @param {string} uid
 */
export function unfoldOrGoIn(editor, uid) {
  const index = findPlace(editor.stack, uid);
  if (outline(editor.stack)[index].role !== "begin") return;
  if (editor.folded.has(uid)) toggleFold(editor, uid);
  else selectAt(editor, index + 1);
}

/**
 * Go to what does not fit, out of the folded blocks that hide it.
 *
 * @param {Editor} editor
 */
export function showProblem(editor) {
  const uid = editor.problem?.uid;
  const index = findPlace(editor.stack, uid);
  if (index < 0) return;
  const { role, end } = outline(editor.stack)[index];
  const shown = editor.stack[role === "begin" ? end : index].uid; // a merge's is at its end
  reveal(editor, shown);
  chooseRows(editor, [], shown, shown);
  draw(editor);
  focusSelected(editor);
}
