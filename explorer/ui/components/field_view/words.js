// What is said of the chosen unit, beside the pictures. Python counted; here rows and columns are
// put together.

import { both, html } from "./drawing.js";

/** @import { Cell, Effective, Field, Find, Run, Words } from "./types.js" */

/** @param {Run[]} runs */
function pixelsOf(runs) {
  return runs.reduce((sum, [, count]) => sum + count, 0);
}

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

/**
 * @param {Field} data
 * @param {Cell} unit
 * @returns {Words}
 */
export function exactWords(data, unit) {
  const [rows, columns] = [data.rows.seen[unit.row], data.columns.seen[unit.column]];
  const [seenRows, seenColumns] = [pixelsOf(rows), pixelsOf(columns)];
  const sees = data.isMap
    ? `Unit ${unit.row},${unit.column} sees`
    : data.apart
      ? "Taken together, its values see"
      : "Every value sees";
  const gaps = rows.length > 1 || columns.length > 1 ? ", with gaps" : "";
  return {
    title:
      seenRows * seenColumns
        ? `${sees} ${seenRows}×${seenColumns} pixels${gaps}`
        : `${sees} no pixel, only padding`,
    facts: [
      [
        "Receptive field",
        `${both(data.theoretical)} in theory`,
        "the window's size if the image went on for ever",
      ],
      ["Rows", seenRows * seenColumns ? rangesText(rows) : "none"],
      ["Columns", seenRows * seenColumns ? rangesText(columns) : "none"],
      ["Jump", jumpText(data), "pixels of the image from one unit to the next"],
      ["Padding", paddingText(data, unit), "how much of its window lies outside the image"],
      ["Never seen", unseenText(data), "pixels that no unit of this layer sees"],
    ],
    note: data.note,
  };
}

/** @param {Field} data */
function jumpText(data) {
  if (!data.isMap) return "none: the values have no place";
  if (data.rows.seen.length * data.columns.seen.length === 1) return "none: the map has one unit";
  if (!data.jump) return "varies from unit to unit";
  const [rows, columns] = data.jump;
  if (rows !== columns) return `${rows} rows, ${columns} columns to the next unit`;
  return `${rows} pixel${rows > 1 ? "s" : ""} to the next unit`;
}

/**
 * @param {Field} data
 * @param {Cell} unit
 */
function paddingText(data, unit) {
  const window = data.rows.window[unit.row] * data.columns.window[unit.column];
  const inside = data.rows.inside[unit.row] * data.columns.inside[unit.column];
  if (!window) return "it has no window on the image";
  if (inside === window) return "none, its window is on the image";
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
    "none: all are seen"
  );
}

/**
 * @param {Field} data
 * @param {number | null} channel
 */
export function channelText(data, channel) {
  if (channel === null)
    return data.isMap
      ? `all ${data.channels} channels together`
      : `all ${data.channels} values together`;
  const name = data.names && data.names[channel] !== `${channel}` ? `, ${data.names[channel]}` : "";
  return `${data.isMap ? "channel" : "value"} ${channel}${name}`;
}

/**
 * @param {Field} data
 * @param {Cell} unit
 * @param {Effective} effective
 * @returns {Words}
 */
export function effectiveWords(data, unit, effective) {
  const who = data.isMap ? `unit ${unit.row},${unit.column}` : "";
  const sees = pixelsOf(data.rows.seen[unit.row]) * pixelsOf(data.columns.seen[unit.column]);
  const whole = sees === 1 ? "its one pixel" : `its ${sees.toLocaleString("en")} pixels`;
  /** @type {Words["facts"][number]} */
  const of = ["Of", [who, channelText(data, effective.channel)].filter(Boolean).join(", ")];
  /** @type {Words["facts"][number]} */
  const mean = [
    "Influence",
    `mean |gradient| of ${effective.images} images`,
    "by how much the value moves as a pixel moves, whichever way",
  ];
  if (!effective.finite)
    return { title: "These weights give no numbers", facts: [of, mean], note: "" };
  if (!effective.strongest) {
    const always = effective.channel === null && data.channels > 1;
    const why = always
      ? `Added up, the ${data.isMap ? "channels" : "values"} never change, or all are switched off on these images: choose one.`
      : "On these images it is switched off: a ReLU passes nothing on.";
    return {
      title: sees ? `None of ${whole} moves it` : "It sees no pixel",
      facts: [of, mean],
      note: sees ? why : "",
    };
  }
  return {
    title: `${effective.half.toLocaleString("en")} of ${whole} hold${effective.half === 1 ? "s" : ""} half the influence`,
    facts: [
      of,
      mean,
      ["Strongest", `row ${effective.strongest[0]}, column ${effective.strongest[1]}`],
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
  const facts = find(".facts");
  facts.replaceChildren();
  for (const [name, value, help] of words.facts) {
    html(facts, "dt", "", name).title = help ?? "";
    html(facts, "dd", "", value).title = value;
  }
  find(".note").textContent = words.note;
}
