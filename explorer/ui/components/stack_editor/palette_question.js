// What the palette asks before it adds a block that is made of numbers.

import { findChannels } from "./actions.js";
import { makeElement, setText } from "./elements.js";
import { initialNumbers } from "./ready_made.js";

/** @import { Numbers, ReadyMade } from "./ready_made.js" */
/** @import { Editor } from "./types.js" */

/**
 * Ask for a block's numbers in the place of the list, and then add it.
 *
 * @param {Editor} editor
 * @param {ReadyMade} readyMade
 * @param {(numbers: Numbers) => void} add
 */
export function askNumbers(editor, readyMade, add) {
  // Once, so that what is told and what is added follow from the same.
  const channels = findChannels(editor, editor.insertAt);
  const initial = initialNumbers(readyMade, channels);
  const inputs = readyMade.asks.map(({ name, max }) =>
    makeInput(name, initial[name], max(channels)),
  );
  const told = makeElement("p", { class: "told", "aria-live": "polite" });
  const form = makeElement(
    "form",
    { class: "question", "aria-label": readyMade.title, autocomplete: "off" },
    makeElement("h3", {}, readyMade.title),
    makeElement("p", { class: "summary" }, readyMade.summary),
    makeElement(
      "div",
      { class: "numbers" },
      ...inputs.map((input, place) =>
        makeElement("label", {}, makeElement("span", {}, readyMade.asks[place].title), input),
      ),
    ),
    told,
    makeElement(
      "div",
      { class: "answers" },
      makeElement("button", { type: "submit", class: "make" }, "Add"),
      makeElement("button", { type: "button", class: "back" }, "Back"),
    ),
  );
  const read = () => ({
    ...Object.fromEntries(inputs.map((input) => [input.name, input.valueAsNumber])),
    channels,
    classes: editor.classes,
  });
  const tell = () => {
    const text = form.checkValidity() && readyMade.tell ? readyMade.tell(read()) : "";
    setText(told, text);
  };
  form.addEventListener("input", tell);
  // A press beside the inputs leaves the focus where it is: without it the palette would close.
  form.addEventListener("pointerdown", (event) => {
    if (!(event.target instanceof HTMLInputElement)) event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    add(read());
  });
  form.querySelector(".back")?.addEventListener("click", () => goBack(editor));
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    goBack(editor);
  });
  closeQuestion(editor);
  editor.palette.append(form);
  inputs[0].focus({ preventScroll: true });
  inputs[0].select();
  editor.palette.classList.add("has-question");
  tell();
}

/**
 * Have the list again, as it was.
 *
 * @param {Editor} editor
 */
function goBack(editor) {
  editor.palette.classList.remove("has-question");
  editor.search.focus({ preventScroll: true });
  closeQuestion(editor);
}

/** @param {Editor} editor */
export function closeQuestion({ palette }) {
  palette.classList.remove("has-question");
  palette.querySelector(".question")?.remove();
}

/**
 * @param {string} name
 * @param {number} value
 * @param {number} max
 */
function makeInput(name, value, max) {
  const attributes = { type: "number", name, min: "1", max: String(max), step: "1", required: "" };
  return /** @type {HTMLInputElement} */ (
    makeElement("input", { ...attributes, value: String(value) })
  );
}
