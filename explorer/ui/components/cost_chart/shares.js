// What share of a total something is, as a number and as text.

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
