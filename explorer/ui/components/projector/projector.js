// The projector view: begun and ended by this button, or by a key.
//
// An attribute of the page's root says that it is on; the styles do the rest, and load.js tells the
// components. The browser owns it: what Python drew before it heard of the key changes nothing.

const ATTRIBUTE = "data-projected";
const KEY = "p";
// Where a letter is text, or leads to what begins with it.
const TYPED_INTO =
  'input, textarea, select, [contenteditable=""], [contenteditable="true"], [role="combobox"], ' +
  '[role="listbox"], [role="menu"], [role="textbox"]';

const root = document.documentElement;

/** What the newest button says to Python; null before there is one. */
/** @type {((isProjected: boolean) => void) | null} */
let send = null;
/** @type {HTMLButtonElement | null} */
let button = null;

/** @type {import("../component.js").Draw<{projected: boolean}>} */
export default function drawProjectorButton({ data, parentElement, setStateValue }) {
  if (send === null) {
    root.toggleAttribute(ATTRIBUTE, data.projected);
    addEventListener("keydown", pressKey);
  }
  send = (isProjected) => setStateValue("projected", isProjected);
  button = /** @type {HTMLButtonElement} */ (parentElement.querySelector("button"));
  button.onclick = toggle;
  sayState();
}

/** @param {KeyboardEvent} press */
function pressKey(press) {
  const { key, altKey, ctrlKey, metaKey, repeat, defaultPrevented } = press;
  if (key.toLowerCase() !== KEY || altKey || ctrlKey || metaKey || repeat) return;
  if (defaultPrevented || isTypedInto(press.composedPath()[0])) return;
  toggle();
}

/** @param {EventTarget} target  the innermost, also in a component */
function isTypedInto(target) {
  return target instanceof Element && target.closest(TYPED_INTO) !== null;
}

function toggle() {
  const isProjected = root.toggleAttribute(ATTRIBUTE);
  sayState();
  // What is drawn to the window's measure is measured anew.
  dispatchEvent(new Event("resize"));
  send?.(isProjected);
}

function sayState() {
  const isProjected = root.hasAttribute(ATTRIBUTE);
  button?.classList.toggle("on", isProjected);
  button?.setAttribute("aria-pressed", String(isProjected));
  button?.setAttribute("aria-label", "Projector view");
  button?.setAttribute("title", isProjected ? "End the projector view (P)" : "Projector view (P)");
}
