// Fetches a component's markup and styles, puts them into its place on the page once, and its
// script to work on them.
//
// The browser reads the markup as a document of its own, from its address: no text becomes markup
// here.

const utf8 = new TextDecoder();

/** @type {WeakSet<Node>} the places that hold their markup already */
const furnished = new WeakSet();

// Styles in a shadow tree cannot ask what is around it, so each place has the page's own mark that
// it is on a projector: see components/projector.
const PROJECTED = "data-projected";
const FURNISHED = "data-furnished";
const root = document.documentElement;
new MutationObserver(() => document.querySelectorAll(`[${FURNISHED}]`).forEach(mark)).observe(
  root,
  { attributeFilter: [PROJECTED] },
);

/** @param {Element} place */
function mark(place) {
  place.toggleAttribute(PROJECTED, root.hasAttribute(PROJECTED));
}

/** @import { Component, Draw } from "../component.js" */

/**
 * Whether a component has left the page, and what to do then.
 * @typedef {{gone?: boolean, end?: (() => void) | void}} Shown
 */

/**
 * What shows a component whose script is `draw`.
 *
 * @template Data
 * @param {Draw<Data>} draw
 * @param {URL[]} parts  addresses of its styles and its markup
 * @returns {Promise<(component: Component<Uint8Array>, shown: Shown) => void>}
 */
export async function load(draw, parts) {
  const isStyle = (/** @type {URL} */ part) => part.pathname.endsWith(".css");
  const read = await Promise.all(
    parts.map((part) => (isStyle(part) ? readStyles(part) : readMarkup(part))),
  );
  return (component, shown) => {
    if (shown.gone) return;
    const { parentElement } = component;
    if (!furnished.has(parentElement)) {
      furnished.add(parentElement);
      const place = parentElement instanceof ShadowRoot ? parentElement.host : parentElement;
      place.toggleAttribute(FURNISHED, true);
      mark(place);
      parentElement.append(...read.flat().map((node) => document.importNode(node, true)));
    }
    shown.end = draw({ ...component, data: JSON.parse(utf8.decode(component.data)) });
  };
}

/**
 * @param {URL} address
 * @returns {Promise<Node[]>}
 */
async function readStyles(address) {
  const style = document.createElement("style");
  style.textContent = await (await fetch(address)).text();
  return [style];
}

/**
 * @param {URL} address
 * @returns {Promise<Node[]>}
 */
function readMarkup(address) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.responseType = "document";
    request.onload = () => resolve([...request.response.body.childNodes]);
    request.onerror = () => reject(new Error(`${address} cannot be read`));
    request.open("GET", address);
    request.send();
  });
}
