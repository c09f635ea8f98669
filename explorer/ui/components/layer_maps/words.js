// What is said beside the pictures.

/** @import { Answer, Filters, LayerMapsData, Occlusion } from "./types.js" */

/** 0.9912 as "99.1 %". @param {number} share */
export function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

/** @param {number} count @param {string} noun */
export function counted(count, noun) {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * The network's answer after an epoch.
 *
 * @param {LayerMapsData} data
 * @param {Answer} answer
 */
export function verdict({ classes, label }, { predicted, probabilities }) {
  const [right, answered] = probabilities.map(percent);
  if (predicted === label) return `Answers ${classes[predicted]} (${answered}): right`;
  return `Answers ${classes[predicted]} (${answered}); right is ${classes[label]} (${right})`;
}

/**
 * Of the maps that are drawn: how many of how many, and of which size.
 *
 * @param {Answer["maps"]} maps
 * @param {number[]} shape  of the layer's output
 */
export function mapFacts({ shape: [shown, rows, columns], of }, [, ...sides]) {
  const some = shown < of ? `the first ${shown} of ` : "";
  if (sides.length === 0) return `${some}${counted(of, "value")}, one a unit`;
  const drawn = sides[0] === rows && sides[1] === columns ? "" : `, drawn as ${rows}×${columns}`;
  return `${some}${counted(of, "map")} of ${sides.join("×")}${drawn}`;
}

/** @param {Filters} filters */
export function filterFacts({ shape: [, rows, columns], of: [units, channels], ...shown }) {
  const ofUnits = shown.units < units ? `the first ${shown.units} of ` : "";
  const ofChannels =
    shown.channels < channels ? `; of each the first ${shown.channels} channels` : "";
  return (
    `${ofUnits}${counted(units, "filter")} of ${rows}×${columns} ` +
    `for ${counted(channels, "channel")}${ofChannels}${channels > 1 ? " (filter ← channel)" : ""}`
  );
}

/**
 * The name of a filter's picture: "3", or of several channels "3 ← 1".
 *
 * @param {Filters} filters
 * @param {number} which
 */
export function filterName({ channels, of }, which) {
  const unit = Math.floor(which / channels);
  return of[1] === 1 ? String(unit) : `${unit} ← ${which % channels}`;
}

/** @param {LayerMapsData} data */
export function camNote({ cam }) {
  if (!cam) return "Grad-CAM needs a layer with maps; here and before there is none.";
  return `Grad-CAM of layer ${cam.layer} (${cam.size}): where its maps speak for a class.`;
}

/** @param {Occlusion} occlusion */
export function occlusionNote({ size, places }) {
  return (
    `By how much the probability falls with a grey patch of ${size}×${size} pixels there, ` +
    `at ${counted(places, "place")}.`
  );
}
