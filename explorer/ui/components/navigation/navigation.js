// Links to the pages, and the browser's history of them.
//
// A click, and a step back or forward in the history, asks Python for a page by a numbered request; Python says which
// request its page answers. Only an answer to the newest one counts: what Python drew before it heard of that says nothing
// about where the visitor wants to be. Clicked with Ctrl, say, a link opens another window by itself.

const bars = new WeakMap(); // by nav element: Streamlit calls the default export on every answer

export default function ({ data, parentElement, setStateValue }) {
  const nav = parentElement.querySelector("nav");
  if (!bars.has(nav)) bars.set(nav, mount(nav, data));
  const bar = bars.get(nav);
  bar.send = (request) => setStateValue("request", request);
  receive(bar, data);
  return () => removeEventListener("popstate", bar.follow);
}

function mount(nav, { pages, parameter, answers }) {
  const bar = { nav, pages, parameter, number: answers, links: new Map(), send: null };
  for (const { name, title } of pages) {
    const link = document.createElement("a");
    link.textContent = title;
    link.onfocus = link.onpointerenter = () => (link.href = addressOf(bar, name));
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      ask(bar, name);
    };
    bar.links.set(name, link);
  }
  nav.replaceChildren(...bar.links.values());
  bar.follow = () => ask(bar, pageInAddress(bar));
  addEventListener("popstate", bar.follow);
  return bar;
}

function ask(bar, page) {
  bar.number += 1;
  mark(bar, page); // at once; the page comes with the answer
  bar.send({ number: bar.number, page });
}

function receive(bar, { current, answers }) {
  if (answers < bar.number) return;
  bar.number = answers;
  mark(bar, current);
  if (current !== pageInAddress(bar)) window.history.pushState({}, "", addressOf(bar, current));
}

function mark(bar, page) {
  for (const [name, link] of bar.links) {
    link.href = addressOf(bar, name);
    if (name === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function pageInAddress({ parameter, links, pages }) {
  const named = new URLSearchParams(window.location.search).get(parameter);
  return links.has(named) ? named : pages[0].name;
}

function addressOf({ parameter }, page) {
  const address = new URL(window.location.href);
  const rest = [...address.searchParams].filter(([name]) => name !== parameter);
  address.search = new URLSearchParams([[parameter, page], ...rest]);
  return address.href;
}
