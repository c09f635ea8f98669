// A line a layer: its share of all parameters and of all multiply-adds, as a bar and in percent.
// Python decides which layers have a line of their own.

import { COLOURS, MULT_ADDS_RULE } from "./constants.js";
import { countText, inWords, shareOf, shareText } from "./shares.js";

/**
 * @typedef {import("./shares.js").Bar} Bar
 * @typedef {import("./shares.js").Totals} Totals
 * @typedef {{totals: Totals, bars: Bar[], selected: number | null}} Data
 */

/** @type {import("../component.js").Draw<Data>} */
export default function drawCosts({ data: { totals, bars, selected }, parentElement }) {
  const find = (/** @type {string} */ selector) =>
    /** @type {HTMLElement} */ (parentElement.querySelector(selector));
  find("h2").title = `Multiply-adds: ${MULT_ADDS_RULE}`;
  const longest = Math.max(
    ...bars.flatMap(([, ...costs]) => costs.map((cost, i) => shareOf(cost, totals[i]))),
  );
  const lines = bars.map((bar) => makeLine(bar, totals, longest));
  if (selected !== null) lines[selected].setAttribute("aria-current", "true");
  find(".bars tbody").replaceChildren(...lines);
  find("caption").textContent = inWords(bars, totals);
  drawNumbers(find(".numbers"), bars, totals);
}

/**
 * What the bars stand for, as a table that is opened below them.
 *
 * @param {HTMLElement} place
 * @param {Bar[]} bars
 * @param {Totals} totals
 */
function drawNumbers(place, bars, totals) {
  const body = /** @type {HTMLElement} */ (place.querySelector("tbody"));
  const foot = /** @type {HTMLElement} */ (place.querySelector("tfoot"));
  body.replaceChildren(...bars.map(makeNumbers));
  foot.replaceChildren(makeNumbers(["All layers", ...totals]));
}

/** @param {Bar} bar */
function makeNumbers([layer, ...costs]) {
  const line = document.createElement("tr"),
    name = document.createElement("th");
  name.scope = "row";
  name.textContent = layer;
  line.append(name);
  for (const cost of costs) line.insertCell().textContent = countText(cost);
  return line;
}

/**
 * @param {Bar} bar
 * @param {number[]} totals
 * @param {number} longest  the largest share that is drawn
 */
function makeLine([layer, ...costs], totals, longest) {
  const line = document.createElement("tr");
  const name = document.createElement("th");
  name.scope = "row";
  name.textContent = name.title = layer;
  line.append(name, ...costs.map((cost, i) => makeCell(cost, totals[i], longest, COLOURS[i])));
  return line;
}

/**
 * @param {number} value
 * @param {number} total
 * @param {number} longest
 * @param {string} colour
 */
function makeCell(value, total, longest, colour) {
  const share = shareOf(value, total);
  const cell = document.createElement("td");
  cell.title = `${countText(value)} of ${countText(total)}`;
  const [shown, bar, text] = ["div", "i", "span"].map((tag) => document.createElement(tag));
  shown.className = "share";
  bar.style.background = colour;
  bar.style.width = `${(100 * share) / longest}%`;
  text.textContent = shareText(share);
  shown.append(bar, text);
  cell.append(shown);
  return cell;
}
