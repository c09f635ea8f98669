// A confusion matrix: a row for what an image is, a column for what it is taken for. One cell at a
// time can be reached by Tab; the arrow keys go to the others, Enter and Space choose.

import { shade, spoken } from "./cells.js";

/**
 * @typedef {[number, number]} Cell
 * @typedef {{title: string, classes: string[], counts: number[][], chosen: Cell | null}} Data
 * @typedef {import("../component.js").Component<Data>} Shown
 */

const MANY = 26; // classes, from which on a cell has no room for its number
const LONG = 3; // letters of a name, from which on it stands upright above its column

// What each matrix shows, by its element: Streamlit calls the default export on every answer.
/** @type {WeakMap<Node, Shown>} */
const matrices = new WeakMap();

/** @type {import("../component.js").Draw<Data>} */
export default function drawMatrix(shown) {
  const table = /** @type {HTMLTableElement} */ (shown.parentElement.querySelector("table"));
  if (!matrices.has(table)) listen(table);
  matrices.set(table, shown);
  const { title, classes } = shown.data;
  table.setAttribute("aria-label", title);
  table.classList.toggle("many", classes.length > MANY);
  table.classList.toggle(
    "long",
    classes.some((name) => name.length > LONG),
  );
  if (cellsOf(table).length !== classes.length) makeCells(table, classes);
  fillCells(table, shown.data);
}

/** @param {HTMLTableElement} table @returns {HTMLTableCellElement[][]} */
function cellsOf(table) {
  return [...(table.tBodies[0]?.rows ?? [])].map((row) => [...row.cells].slice(1));
}

/** @param {HTMLTableElement} table @param {string[]} classes */
function makeCells(table, classes) {
  const head = document.createElement("thead"),
    body = document.createElement("tbody"),
    top = head.insertRow();
  top.append(heading("class ↓ answer →", "corner"), ...classes.map((name) => heading(name, "col")));
  classes.forEach((name, label) => {
    const row = body.insertRow();
    row.append(heading(name, "row"));
    for (let predicted = 0; predicted < classes.length; predicted += 1) {
      const cell = row.insertCell();
      cell.tabIndex = -1;
      cell.dataset.place = `${label} ${predicted}`;
    }
  });
  table.replaceChildren(head, body);
}

/** @param {string} name @param {string} scope */
function heading(name, scope) {
  const cell = document.createElement("th");
  if (scope === "corner") cell.className = scope;
  else cell.scope = scope;
  cell.textContent = name;
  cell.title = name;
  return cell;
}

/** @param {HTMLTableElement} table @param {Data} data */
function fillCells(table, { classes, counts, chosen }) {
  const rows = cellsOf(table),
    isMany = classes.length > MANY;
  rows.forEach((row, label) => {
    const of = counts[label] ?? [],
      images = of.reduce((sum, count) => sum + count, 0);
    row.forEach((cell, predicted) => {
      const count = of[predicted] ?? 0,
        { share, isDark } = shade(count, images, label === predicted);
      cell.textContent = count && !isMany ? String(count) : "";
      cell.className = count ? (label === predicted ? "right" : "wrong") : "none";
      cell.classList.toggle("dark", isDark);
      cell.style.setProperty("--share", `${share}%`);
      cell.title = spoken(classes[label] ?? "", classes[predicted] ?? "", count);
      cell.ariaLabel = cell.title;
      cell.ariaSelected = String(chosen?.[0] === label && chosen[1] === predicted);
    });
  });
  const all = rows.flat();
  if (!all.some((cell) => cell.tabIndex === 0)) {
    const first = all.find((cell) => cell.ariaSelected === "true") ?? all[0];
    if (first) first.tabIndex = 0;
  }
}

/** @param {HTMLTableElement} table */
function listen(table) {
  const now = () => /** @type {Shown} */ (matrices.get(table));
  table.addEventListener("click", ({ target }) => {
    const cell = /** @type {HTMLElement} */ (target).closest("td");
    if (cell) choose(table, now(), cell);
  });
  table.addEventListener("keydown", (event) => pressed(event, table, now()));
}

/** @param {KeyboardEvent} event @param {HTMLTableElement} table @param {Shown} shown */
function pressed(event, table, shown) {
  const cell = /** @type {HTMLElement} */ (event.target).closest("td"),
    [label, predicted] = placeOf(cell);
  if (!cell || label === undefined || predicted === undefined) return;
  const last = shown.data.classes.length - 1;
  /** @type {Record<string, Cell>} */
  const goes = {
    ArrowRight: [label, predicted + 1],
    ArrowLeft: [label, predicted - 1],
    ArrowDown: [label + 1, predicted],
    ArrowUp: [label - 1, predicted],
    Home: [label, 0],
    End: [label, last],
  };
  const to = goes[event.key];
  if (to) {
    const [row, column] = to.map((place) => Math.max(0, Math.min(place, last)));
    const all = cellsOf(table),
      next = all[row ?? 0]?.[column ?? 0];
    for (const each of all.flat()) each.tabIndex = each === next ? 0 : -1;
    next?.focus();
  } else if (event.key === "Enter" || event.key === " ") {
    choose(table, shown, cell);
  } else return;
  event.preventDefault();
}

/** @param {HTMLElement | null} cell @returns {number[]} */
function placeOf(cell) {
  return (cell?.dataset.place ?? "").split(" ").filter(Boolean).map(Number);
}

/**
 * The chosen cell, chosen again, is chosen no more. It counts at once: the answer takes a moment.
 *
 * @param {HTMLTableElement} table
 * @param {Shown} shown
 * @param {HTMLElement} cell
 */
function choose(table, { data, setStateValue }, cell) {
  const [label = 0, predicted = 0] = placeOf(cell);
  if (!data.counts[label]?.[predicted]) return; // there is nothing to be shown of it
  const isChosen = data.chosen?.[0] === label && data.chosen[1] === predicted;
  data.chosen = isChosen ? null : [label, predicted];
  fillCells(table, data);
  setStateValue("chosen", { cell: data.chosen, at: performance.now() });
}
