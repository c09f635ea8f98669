// In which order a table's rows stand: by what their cells show.

/** @typedef {{column: number, descending: boolean}} Order */

/**
 * The order after a press on a column's heading. First the way that has the largest on top where
 * it holds numbers, then the other way round, then as the rows came.
 *
 * @param {Order | null} order
 * @param {number} column
 * @param {boolean} isNumber
 * @returns {Order | null}
 */
export function nextOrder(order, column, isNumber) {
  if (order?.column !== column) return { column, descending: isNumber };
  return order.descending === isNumber ? { column, descending: !isNumber } : null;
}

/**
 * The rows in that order. Those without a value come last, whichever way.
 *
 * @param {string[][]} rows
 * @param {Order | null} order
 */
export function sortRows(rows, order) {
  if (!order) return rows;
  const { column, descending } = order;
  const known = rows.filter((row) => row[column] !== NONE);
  known.sort((one, other) => compare(one[column] ?? "", other[column] ?? ""));
  return [...(descending ? known.reverse() : known), ...rows.filter((row) => !known.includes(row))];
}

const NONE = "–";

/** @param {string} one @param {string} other */
function compare(one, other) {
  const difference = numberIn(one) - numberIn(other);
  return Number.isNaN(difference) ? one.localeCompare(other) : difference;
}

/** "16,426" as 16426, "99.40 %" as 99.4, and words as NaN. @param {string} text */
function numberIn(text) {
  return Number(text.replaceAll(",", "").replace(/ %$/, ""));
}
