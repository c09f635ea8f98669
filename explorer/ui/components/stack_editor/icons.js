// The small drawings on buttons: of each its shapes, an SVG element and its attributes.

/** @type {Record<string, [tag: string, attributes: Record<string, string>][]>} */
const ICONS = {
  grip: [
    ["path", { d: "M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01", "stroke-width": "2" }],
  ],
  plus: [["path", { d: "M8 3.5v9M3.5 8h9" }]],
  insert: [["path", { d: "M3 3h10M8 6.5v6.5M4.8 9.8h6.4" }]],
  duplicate: [
    ["rect", { x: "5.5", y: "5.5", width: "7.5", height: "7.5", rx: "1.5" }],
    ["path", { d: "M3 10.3V4.2C3 3.5 3.5 3 4.2 3h6.1" }],
  ],
  remove: [["path", { d: "M4 4l8 8M12 4l-8 8" }]],
  more: [
    ["path", { d: "M3 5h10M3 11h10" }],
    ["circle", { cx: "6", cy: "5", r: "1.6" }],
    ["circle", { cx: "10", cy: "11", r: "1.6" }],
  ],
  undo: [["path", { d: "M5.5 3L2.5 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6" }]],
  redo: [["path", { d: "M10.5 3l3 3-3 3M13 6H6.5a3.5 3.5 0 0 0 0 7H10" }]],
  up: [["path", { d: "M8 13V3.5M4.5 7L8 3.5 11.5 7" }]],
  down: [["path", { d: "M8 3v9.5M4.5 9L8 12.5 11.5 9" }]],
  fold: [["path", { d: "M5 6.5L8 9.5l3-3" }]],
  branch: [
    [
      "path",
      { d: "M4 2.5v11M4 6.5h3.5a3 3 0 0 1 3 3V13M8.3 11l2.2 2.2 2.2-2.2M12.5 2.5v5M10 5h5" },
    ],
  ],
  block: [
    ["path", { d: "M4.5 2.5v11M4.5 5h4a3 3 0 0 1 3 3v0a3 3 0 0 1-3 3h-4" }],
    ["circle", { cx: "4.5", cy: "11", r: "1.4" }],
  ],
  "merge-add": [
    ["circle", { cx: "8", cy: "8", r: "6" }],
    ["path", { d: "M8 4.8v6.4M4.8 8h6.4" }],
  ],
  "merge-multiply": [
    ["circle", { cx: "8", cy: "8", r: "6" }],
    ["path", { d: "M5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6" }],
  ],
  "merge-concat": [
    ["circle", { cx: "8", cy: "8", r: "6" }],
    ["path", { d: "M6.3 5v6M9.7 5v6" }],
  ],
  keys: [
    ["rect", { x: "1.5", y: "4", width: "13", height: "8.5", rx: "1.5" }],
    ["path", { d: "M4 7h.01M6.7 7h.01M9.3 7h.01M12 7h.01M5 10h6" }],
  ],
};

/** @param {string} name */
export function makeIcon(name) {
  const drawing = makeShape("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" });
  drawing.append(...ICONS[name].map(([tag, attributes]) => makeShape(tag, attributes)));
  return drawing;
}

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 */
export function makeShape(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}
