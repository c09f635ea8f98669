// Part 6 of the stack editor: the palette, a grouped list with search that adds a layer or a block at a place.

import { act, addBlock, addLayer, focusSelected } from "./editor.js";
import { BLOCKS, KINDS } from "./kinds.js";
import { element } from "./rows.js";

// What can be added, by the id of its option: blocks of layers, and every kind.
const OPTIONS = {
  ...Object.fromEntries(
    Object.entries(BLOCKS).map(([name, block]) => [
      `block-${name}`,
      { title: block.title, group: "Blocks", summary: block.summary, add: (editor, at) => addBlock(editor, name, at) },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(KINDS).map(([kind, { group, summary }]) => [kind, { title: kind, group, summary, add: (editor, at) => addLayer(editor, kind, at) }]),
  ),
};
const GROUPS = [...new Set(Object.values(OPTIONS).map((option) => option.group))];

export function openPalette(editor, at, anchor) {
  const { palette, search } = editor;
  editor.insertAt = at;
  palette.showPopover();
  search.value = "";
  listOptions(editor);
  placePopover(palette, anchor);
  search.focus({ preventScroll: true });
}

function closePalette(editor, focusRow = true) {
  if (!editor.palette.matches(":popover-open")) return;
  editor.palette.hidePopover();
  if (focusRow) focusSelected(editor);
}

// Below the anchor, or above it where the window ends; a popover stands in the window's own coordinates.
function placePopover(popover, anchor) {
  const gap = 6;
  const box = anchor.getBoundingClientRect();
  const roomBelow = innerHeight - box.bottom - 2 * gap;
  const roomAbove = box.top - 2 * gap;
  const above = roomBelow < 400 && roomAbove > roomBelow;
  popover.style.maxHeight = `${Math.min(above ? roomAbove : roomBelow, 460)}px`;
  popover.style.left = `${Math.max(gap, Math.min(box.left, innerWidth - popover.offsetWidth - gap))}px`;
  popover.style.top = above ? "auto" : `${box.bottom + gap}px`;
  popover.style.bottom = above ? `${innerHeight - box.top + gap}px` : "auto";
}

function matches(id, query) {
  const { title, group, summary } = OPTIONS[id];
  return query.split(/\s+/).every((word) => `${id} ${title} ${group} ${summary}`.toLowerCase().includes(word));
}

// The option that Enter takes: one whose name begins with what is typed, a single layer before a block.
function likeliest(ids, query) {
  const named = ids.filter((id) => OPTIONS[id].title.toLowerCase().startsWith(query));
  const likely = named.length ? named : ids;
  return likely.find((id) => id in KINDS) ?? likely[0];
}

function listOptions(editor) {
  const query = editor.search.value.trim().toLowerCase();
  const ids = Object.keys(OPTIONS).filter((id) => matches(id, query));
  const groups = GROUPS.map((group) => [group, ids.filter((id) => OPTIONS[id].group === group)]).filter(([, members]) => members.length);
  editor.options.classList.toggle("filtered", query !== "");
  editor.options.replaceChildren(
    ...groups.map(([group, members], g) =>
      element(
        "div",
        { role: "group", "aria-labelledby": `group-${g}` },
        element("div", { class: "group", id: `group-${g}` }, group),
        ...members.map(makeOption),
      ),
    ),
  );
  if (!ids.length) editor.options.append(element("div", { class: "nothing" }, "No layer of that name."));
  markOption(editor, likeliest(ids, query));
}

function makeOption(id) {
  const { title, group, summary } = OPTIONS[id];
  return element(
    "div",
    { class: "option", role: "option", id: `option-${id}`, "data-option": id },
    element("span", { class: "mark", "data-group": group }),
    element("span", { class: "kind" }, title),
    element("span", { class: "summary" }, summary),
  );
}

function markOption(editor, id) {
  for (const option of editor.options.querySelectorAll(".option")) {
    const marked = option.dataset.option === id;
    option.setAttribute("aria-selected", String(marked));
    if (marked) option.scrollIntoView({ block: "nearest" });
  }
  editor.search.setAttribute("aria-activedescendant", id ? `option-${id}` : "");
}

function stepOption(editor, by) {
  const options = [...editor.options.querySelectorAll(".option")];
  if (!options.length) return;
  const now = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  markOption(editor, options[(now + by + options.length) % options.length].dataset.option);
}

function chooseOption(editor, id) {
  if (!id) return;
  closePalette(editor, false);
  OPTIONS[id].add(editor, editor.insertAt);
}

export function listenToPalette(editor) {
  const { palette, search, options } = editor;
  search.addEventListener("input", () => listOptions(editor));
  search.addEventListener("keydown", (event) => {
    const act = {
      ArrowDown: () => stepOption(editor, 1),
      ArrowUp: () => stepOption(editor, -1),
      Enter: () => chooseOption(editor, options.querySelector('[aria-selected="true"]')?.dataset.option),
      Escape: () => closePalette(editor),
      Tab: () => closePalette(editor),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  options.addEventListener("pointerdown", (event) => event.preventDefault()); // the search keeps the focus
  options.addEventListener("click", (event) => chooseOption(editor, event.target.closest(".option")?.dataset.option));
  palette.addEventListener("focusout", (event) => {
    if (!palette.contains(event.relatedTarget)) closePalette(editor, false);
  });
}
