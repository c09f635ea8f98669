// A live region: a screen reader says what is put into it, if the region was there before.

/** @type {import("../component.js").Draw<{text: string}>} */
export default function announce({ data: { text }, parentElement }) {
  const region = parentElement.querySelector("[role=status]");
  if (region && region.textContent !== text) region.textContent = text;
}
