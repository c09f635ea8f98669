// Test images to choose from. One at a time can be reached by Tab; the arrow keys go to the others,
// Enter and Space choose. Python has all of them, and sends one page.

/**
 * @typedef {{index: number, address: string, label: string, answer: string, probability: string,
 *   is_right: boolean}} Picture
 * @typedef {{title: string, pictures: Picture[], chosen: number | null, first: number,
 *   total: number, page: number}} Data
 * @typedef {import("../component.js").Component<Data>} Shown
 */

// What each grid shows, by its element: Streamlit calls the default export on every answer.
/** @type {WeakMap<Node, Shown>} */
const grids = new WeakMap();

/** @type {import("../component.js").Draw<Data>} */
export default function drawImages(shown) {
  const grid = find(shown.parentElement, ".grid");
  if (!grids.has(grid)) listen(grid, shown.parentElement);
  grids.set(grid, shown);
  grid.setAttribute("aria-label", shown.data.title);
  drawPictures(grid, shown.data);
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

/** @param {HTMLElement} grid @returns {HTMLElement[]} */
function picturesOf(grid) {
  return /** @type {HTMLElement[]} */ ([...grid.children]);
}

/** @param {HTMLElement} grid @param {Data} data */
function drawPictures(grid, { pictures, chosen }) {
  const before = picturesOf(grid);
  const focused = before.find((each) => each.matches(":focus"))?.dataset.index;
  const known = new Map(before.map((each) => [each.dataset.index, each]));
  const drawn = pictures.map((picture) =>
    fillPicture(known.get(String(picture.index)) ?? makePicture(picture), picture, chosen),
  );
  if (drawn.length !== before.length || drawn.some((each, place) => each !== before[place]))
    grid.replaceChildren(...drawn);
  const again =
    focused === undefined ? undefined : drawn.find((each) => each.dataset.index === focused);
  const inOrder = again ?? drawn.find((each) => each.ariaSelected === "true") ?? drawn[0];
  for (const each of drawn) each.tabIndex = each === inOrder ? 0 : -1;
  if (again && !again.matches(":focus")) again.focus();
}

/** @param {Picture} picture */
function makePicture({ index, address }) {
  const place = document.createElement("div"),
    image = document.createElement("img");
  place.className = "picture";
  place.role = "option";
  place.dataset.index = String(index);
  image.src = address;
  image.alt = "";
  const lines = ["answer", "share"].map((name) => {
    const line = document.createElement("span");
    line.className = name;
    return line;
  });
  place.append(image, ...lines);
  return place;
}

/** @param {HTMLElement} place @param {Picture} picture @param {number | null} chosen */
function fillPicture(place, { index, label, answer, probability, is_right }, chosen) {
  const words = is_right
    ? `test image ${index}: ${label}, recognised, ${probability}`
    : `test image ${index}: ${label}, taken for ${answer}, ${probability}`;
  if (place.ariaLabel !== words) {
    place.ariaLabel = words;
    place.title = words;
    place.classList.toggle("wrong", !is_right);
    find(place, ".answer").textContent = is_right ? label : `${label} → ${answer}`;
    find(place, ".share").textContent = probability;
  }
  place.ariaSelected = String(index === chosen);
  return place;
}

/** @param {ParentNode} root @param {Data} data */
function drawPages(root, { pictures, first, total, page }) {
  const line = find(root, ".pages");
  line.hidden = total <= page;
  find(line, "span").textContent = `${first + 1}–${first + pictures.length} of ${total}`;
  for (const button of line.querySelectorAll("button")) {
    const to = first + Number(button.dataset.page) * page;
    button.disabled = to < 0 || to >= total;
  }
}

/** @param {HTMLElement} grid @param {ParentNode} root */
function listen(grid, root) {
  const now = () => /** @type {Shown} */ (grids.get(grid));
  grid.addEventListener("click", ({ target }) => {
    const place = /** @type {HTMLElement} */ (target).closest(".picture");
    if (place) choose(grid, now(), /** @type {HTMLElement} */ (place));
  });
  grid.addEventListener("keydown", (event) => pressed(event, grid, now()));
  find(root, ".pages").addEventListener("click", ({ target }) => {
    const { data, setStateValue } = now(),
      by = Number(/** @type {HTMLElement} */ (target).dataset.page);
    if (by) setStateValue("first", data.first + by * data.page);
  });
}

/** @param {KeyboardEvent} event @param {HTMLElement} grid @param {Shown} shown */
function pressed(event, grid, shown) {
  const all = picturesOf(grid),
    at = all.findIndex((each) => each === event.target),
    current = all[at];
  if (!current) return;
  const columns = all.filter((each) => each.offsetTop === all[0]?.offsetTop).length;
  /** @type {Record<string, number>} */
  const goes = {
    ArrowRight: at + 1,
    ArrowLeft: at - 1,
    ArrowDown: at + columns < all.length ? at + columns : at,
    ArrowUp: at - columns >= 0 ? at - columns : at,
    Home: 0,
    End: all.length - 1,
  };
  const to = goes[event.key];
  if (to !== undefined) {
    const next = all[Math.max(0, Math.min(to, all.length - 1))];
    for (const each of all) each.tabIndex = each === next ? 0 : -1;
    next?.focus();
  } else if (event.key === "Enter" || event.key === " ") {
    choose(grid, shown, current);
  } else return;
  event.preventDefault();
}

// What was asked for counts at once: the answer takes a moment, and the next key may be pressed
// before it comes.

/**
 * The chosen one, chosen again, is chosen no more.
 *
 * @param {HTMLElement} grid
 * @param {Shown} shown
 * @param {HTMLElement} place
 */
function choose(grid, { data, setStateValue }, place) {
  const index = Number(place.dataset.index);
  data.chosen = index === data.chosen ? null : index;
  for (const each of picturesOf(grid))
    each.ariaSelected = String(Number(each.dataset.index) === data.chosen);
  setStateValue("chosen", { index: data.chosen, at: performance.now() });
}
