// Which page the visitor asked for, and which answers still count.
//
// A page is asked for by a numbered request, and Python says which request its page answers. Only
// an answer to the newest one counts: what Python drew before it heard of that says nothing about
// where the visitor wants to be.

export class Requests {
  /** @param {number} answered the number of the last request that Python has answered */
  constructor(answered) {
    this.newest = answered;
  }

  /**
   * A request to send.
   *
   * @param {string} page
   */
  askFor(page) {
    this.newest += 1;
    return { number: this.newest, page };
  }

  /**
   * Whether an answer is to the newest request, or to one that another window of this session has
   * sent since.
   *
   * @param {number} answered
   */
  accept(answered) {
    if (answered < this.newest) return false;
    this.newest = answered;
    return true;
  }
}
