// What every page has of the work: its parameters in the address bar, and a way to Python for a draft whose editor is gone.
//
// The address is changed in place: no step is added to the browser's history.
// Safari refuses after 100 changes in 30 seconds, so there is one every PAUSE milliseconds at most. The first comes at
// once, the last at the end of the pause, or when the page goes.

const PAUSE = 350;
const waiting = (window.explorerAddress ??= { next: null, last: -PAUSE, timer: null });

export default function ({ data, setStateValue }) {
  waiting.send = (draft) => setStateValue("draft", draft);
  waiting.next = data;
  clearTimeout(waiting.timer);
  waiting.timer = setTimeout(write, Math.max(0, waiting.last + PAUSE - performance.now()));
  if (waiting.listens) return;
  waiting.listens = true;
  addEventListener("pagehide", write);
  addEventListener("explorer:unanswered", ({ detail }) => waiting.send(detail));
}

function write() {
  const { next } = waiting;
  clearTimeout(waiting.timer);
  waiting.next = null;
  if (!next) return;
  const address = new URL(window.location.href);
  if ((address.searchParams.get(next.parameter) ?? next.first) !== next.page) return; // the browser went on to another page
  for (const [name, value] of Object.entries(next.held)) {
    if (value) address.searchParams.set(name, value);
    else address.searchParams.delete(name);
  }
  if (address.href === window.location.href) return;
  waiting.last = performance.now();
  window.history.replaceState(window.history.state, "", address);
}
