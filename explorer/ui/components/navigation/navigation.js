// Links to the pages, and the browser's history of them.
//
// A click, and a step back or forward in the history, asks Python for a page. Clicked with Ctrl,
// say, a link opens another window by itself.

import { PAGES, PARAMETER } from "./pages.js";
import { Requests } from "./requests.js";

/**
 * The page that Python draws, and the request that it answers.
 * @typedef {{current: string, answers: number, hidden: string[]}} Answer
 *
 * @typedef {object} Bar
 * @property {Map<string, HTMLAnchorElement>} links  by the page's name
 * @property {Requests} requests
 * @property {(request: {number: number, page: string}) => void} send
 * @property {() => void} follow  asks for the page in the address
 */

// By nav element: Streamlit calls the default export on every answer.
/** @type {WeakMap<Element, Bar>} */
const bars = new WeakMap();

/** @type {import("../component.js").Draw<Answer>} */
export default function drawNavigation({ data, parentElement, setStateValue }) {
  const nav = /** @type {HTMLElement} */ (parentElement.querySelector("nav"));
  const bar = bars.get(nav) ?? mount(nav, data);
  bars.set(nav, bar);
  bar.send = (request) => setStateValue("request", request);
  for (const [name, link] of bar.links) link.hidden = data.hidden.includes(name);
  receive(bar, data);
  return () => removeEventListener("popstate", bar.follow);
}

/**
 * @param {HTMLElement} nav
 * @param {Answer} answer
 * @returns {Bar}
 */
function mount(nav, { answers }) {
  /** @type {Bar} */
  const bar = {
    links: new Map(),
    requests: new Requests(answers),
    send: () => {},
    follow: () => ask(bar, pageInAddress()),
  };
  for (const { name, title } of PAGES) {
    const link = document.createElement("a");
    link.textContent = title;
    link.onfocus = link.onpointerenter = () => (link.href = addressOf(name)); // as it stands then
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      ask(bar, name);
    };
    bar.links.set(name, link);
  }
  nav.replaceChildren(...bar.links.values());
  addEventListener("popstate", bar.follow);
  return bar;
}

/**
 * @param {Bar} bar
 * @param {string} page
 */
function ask(bar, page) {
  mark(bar, page); // at once; the page comes with the answer
  bar.send(bar.requests.askFor(page));
}

/**
 * @param {Bar} bar
 * @param {Answer} answer
 */
function receive(bar, { current, answers }) {
  if (!bar.requests.accept(answers)) return;
  mark(bar, current);
  if (current !== pageInAddress()) window.history.pushState({}, "", addressOf(current));
}

/**
 * @param {Bar} bar
 * @param {string} page
 */
function mark(bar, page) {
  for (const [name, link] of bar.links) {
    link.href = addressOf(name);
    if (name === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function pageInAddress() {
  const named = new URLSearchParams(window.location.search).get(PARAMETER);
  return named !== null && PAGES.some(({ name }) => name === named) ? named : PAGES[0].name;
}

/** @param {string} page */
function addressOf(page) {
  const address = new URL(window.location.href);
  const rest = [...address.searchParams].filter(([name]) => name !== PARAMETER);
  address.search = new URLSearchParams([[PARAMETER, page], ...rest]).toString();
  return address.href;
}
