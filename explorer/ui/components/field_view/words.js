// What is said of the chosen unit, beside the pictures. Python counted; here rows and columns are
// put together.

import { both, html } from "./drawing.js";
import { isUneven, pixelsOf, seenPixels } from "./seen.js";

/** @import { Cell, Effective, Field, Find, Run, Words } from "./types.js" */

/**
 * Runs of pixels as text: "3–7", "3–7, 9", "3, 5, 7 … 27".
 *
 * @param {Run[]} runs
 */
export function rangesText(runs, most = 4) {
  const one = (/** @type {Run} */ [first, count]) =>
    count > 1 ? `${first}–${first + count - 1}` : `${first}`;
  if (!runs.length) return "none";
  if (runs.length <= most) return runs.map(one).join(", ");
  return `${runs
    .slice(0, most - 1)
    .map(one)
    .join(", ")} … ${one(runs[runs.length - 1])}`;
}

/** @param {Cell} unit */
export function unitText({ row, column }) {
  return `Unit (row ${row}, column ${column})`;
}

/**
 * @param {number} count
 * @param {string} noun
 */
function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * @param {Field} data
 * @param {Cell} unit
 * @returns {Words}
 */
export function exactWords(data, unit) {
  const [rows, columns] = [data.rows.seen[unit.row], data.columns.seen[unit.column]];
  const [seenRows, seenColumns] = [pixelsOf(rows), pixelsOf(columns)];
  const sees = data.isMap
    ? `${unitText(unit)} sees`
    : data.apart
      ? "All values together see"
      : "Every value sees";
  const gaps = rows.length > 1 || columns.length > 1 ? ", with gaps" : "";
  const size = isUneven(data, unit)
    ? `${seenPixels(data, unit)} of ${seenRows}×${seenColumns} pixels`
    : `${seenRows}×${seenColumns} pixels`;
  return {
    title: seenRows * seenColumns ? `${sees} ${size}${gaps}` : `${sees} no pixel, only padding`,
    facts: [
      [
        "Receptive field",
        `${both(data.theoretical)} in theory`,
        "size of the window, as if the image had no border",
      ],
      ["Rows", seenRows * seenColumns ? rangesText(rows) : "none"],
      ["Columns", seenRows * seenColumns ? rangesText(columns) : "none"],
      ["Step between units", jumpText(data), "distance in the image from one unit to the next"],
      ["Padding", paddingText(data, unit), "share of its window outside the image"],
      ["Unseen pixels", unseenText(data), "pixels that no unit of this layer sees"],
    ],
    note: data.note,
  };
}

/** @param {Field} data */
function jumpText(data) {
  if (!data.isMap) return "not applicable after Flatten"; // values have no position
  if (data.rows.seen.length * data.columns.seen.length === 1) return "not applicable: one unit";
  if (!data.jump) return "varies from unit to unit";
  const [rows, columns] = data.jump;
  if (typeof rows === "string" || typeof columns === "string")
    return `${both([rows, columns])} pixels (jump)`;
  if (rows !== columns) return `${counted(rows, "row")}, ${counted(columns, "column")} (jump)`;
  return `${counted(rows, "pixel")} (jump)`;
}

/**
 * @param {Field} data
 * @param {Cell} unit
 */
function paddingText(data, unit) {
  const window = data.rows.window[unit.row] * data.columns.window[unit.column];
  const inside = data.rows.inside[unit.row] * data.columns.inside[unit.column];
  if (!window) return "it has no window";
  if (inside === window) return "no padding in its window";
  const share = 100 * (1 - inside / window);
  const text = share < 1 ? "under 1" : share > 99 && inside ? "over 99" : share.toFixed(0);
  return `${text} % of its window is padding`;
}

/** @param {Field} data */
function unseenText(data) {
  const lines = (/** @type {string} */ name, /** @type {Run[]} */ runs) => {
    if (!runs.length) return [];
    return [`${name}${pixelsOf(runs) > 1 ? "s" : ""} ${rangesText(runs)}`];
  };
  return (
    [...lines("row", data.rows.unseen), ...lines("column", data.columns.unseen)].join(", ") ||
    "none"
  );
}

/**
 * @param {Field} data
 * @param {number} channel
 */
export function channelText(data, channel) {
  return `${data.isMap ? "channel" : "value"} ${channel}${nameText(data, channel)}`;
}

/**
 * The class that a value stands for: ", Trouser"; nothing where the number says it already.
 *
 * @param {Field} data
 * @param {number} channel
 */
function nameText(data, channel) {
  return data.names && data.names[channel] !== `${channel}` ? `, ${data.names[channel]}` : "";
}

/**
 * @param {Field} data
 * @param {Cell} unit
 * @param {Effective} effective
 * @returns {Words}
 */
export function effectiveWords(data, unit, effective) {
  const sees = seenPixels(data, unit);
  const whole = sees === 1 ? "its one pixel" : `its ${sees.toLocaleString("en")} pixels`;
  const channel =
    effective.channel === null
      ? `all ${data.channels} together`
      : `${effective.channel}${nameText(data, effective.channel)}`;
  /** @type {Words["facts"]} */
  const facts = [
    [data.isMap ? "Channel" : "Value", channel],
    [
      "Influence",
      effective.images > 1 ? `mean |gradient| over ${effective.images} images` : "|gradient|",
      "how much the value changes when a pixel changes, up or down",
    ],
  ];
  if (data.isMap) facts.unshift(["Unit", `row ${unit.row}, column ${unit.column}`]);
  if (!effective.finite)
    return {
      title: "The gradients are not finite (NaN or infinity)",
      facts,
      note: "",
    };
  if (!effective.strongest) {
    const always = effective.channel === null && data.channels > 1;
    const many = data.isMap ? "channels" : "values";
    const why = always
      ? `The sum of all ${many} never changes, or every one is 0 on these images. Select one.`
      : "On these images a ReLU sets it to 0.";
    return {
      title: sees ? `None of ${whole} influences it` : "It sees no pixel",
      facts,
      note: sees ? why : "",
    };
  }
  return {
    title:
      sees === 1
        ? "All of the influence comes from its one pixel"
        : `Half of the influence comes from ${effective.half.toLocaleString("en")} of ${whole}`,
    facts: [
      ...facts,
      ["Strongest pixel", `row ${effective.strongest[0]}, column ${effective.strongest[1]}`],
    ],
    note: "",
  };
}

/**
 * Write a title, facts in two columns, and a note below; the same lines are kept when nothing but
 * numbers changes.
 *
 * @param {Find} find
 * @param {Words} words
 */
export function write(find, words) {
  find(".sees").textContent = words.title;
  find(".sees").title = words.title;
  const facts = find(".facts");
  facts.replaceChildren();
  for (const [name, value, help] of words.facts) {
    html(facts, "dt", "", name).title = help ?? "";
    html(facts, "dd", "", value).title = value;
  }
  find(".note").textContent = words.note;
}
