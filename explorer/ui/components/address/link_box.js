// A link to copy. Browsers give their clipboard to pages from https and localhost only; in a classroom the page comes
// from a plain address of the network, where the old way, copying what is selected, still works.

const COPIED_FOR = 2000; // milliseconds

export default function ({ data, parentElement }) {
  const [input, button] = [parentElement.querySelector("input"), parentElement.querySelector("button")];
  const link = new URL(window.location.href);
  link.search = "";
  link.hash = "";
  link.searchParams.set(data.parameter, data.link);
  input.value = link.href;
  input.onfocus = () => input.select();
  button.onclick = async () => {
    const said = (await copied(input)) ? "Copied" : "Press Ctrl+C";
    button.textContent = said;
    clearTimeout(button.timer);
    button.timer = setTimeout(() => (button.textContent = "Copy link"), COPIED_FOR);
  };
}

async function copied(input) {
  try {
    await navigator.clipboard.writeText(input.value);
    return true;
  } catch {
    input.focus();
    input.select();
    return document.execCommand("copy");
  }
}
