// Which rows are in view, or soon will be. Of a long list few others are kept up to date.

/** @import { RowNode } from "./types.js" */

const MARGIN = 600; // pixels above and below what is in view

export class InView {
  /** @type {Set<Element>} */
  #rows = new Set();
  #observer;

  /**
   * @param {HTMLElement} scroller
   * @param {() => void} onMore  called when other rows have come into view
   */
  constructor(scroller, onMore) {
    const options = { root: scroller, rootMargin: `${MARGIN}px 0px` };
    this.#observer = new IntersectionObserver((entries) => {
      let areMore = false;
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) this.#rows.delete(target);
        else {
          areMore ||= !this.#rows.has(target);
          this.#rows.add(target);
        }
      }
      if (areMore) onMore();
    }, options);
  }

  /** @param {RowNode} row */
  watch(row) {
    this.#observer.observe(row);
  }

  /** @param {RowNode} row */
  forget(row) {
    this.#observer.unobserve(row);
    this.#rows.delete(row);
  }

  /** @param {RowNode} row */
  has(row) {
    return this.#rows.has(row);
  }

  end() {
    this.#observer.disconnect();
  }
}
