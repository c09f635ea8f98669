// What share of a total something is, as a number and as text.

/**
 * @typedef {[layer: string, params: number, multAdds: number]} Bar
 * @typedef {[params: number, multAdds: number]} Totals
 */

/**
 * Where nothing at all is counted, nothing is a share of it.
 *
 * @param {number} value
 * @param {number} total
 */
export function shareOf(value, total) {
  return total ? value / total : 0;
}

/**
 * 0.0712 as "7.1 %"; what is there but rounds to nothing is said to be under a tenth.
 *
 * @param {number} share
 */
export function shareText(share) {
  return share > 0 && share < 0.0005 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`;
}

// Made once: a number's own toLocaleString makes one each time.
const ENGLISH = new Intl.NumberFormat("en-US");

/** 16426 as "16,426". @param {number} value */
export function countText(value) {
  return ENGLISH.format(value);
}

/**
 * What the bars show at a glance, for whoever hears the page.
 *
 * @param {Bar[]} bars
 * @param {Totals} totals
 */
export function inWords(bars, totals) {
  return /** @type {const} */ ([
    ["parameters", 1],
    ["multiply-adds", 2],
  ])
    .filter(([, place]) => totals[place - 1])
    .map(([what, place]) => {
      const most = bars.reduce((one, other) => (other[place] > one[place] ? other : one));
      return `Most ${what}: ${most[0]}, ${shareText(shareOf(most[place], totals[place - 1]))}.`;
    })
    .join(" ");
}
