// The palette, a grouped list with search that adds a layer or a block at a place. A block that is
// made of numbers asks for them first, in the list's place.

import { addLayer, addReadyMade, findChannels } from "./actions.js";
import { makeElement } from "./elements.js";
import { focusSelected } from "./focus.js";
import { KINDS } from "./kinds.js";
import { askNumbers, closeQuestion } from "./palette_question.js";
import { READY_MADE } from "./ready_made.js";

/** @import { Numbers } from "./ready_made.js" */
/** @import { Editor } from "./types.js" */

/**
 * @typedef {object} Option
 * @property {string} title
 * @property {string} group
 * @property {string} summary
 */

/** @type {Record<string, Option>} what can be added: what is ready made, and every kind */
const OPTIONS = {
  ...READY_MADE,
  ...Object.fromEntries(
    Object.entries(KINDS).map(([kind, { group, summary }]) => [
      kind,
      { title: kind, group, summary },
    ]),
  ),
};
const GROUPS = [...new Set(Object.values(OPTIONS).map((option) => option.group))];
const GAP = 6; // pixels
// Pixels below the anchor; with less the palette opens above it, where there is more.
const LOWEST = 400;
const HIGHEST = 460; // pixels

/**
 * @param {Editor} editor
 * @param {number} at  the place where to add
 * @param {Element} anchor
 */
export function openPalette(editor, at, anchor) {
  const { palette, search } = editor;
  editor.insertAt = at;
  palette.showPopover();
  closeQuestion(editor);
  search.value = "";
  listOptions(editor);
  placePopover(palette, anchor);
  search.focus({ preventScroll: true });
}

/**
 * @param {Editor} editor
 * @param {boolean} focusRow
 */
function closePalette(editor, focusRow = true) {
  if (!editor.palette.matches(":popover-open")) return;
  editor.palette.hidePopover();
  if (focusRow) focusSelected(editor);
}

/**
 * Place it below the anchor, or above it where the window ends; a popover stands in the window's
 * own coordinates.
 *
 * @param {HTMLElement} popover
 * @param {Element} anchor
 */
function placePopover(popover, anchor) {
  const box = anchor.getBoundingClientRect();
  const roomBelow = innerHeight - box.bottom - 2 * GAP;
  const roomAbove = box.top - 2 * GAP;
  const above = roomBelow < LOWEST && roomAbove > roomBelow;
  popover.style.maxHeight = `${Math.min(above ? roomAbove : roomBelow, HIGHEST)}px`;
  popover.style.left = `${Math.max(GAP, Math.min(box.left, innerWidth - popover.offsetWidth - GAP))}px`;
  popover.style.top = above ? "auto" : `${box.bottom + GAP}px`;
  popover.style.bottom = above ? `${innerHeight - box.top + GAP}px` : "auto";
}

/**
 * @param {string} id
 * @param {string} query
 */
function isMatch(id, query) {
  const { title, group, summary } = OPTIONS[id];
  return query
    .split(/\s+/)
    .every((word) => `${id} ${title} ${group} ${summary}`.toLowerCase().includes(word));
}

/**
 * The option that Enter takes: one whose name begins with what is typed, a single layer before a
 * block.
 *
 * @param {string[]} ids
 * @param {string} query
 */
function findLikeliest(ids, query) {
  const named = ids.filter((id) => OPTIONS[id].title.toLowerCase().startsWith(query));
  const likely = named.length ? named : ids;
  return likely.find((id) => id in KINDS) ?? likely[0];
}

/** @param {Editor} editor */
function listOptions(editor) {
  const query = editor.search.value.trim().toLowerCase();
  const ids = Object.keys(OPTIONS).filter((id) => isMatch(id, query));
  const groups = GROUPS.map((group) => ({
    group,
    members: ids.filter((id) => OPTIONS[id].group === group),
  }));
  editor.options.classList.toggle("filtered", query !== "");
  editor.options.replaceChildren(
    ...groups
      .filter(({ members }) => members.length)
      .map(({ group, members }, index) => {
        const title = makeElement("div", { class: "group", id: `group-${index}` }, group);
        return makeElement(
          "div",
          { role: "group", "aria-labelledby": title.id },
          title,
          ...members.map(makeOption),
        );
      }),
  );
  if (!ids.length)
    editor.options.append(makeElement("div", { class: "nothing" }, "No layer of that name."));
  markOption(editor, findLikeliest(ids, query));
}

/** @param {string} id */
function makeOption(id) {
  const { title, group, summary } = OPTIONS[id];
  return makeElement(
    "div",
    { class: "option", role: "option", id: `option-${id}`, "data-option": id },
    makeElement("span", { class: "mark", "data-group": group }),
    makeElement("span", { class: "kind" }, title),
    makeElement("span", { class: "summary" }, summary),
  );
}

/** @param {Editor} editor */
function findOptions(editor) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (editor.options.querySelectorAll(".option"))];
}

/**
 * @param {Editor} editor
 * @param {string | undefined} id
 */
function markOption(editor, id) {
  for (const option of findOptions(editor)) {
    const marked = option.dataset.option === id;
    option.setAttribute("aria-selected", String(marked));
    if (marked) option.scrollIntoView({ block: "nearest" });
  }
  editor.search.setAttribute("aria-activedescendant", id ? `option-${id}` : "");
}

/**
 * @param {Editor} editor
 * @param {1 | -1} by
 */
function stepOption(editor, by) {
  const options = findOptions(editor);
  if (!options.length) return;
  const now = options.findIndex((option) => option.ariaSelected === "true");
  markOption(editor, options[(now + by + options.length) % options.length].dataset.option);
}

/**
 * @param {Editor} editor
 * @param {string | undefined} id
 */
function takeOption(editor, id) {
  if (!id) return;
  const at = editor.insertAt;
  const add = (/** @type {Numbers} */ numbers) => {
    closePalette(editor, false);
    addReadyMade(editor, id, numbers, at);
  };
  if (id in KINDS) {
    closePalette(editor, false);
    addLayer(editor, id, at);
  } else if (READY_MADE[id].asks.length) askNumbers(editor, READY_MADE[id], add);
  else add({ channels: findChannels(editor, at), classes: editor.classes });
}

/** @param {Editor} editor */
export function listenToPalette(editor) {
  const { palette, search, options } = editor;
  /** @type {Record<string, () => void>} */
  const onKey = {
    ArrowDown: () => stepOption(editor, 1),
    ArrowUp: () => stepOption(editor, -1),
    Enter: () =>
      takeOption(
        editor,
        findOptions(editor).find((option) => option.ariaSelected === "true")?.dataset.option,
      ),
    Escape: () => closePalette(editor),
    Tab: () => closePalette(editor),
  };
  search.addEventListener("input", () => listOptions(editor));
  search.addEventListener("keydown", (event) => {
    const act = onKey[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  // The search keeps the focus.
  options.addEventListener("pointerdown", (event) => event.preventDefault());
  options.addEventListener("click", (event) => {
    const option = /** @type {HTMLElement | null} */ (
      /** @type {Element} */ (event.target).closest(".option")
    );
    takeOption(editor, option?.dataset.option);
  });
  palette.addEventListener("focusout", (event) => {
    if (!palette.contains(/** @type {Node | null} */ (event.relatedTarget)))
      closePalette(editor, false);
  });
}
