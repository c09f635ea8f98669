// Links to the pages. A plain click asks Python for the page, which keeps the session; with Ctrl, say, the browser opens
// the link itself, and the address holds all that the other window needs.

export default function ({ data, parentElement, setTriggerValue }) {
  const nav = parentElement.querySelector("nav");
  if (!nav.children.length) nav.append(...data.pages.map(makeLink));
  for (const [index, link] of [...nav.children].entries()) {
    const { name } = data.pages[index];
    mark(link, name === data.current);
    link.onfocus = link.onpointerenter = () => (link.href = addressOf(data.parameter, name));
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      for (const each of nav.children) mark(each, each === link); // at once; the page comes with the answer
      setTriggerValue("asked", name);
    };
  }
}

function makeLink({ title }) {
  const link = document.createElement("a");
  link.textContent = title;
  link.href = "#";
  return link;
}

function mark(link, current) {
  if (current) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
}

function addressOf(parameter, page) {
  const address = new URL(window.location.href);
  address.searchParams.set(parameter, page);
  return address.href;
}
