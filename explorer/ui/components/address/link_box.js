// A link to copy. Browsers give their clipboard to pages from https and localhost only; in a
// classroom the page comes from a plain address of the network, where the old way, copying what is
// selected, still works.

const COPIED_FOR = 2000; // milliseconds

/**
 * The link's text, the parameter of the address that it stands in, and the address itself; "" for
 * that of this page.
 * @typedef {{parameter: string, link: string, base: string}} Data
 */

/** @type {import("../component.js").Draw<Data>} */
export default function drawLinkBox({ data, parentElement }) {
  const input = /** @type {HTMLInputElement} */ (parentElement.querySelector("input"));
  const button = /** @type {HTMLButtonElement} */ (parentElement.querySelector("button"));
  const link = new URL(data.base || window.location.href);
  link.search = "";
  link.hash = "";
  link.searchParams.set(data.parameter, data.link);
  input.value = link.href;
  input.onfocus = () => input.select();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  button.onclick = async () => {
    button.textContent = (await copy(input)) ? "Copied" : "Press Ctrl+C";
    clearTimeout(timer);
    timer = setTimeout(() => (button.textContent = "Copy link"), COPIED_FOR);
  };
}

/** @param {HTMLInputElement} input */
async function copy(input) {
  try {
    await navigator.clipboard.writeText(input.value);
    return true;
  } catch {
    input.focus();
    input.select();
    return document.execCommand("copy");
  }
}
