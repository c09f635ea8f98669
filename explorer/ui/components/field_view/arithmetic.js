// A convolution's window spelt out: patch × kernel for some input channels, the others summed, the
// bias, the value.

import { extremes, floats, html, number, short } from "./drawing.js";
import { CELL, GAP, ROOM } from "./sizes.js";

/** @import { Arithmetic, Cell } from "./types.js" */

const SIGN_WIDTH = 15; // pixels of "×" and "="
const SUM_WIDTH = 62;
const NOTE = 20; // the height of a line below the patches
const NARROWEST = 27; // of a cell that holds a number

/**
 * @param {HTMLElement} parent
 * @param {Arithmetic} arithmetic
 * @param {Cell} unit
 * @param {number} width  of the parent, in pixels
 */
export function drawArithmetic(parent, arithmetic, unit, width) {
  parent.replaceChildren();
  const rows = arithmetic.rows[unit.row];
  const columns = arithmetic.columns[unit.column];
  const place = unit.row * arithmetic.shape[1] + unit.column;
  const kernelRows = rows.length;
  const cell = {
    width: Math.min(34, Math.floor((width - 2 * SIGN_WIDTH - SUM_WIDTH) / 2 / columns.length)),
    height: Math.min(CELL, (ROOM - GAP) / kernelRows),
  };
  const terms = html(parent, "div", "terms");
  const kernels = arithmetic.shown.map((shown) => floats(shown.kernel));
  const strongest =
    Math.max(...kernels.map((kernel) => Math.max(...extremes(kernel).map(Math.abs)))) || 1;
  const patches = arithmetic.shown.map((shown) => {
    const values = floats(shown.values);
    return rows.flatMap((row) =>
      columns.map((column) =>
        row < 0 || column < 0 ? null : values[row * arithmetic.input[1] + column],
      ),
    );
  });
  const largest = Math.max(...patches.flat().map((value) => Math.abs(value ?? 0))) || 1;
  arithmetic.shown.forEach((shown, i) => {
    const line = html(terms, "div", "term");
    line.style.gridTemplateColumns = `auto ${SIGN_WIDTH}px auto ${SIGN_WIDTH}px minmax(${SUM_WIDTH}px, 1fr)`;
    numbers(line, patches[i], columns.length, cell, largest).title =
      `input channel ${shown.channel}`;
    html(line, "span", "sign", "×");
    numbers(line, [...kernels[i]], columns.length, cell, strongest).title =
      `kernel for input channel ${shown.channel}`;
    html(line, "span", "sign", "=");
    html(line, "span", "sum", number(floats(shown.sums)[place]));
  });
  const used = arithmetic.shown.length * (kernelRows * cell.height + GAP);
  if (arithmetic.normalised && used + NOTE <= ROOM)
    html(terms, "p", "normalised", arithmetic.normalised);
  const total = html(parent, "div", "total");
  const line = (
    /** @type {string} */ className,
    /** @type {string} */ text,
    /** @type {string} */ value,
  ) => {
    html(total, "span", "", text);
    html(total, "span", `sum ${className}`, value);
  };
  line(
    "rest",
    restText(arithmetic),
    arithmetic.others ? number(floats(arithmetic.rest)[place]) : "",
  );
  line(
    "bias",
    arithmetic.bias === null ? "no bias" : "+ bias",
    arithmetic.bias === null ? "" : number(floats(arithmetic.bias)[0]),
  );
  line("value", "= value of the unit", number(floats(arithmetic.value)[place]));
}

/** @param {Arithmetic} arithmetic */
function restText({ others }) {
  return others ? `+ ${others} more channel${others > 1 ? "s" : ""}` : "no other channel";
}

/**
 * A grid of cells, blue above zero and orange below; null is a zero of the border.
 *
 * @param {HTMLElement} parent
 * @param {(number | null)[]} values
 * @param {number} columns
 * @param {{width: number, height: number}} cell  in pixels
 * @param {number} scale  the strongest colour's value
 */
function numbers(parent, values, columns, cell, scale) {
  const grid = html(parent, "div", "cells");
  grid.style.gridTemplateColumns = `repeat(${columns}, ${cell.width}px)`;
  grid.style.gridAutoRows = `${cell.height}px`;
  for (const value of values) {
    const shown =
      cell.width >= NARROWEST && cell.height >= 12 ? (value === null ? "0" : short(value)) : "";
    const element = html(
      grid,
      "span",
      value === null ? "border" : value < 0 ? "below" : "above",
      shown,
    );
    element.style.setProperty(
      "--strength",
      `${Math.round(6 + (60 * Math.abs(value ?? 0)) / scale)}%`,
    );
    element.title = value === null ? "padding: 0" : number(value, 5);
  }
  return grid;
}
