// What every page has of the work: its parameters in the address bar, and a way to Python for a
// draft whose editor is gone.
//
// The address is changed in place: no step is added to the browser's history. Safari refuses after
// 100 changes in 30 seconds, so there is a pause between two; the last comes at its end, or when
// the page goes.

import { FIRST, HELD, PARAMETER } from "./pages.js";
import { Pausing } from "./pausing.js";

const PAUSE = 350; // milliseconds

/**
 * The page that is drawn, and what its address holds, by those names in HELD that it needs.
 * @typedef {{page: string, held: Record<string, string>}} Wanted
 *
 * @typedef {object} Keeper  what outlives this component's own place on the page
 * @property {Pausing<Wanted>} writer
 * @property {(draft: unknown) => void} send
 */

/** @type {Keeper | null} */
let keeper = null;

/** @type {import("../component.js").Draw<Wanted>} */
export default function keepAddress({ data, setStateValue }) {
  keeper ??= makeKeeper();
  keeper.send = (draft) => setStateValue("draft", draft);
  keeper.writer.want(data);
}

/** @returns {Keeper} */
function makeKeeper() {
  /** @type {Keeper} */
  const made = { writer: new Pausing(write, PAUSE), send: () => {} };
  addEventListener("pagehide", () => made.writer.flush());
  addEventListener("explorer:unanswered", (event) =>
    made.send(/** @type {CustomEvent} */ (event).detail),
  );
  return made;
}

/**
 * Put it into the address bar; returns whether that has changed.
 *
 * @param {Wanted} wanted
 */
function write({ page, held }) {
  const address = new URL(window.location.href);
  // The browser went on to another page.
  if ((address.searchParams.get(PARAMETER) ?? FIRST) !== page) return false;
  for (const name of HELD) {
    if (held[name]) address.searchParams.set(name, held[name]);
    else address.searchParams.delete(name);
  }
  if (address.href === window.location.href) return false;
  window.history.replaceState(window.history.state, "", address);
  return true;
}
