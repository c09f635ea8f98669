// The menu of what can be done with blocks.

import { findBlock, findBranchOf, outline } from "./blocks.js";
import { wrapInBlock } from "./branches.js";
import { makeElement } from "./elements.js";
import { focusSelected } from "./focus.js";
import { findPlace } from "./operations.js";
import { findChosen } from "./selection.js";

/** @import { Editor } from "./types.js" */

/** @type {[what: string, title: string, keys: string][]} what each does, by its data-do */
const ITEMS = [
  ["wrap", "Wrap in a residual block", "R"],
  ["split", "Split into branches", "B"],
  ["addBranch", "Add a branch", "Shift B"],
  ["removeBranch", "Remove this branch", "Shift Delete"],
  ["unwrap", "Unwrap", "U"],
  ["foldAll", "Fold all blocks", ""],
  ["unfoldAll", "Unfold all blocks", ""],
];
const GAP = 6; // pixels

/** @param {Editor} editor */
export function listenToMenu(editor) {
  const { root, menu } = editor;
  menu.replaceChildren(...ITEMS.map(makeItem));
  const button = /** @type {HTMLElement} */ (root.querySelector("[popovertarget=menu]"));
  menu.addEventListener("beforetoggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "open") updateItems(editor);
  });
  menu.addEventListener("toggle", (event) => {
    const isOpen = /** @type {ToggleEvent} */ (event).newState === "open";
    button.ariaExpanded = String(isOpen);
    if (!isOpen) return;
    place(menu, button);
    findItems(menu)[0]?.focus();
  });
  menu.addEventListener("keydown", (event) => {
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1 });
    if (event.key === "Tab") closeMenu(editor);
    if (!(event.key in steps)) return;
    event.preventDefault();
    const items = findItems(menu);
    const now = items.findIndex((item) => item === event.target);
    items[(now + steps[event.key] + items.length) % items.length]?.focus();
  });
}

/** @param {Editor} editor */
export function closeMenu(editor) {
  if (!editor.menu.matches(":popover-open")) return;
  editor.menu.hidePopover();
  focusSelected(editor);
}

/** @param {[what: string, title: string, keys: string]} item */
function makeItem([what, title, keys]) {
  return makeElement(
    "button",
    { type: "button", role: "menuitem", tabindex: "-1", "data-do": what },
    makeElement("span", {}, title),
    makeElement("kbd", { "aria-hidden": "true" }, keys),
  );
}

/**
 * Offer what can be done with what is selected.
 *
 * @param {Editor} editor
 */
function updateItems({ menu, stack, selected, chosen }) {
  const uids = findChosen({ stack, selected, chosen });
  const index = findPlace(stack, selected);
  const begin = findBlock(stack, index);
  const isBlock = uids.length === 1 && outline(stack)[findPlace(stack, uids[0])].role === "begin";
  const canWrap = !("refused" in wrapInBlock(stack, uids, "add", ""));
  /** @type {Record<string, boolean>} */
  const can = {
    wrap: canWrap,
    split: canWrap && !isBlock,
    addBranch: begin >= 0,
    removeBranch: begin >= 0 && findBranchOf(stack, begin, index) >= 0,
    unwrap: begin >= 0,
  };
  for (const item of /** @type {Iterable<HTMLButtonElement>} */ (menu.children))
    item.disabled = !(can[item.dataset.do ?? ""] ?? stack.some(({ kind }) => kind === "Branches"));
}

/** @param {HTMLElement} menu */
function findItems(menu) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (menu.querySelectorAll("button:enabled"))];
}

/**
 * Place it below its button; a popover stands in the window's own coordinates.
 *
 * @param {HTMLElement} menu
 * @param {HTMLElement} button
 */
function place(menu, button) {
  const box = button.getBoundingClientRect();
  menu.style.top = `${box.bottom + GAP}px`;
  menu.style.left = `${Math.max(GAP, Math.min(box.left, innerWidth - menu.offsetWidth - GAP))}px`;
}
