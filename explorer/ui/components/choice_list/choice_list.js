// A table of rows to choose from. One at a time can be reached by Tab; the arrow keys go to the
// others, Enter and Space choose. Python has all rows, sorts them, and sends one page of them.

/**
 * @typedef {{title: string, help: string, isNumber: boolean}} Column
 * @typedef {{id: string, cells: string[]}} Row
 * @typedef {{sort: number | null, descending: boolean, first: number}} View
 * @typedef {{title: string, columns: Column[], rows: Row[], chosen: string | null, view: View,
 *   total: number, page: number}} Data
 * @typedef {import("../component.js").Component<Data>} Shown
 */

// What each list shows, by its element: Streamlit calls the default export on every answer.
/** @type {WeakMap<Node, Shown>} */
const lists = new WeakMap();

/** @type {import("../component.js").Draw<Data>} */
export default function drawChoices(shown) {
  const list = find(shown.parentElement, ".list");
  if (!lists.has(list)) listen(list, shown.parentElement);
  lists.set(list, shown);
  find(list, "table").setAttribute("aria-label", shown.data.title);
  drawHead(list, shown.data);
  drawBody(list, shown.data);
  drawPages(shown.parentElement, shown.data);
}

/**
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement}
 */
function find(root, selector) {
  return /** @type {HTMLElement} */ (root.querySelector(selector));
}

/** @param {HTMLElement} list @param {Data} data */
function drawHead(list, { columns, view }) {
  const row = find(list, "thead tr");
  if (row.childElementCount !== columns.length) row.replaceChildren(...columns.map(makeHeading));
  [...row.children].forEach((cell, place) => {
    cell.setAttribute(
      "aria-sort",
      place === view.sort ? (view.descending ? "descending" : "ascending") : "none",
    );
  });
}

/** @param {Column} column @param {number} place */
function makeHeading({ title, help, isNumber }, place) {
  const cell = document.createElement("th"),
    button = document.createElement("button");
  cell.scope = "col";
  cell.classList.toggle("number", isNumber);
  button.type = "button";
  button.textContent = title;
  button.title = help;
  button.dataset.sort = String(place);
  cell.append(button);
  return cell;
}

/** @param {HTMLElement} list @param {Data} data */
function drawBody(list, { columns, rows, chosen }) {
  const body = find(list, "tbody"),
    before = rowsOf(list);
  const focused = before.find((row) => row.matches(":focus"))?.dataset.id;
  const known = new Map(before.map((row) => [row.dataset.id, row]));
  const drawn = rows.map(({ id, cells }) =>
    fillRow(known.get(id) ?? makeRow(id, columns), cells, id === chosen),
  );
  if (drawn.length !== before.length || drawn.some((row, place) => row !== before[place]))
    body.replaceChildren(...drawn);
  const again = focused === undefined ? undefined : drawn.find((row) => row.dataset.id === focused);
  const inOrder = again ?? drawn.find((row) => row.dataset.id === chosen) ?? drawn[0];
  for (const row of drawn) row.tabIndex = row === inOrder ? 0 : -1;
  if (again && !again.matches(":focus")) again.focus();
}

/** @param {HTMLElement} list @returns {HTMLTableRowElement[]} */
function rowsOf(list) {
  return /** @type {HTMLTableRowElement[]} */ ([...list.querySelectorAll("tbody tr")]);
}

/** @param {string} id @param {Column[]} columns */
function makeRow(id, columns) {
  const row = document.createElement("tr");
  row.dataset.id = id;
  for (const { isNumber } of columns) row.insertCell().classList.toggle("number", isNumber);
  return row;
}

/** @param {HTMLTableRowElement} row @param {string[]} cells @param {boolean} isChosen */
function fillRow(row, cells, isChosen) {
  cells.forEach((text, place) => {
    const cell = row.cells[place];
    if (!cell || cell.textContent === text) return;
    cell.textContent = text;
    cell.title = text;
  });
  row.setAttribute("aria-selected", String(isChosen));
  return row;
}

/** @param {ParentNode} root @param {Data} data */
function drawPages(root, { rows, view, total, page }) {
  const line = find(root, ".pages");
  line.hidden = total <= page;
  find(line, "span").textContent = `${view.first + 1}–${view.first + rows.length} of ${total}`;
  for (const button of line.querySelectorAll("button")) {
    const first = view.first + Number(button.dataset.page) * page;
    button.disabled = first < 0 || first >= total;
  }
}

/** @param {HTMLElement} list @param {ParentNode} root */
function listen(list, root) {
  const now = () => /** @type {Shown} */ (lists.get(list));
  list.addEventListener("click", ({ target }) => {
    const element = /** @type {HTMLElement} */ (target);
    const heading = element.closest("button"),
      row = element.closest("tr");
    if (heading) sortBy(now(), Number(heading.dataset.sort));
    else if (row?.dataset.id) choose(now(), row.dataset.id);
  });
  list.addEventListener("keydown", (event) => pressed(event, list, now()));
  find(root, ".pages").addEventListener("click", ({ target }) => {
    const { data, setStateValue } = now(),
      by = Number(/** @type {HTMLElement} */ (target).dataset.page);
    if (by) setStateValue("view", { ...data.view, first: data.view.first + by * data.page });
  });
}

/** @param {KeyboardEvent} event @param {HTMLElement} list @param {Shown} shown */
function pressed(event, list, shown) {
  const rows = rowsOf(list),
    at = rows.findIndex((row) => row === event.target);
  if (at < 0) return;
  /** @type {Record<string, number>} */
  const goes = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + 10,
    PageUp: at - 10,
    Home: 0,
    End: rows.length - 1,
  };
  const to = goes[event.key];
  if (to !== undefined) {
    const row = rows[Math.max(0, Math.min(to, rows.length - 1))];
    for (const each of rows) each.tabIndex = each === row ? 0 : -1;
    row?.focus();
  } else if (event.key === "Enter" || event.key === " ") {
    choose(shown, rows[at]?.dataset.id ?? "");
  } else return;
  event.preventDefault();
}

// What was asked for counts at once: the answer takes a moment, and the next key may be pressed
// before it comes.

/** The chosen one, chosen again, is chosen no more. @param {Shown} shown @param {string} id */
function choose({ data, setStateValue }, id) {
  data.chosen = id === data.chosen ? null : id;
  setStateValue("chosen", { id: data.chosen, at: performance.now() });
}

/**
 * First the way that has the best, the largest or the newest on top where it is a number.
 *
 * @param {Shown} shown
 * @param {number} column
 */
function sortBy({ data, setStateValue }, column) {
  const { columns, view } = data;
  const descending = column === view.sort ? !view.descending : Boolean(columns[column]?.isNumber);
  data.view = { sort: column, descending, first: 0 };
  setStateValue("view", data.view);
}
