// A table of figures. The rows come in an order of Python's; a press on a heading sorts them by
// that column, the next one the other way round, and the third brings Python's order back.

import { nextOrder, sortRows } from "./order.js";

/**
 * @typedef {import("./order.js").Order} Order
 * @typedef {{title: string, help: string, isNumber: boolean}} Column
 * @typedef {{label: string, height: number | null, columns: Column[], rows: string[][]}} Data
 */

// What each table shows, and in which order, by its element: Streamlit calls the default export on
// every answer.
/** @type {WeakMap<Element, {data: Data, order: Order | null}>} */
const tables = new WeakMap();

/** @type {import("../component.js").Draw<Data>} */
export default function drawTable({ data, parentElement }) {
  const area = /** @type {HTMLElement} */ (parentElement.querySelector(".figures"));
  const before = tables.get(area);
  if (!before) area.addEventListener("click", ({ target }) => sortBy(area, target));
  tables.set(area, { data, order: before?.order ?? null });
  area.setAttribute("aria-label", data.label);
  area.style.height = data.height === null ? "" : `${data.height}px`;
  draw(area);
}

/** @param {Element} area @param {EventTarget | null} target */
function sortBy(area, target) {
  const heading = /** @type {HTMLElement} */ (target).closest("button");
  const table = tables.get(area);
  if (!heading || !table) return;
  const column = Number(heading.dataset.column);
  table.order = nextOrder(table.order, column, Boolean(table.data.columns[column]?.isNumber));
  draw(area);
}

/** @param {Element} area */
function draw(area) {
  const { data, order } = /** @type {{data: Data, order: Order | null}} */ (tables.get(area));
  const head = /** @type {HTMLElement} */ (area.querySelector("thead tr"));
  if (head.childElementCount !== data.columns.length)
    head.replaceChildren(...data.columns.map(makeHeading));
  [...head.children].forEach((cell, place) => {
    const way = order?.descending ? "descending" : "ascending";
    cell.setAttribute("aria-sort", place === order?.column ? way : "none");
  });
  const body = /** @type {HTMLTableSectionElement} */ (area.querySelector("tbody"));
  const rows = sortRows(data.rows, order);
  while (body.rows.length > rows.length) body.deleteRow(-1);
  while (body.rows.length < rows.length) body.append(makeRow(data.columns));
  rows.forEach((cells, place) => fillRow(/** @type {Element} */ (body.rows[place]), cells));
}

/** @param {Column} column @param {number} place */
function makeHeading({ title, help, isNumber }, place) {
  const cell = document.createElement("th"),
    button = document.createElement("button");
  cell.scope = "col";
  cell.className = isNumber ? "number" : "words";
  button.type = "button";
  button.textContent = title;
  button.title = help;
  button.dataset.column = String(place);
  cell.append(button);
  return cell;
}

/** @param {Column[]} columns */
function makeRow(columns) {
  const row = document.createElement("tr");
  columns.forEach(({ isNumber }, place) => {
    const cell = document.createElement(place ? "td" : "th");
    if (!place) /** @type {HTMLTableCellElement} */ (cell).scope = "row";
    cell.className = isNumber ? "number" : "words";
    row.append(cell);
  });
  return row;
}

/** @param {Element} row @param {string[]} cells */
function fillRow(row, cells) {
  cells.forEach((text, place) => {
    const cell = row.children[place];
    if (cell && cell.textContent !== text) cell.textContent = text;
  });
}
