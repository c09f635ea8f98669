// Part 3 of the stack editor: undo and redo.
//
// The history lives as long as the page, not as long as the component: going to another page of the app and back, or
// picking a preset, does not lose it. It is kept by the component's key.

const histories = new Map();

export function historyOf(key) {
  if (!histories.has(key)) histories.set(key, { past: [], future: [], merging: null, last: null });
  return histories.get(key);
}

// Remember the stack as it was before a change. Changes with the same `merging` are one step: the digits of a number.
export function remember(history, before, merging = null) {
  if (merging === null || merging !== history.merging) history.past.push(before);
  history.merging = merging;
  history.future = [];
}

// Take back one step, from `past` to `future` or the other way; gives the stack to show, or null at the end.
export function travel(history, now, back) {
  const [from, to] = back ? [history.past, history.future] : [history.future, history.past];
  if (!from.length) return null;
  to.push(now);
  history.merging = null;
  return from.pop();
}
