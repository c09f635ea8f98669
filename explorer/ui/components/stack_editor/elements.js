// Making and filling elements. They are made node by node: markup that is parsed could hold
// somebody's text.

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children  a text is shown as it stands
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function makeElement(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/**
 * A button of a row, which does `what`: see makeActions in editor.js.
 *
 * @param {string} what
 * @param {string} label
 * @param {Node | string} content
 * @param {Record<string, string>} attributes
 */
export function makeButton(what, label, content, attributes = {}) {
  const named = {
    type: "button",
    "data-do": what,
    "aria-label": label,
    title: label,
    tabindex: "-1",
  };
  return makeElement("button", { ...named, ...attributes }, content);
}

/**
 * Show a text. Writing one that is there already would cost a layout, and most rows do not change.
 *
 * @param {Element} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * The part of this class, which is there.
 *
 * @param {Element} node
 * @param {string} name
 */
export function findPart(node, name) {
  const found = node.querySelector(`.${name}`);
  if (!found) throw new Error(`there is no .${name} in .${node.className}`);
  return /** @type {HTMLElement} */ (found);
}
