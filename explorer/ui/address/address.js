// The link into the address bar, in place: no step is added to the browser's history.
//
// Safari refuses after 100 changes in 30 seconds, so there is one every PAUSE milliseconds at most. The first comes at
// once, the last at the end of the pause, or when the page goes.

const PAUSE = 350;
const waiting = (window.explorerAddress ??= { next: null, path: "", last: -PAUSE, timer: null });

export default function ({ data }) {
  waiting.next = data;
  waiting.path = window.location.pathname;
  clearTimeout(waiting.timer);
  waiting.timer = setTimeout(write, Math.max(0, waiting.last + PAUSE - performance.now()));
  if (waiting.listens) return;
  waiting.listens = true;
  addEventListener("pagehide", write);
}

function write() {
  const { next, path } = waiting;
  clearTimeout(waiting.timer);
  waiting.next = null;
  if (!next || path !== window.location.pathname) return; // another page of the app has an address of its own
  const address = new URL(window.location.href);
  if (next.link) address.searchParams.set(next.parameter, next.link);
  else address.searchParams.delete(next.parameter);
  if (address.href === window.location.href) return;
  waiting.last = performance.now();
  window.history.replaceState(window.history.state, "", address);
}
