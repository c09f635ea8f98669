// A live region: a screen reader says what is put into it, if the region was there before.

/** @param {{ data: { text: string }, parentElement: ParentNode }} component */
export default function ({ data, parentElement }) {
  const region = parentElement.querySelector("[role=status]");
  if (region && region.textContent !== data.text) region.textContent = data.text;
}
