// Where the keys go, and what is in view.

/** @import { Editor, RowNode } from "./types.js" */

const LEAST_HEIGHT = 320; // pixels of the list, however low the window
const BELOW = 28; // pixels of the window that stay free below it
const FIT_AFTER = 200; // milliseconds

/**
 * An element, and the text that is marked there.
 * @typedef {{node: HTMLInputElement, from: number | null, to: number | null}} Focus
 */

/**
 * The element that has the focus, inside or outside the component.
 *
 * @param {Editor} editor
 */
export function findActive(editor) {
  return /** @type {Document | ShadowRoot} */ (editor.root.getRootNode()).activeElement;
}

/**
 * @param {Editor} editor
 * @returns {Focus | null}
 */
export function readFocus(editor) {
  const node = /** @type {HTMLInputElement | null} */ (findActive(editor));
  if (!node || !editor.list.contains(node)) return null;
  return { node, from: node.selectionStart ?? null, to: node.selectionEnd ?? null };
}

/**
 * @param {Editor} editor
 * @param {Focus | null} focus
 */
export function restoreFocus(editor, focus) {
  if (!focus?.node.isConnected || findActive(editor) === focus.node) return;
  focus.node.focus({ preventScroll: true });
  if (focus.from !== null) focus.node.setSelectionRange(focus.from, focus.to);
}

/** @param {Editor} editor */
function findSelectedRow(editor) {
  return editor.selected === null ? undefined : editor.rows.get(editor.selected);
}

/**
 * Focus the selected row, or where there is none the button that adds one.
 *
 * @param {Editor} editor
 */
export function focusSelected(editor) {
  const add = /** @type {HTMLElement} */ (editor.root.querySelector('[data-do="add"]'));
  (findSelectedRow(editor) ?? add).focus({ preventScroll: true });
  scrollToSelected(editor);
}

/**
 * Focus a row's first input. Returns whether it has one that is shown.
 *
 * @param {RowNode} row
 */
export function focusFirstInput(row) {
  const selector = ".line [data-field], .details:not([hidden]) [data-field]";
  const first = /** @type {HTMLInputElement | null} */ (row.querySelector(selector));
  first?.focus();
  if (first?.type === "text") first.select();
  return first !== null;
}

/**
 * Bring the selected row into view. Only the list scrolls, never the page.
 *
 * @param {Editor} editor
 */
export function scrollToSelected(editor) {
  const row = findSelectedRow(editor);
  if (!row) return;
  const { scroller } = editor;
  const head = /** @type {HTMLElement} */ (scroller.querySelector(".head")).offsetHeight;
  const top = editor.list.offsetTop + row.offsetTop;
  if (top < scroller.scrollTop + head) scroller.scrollTop = top - head;
  const over = top + row.offsetHeight - scroller.scrollTop - scroller.clientHeight;
  if (over > 0) scroller.scrollTop += over + 4;
}

/**
 * Measuring makes the browser lay out the page: not before the new numbers are on it.
 *
 * @param {Editor} editor
 */
export function fitWindowSoon(editor) {
  clearTimeout(editor.fitting);
  editor.fitting = setTimeout(() => fitWindow(editor), FIT_AFTER);
}

/**
 * Give the list what the window leaves below it. It scrolls inside, so that what stands beside it
 * stays in view.
 *
 * @param {Editor} editor
 */
export function fitWindow(editor) {
  const root = editor.root.getRootNode();
  /** @type {Element | null} */
  let page = root instanceof ShadowRoot ? root.host : editor.root;
  while (page && !(page.scrollTop > 0)) page = page.parentElement;
  const top = editor.scroller.getBoundingClientRect().top + (page?.scrollTop ?? 0);
  const height = `${Math.max(LEAST_HEIGHT, Math.floor(innerHeight - top - BELOW))}px`;
  for (const part of [editor.scroller, editor.graph])
    if (part.style.maxHeight !== height) part.style.maxHeight = height;
}
