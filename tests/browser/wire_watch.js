// Watches the socket between a page and its server, for tests that wait until nothing is under way.
//
// window.wire tells when a run was last asked for and when anything was last heard (milliseconds),
// and what was asked for and has not begun yet: how many runs of the page, and which parts of it.
// What a part asks for by itself, every second or so, is left out. Who waits notes here which wait
// it is, and for how many frames it has looked.
//
// window.FIELDS, the numbers of the fields in Streamlit's messages, comes from wire_watch.py.

(() => {
  /** @type {Record<string, number>} */
  const FIELDS = /** @type {any} */ (window).FIELDS;
  const wire = { asked: 0, heard: 0, pages: 0, parts: new Set(), wait: 0, frames: 0 };
  /** @type {any} */ (window).wire = wire;

  /**
   * A message's fields by their numbers, as in https://protobuf.dev/programming-guides/encoding/
   *
   * @param {Uint8Array} bytes
   * @returns {Generator<[number, number | Uint8Array]>}
   */
  function* fieldsOf(bytes) {
    let at = 0;
    const readNumber = () => {
      for (let value = 0, factor = 1; ; factor *= 128) {
        const byte = bytes[at++];
        value += (byte % 128) * factor;
        if (byte < 128) return value;
      }
    };
    while (at < bytes.length) {
      const key = readNumber();
      const [number, kind] = [Math.floor(key / 8), key % 8];
      if (kind === 0) yield [number, readNumber()];
      else {
        const length = { 1: 8, 5: 4 }[kind] ?? readNumber();
        yield [number, bytes.subarray(at, (at += length))];
      }
    }
  }

  /**
   * All values of a field: of that with the last number, in messages that those before lead to.
   *
   * @param {any} bytes
   * @param {number} first
   * @param {...number} rest
   * @returns {any[]}
   */
  function find(bytes, first, ...rest) {
    const found = [];
    for (const [number, value] of fieldsOf(bytes)) if (number === first) found.push(value);
    const [next, ...others] = rest;
    return next === undefined ? found : found.flatMap((value) => find(value, next, ...others));
  }

  const readText = (/** @type {Uint8Array} */ bytes) => new TextDecoder().decode(bytes);

  /** @param {Uint8Array} bytes */
  function noteAsked(bytes) {
    const [run] = find(bytes, FIELDS.rerun_script);
    if (!run || find(run, FIELDS.is_auto_rerun).some(Boolean)) return;
    wire.asked = performance.now();
    const part = readText(find(run, FIELDS.fragment_id)[0]);
    if (part) wire.parts.add(part);
    else wire.pages += 1;
  }

  /** @param {Uint8Array} bytes */
  function noteHeard(bytes) {
    wire.heard = performance.now();
    if (!find(bytes, FIELDS.new_session).length) return;
    const parts = find(bytes, FIELDS.metadata, FIELDS.run, FIELDS.fragment_ids);
    for (const part of parts) wire.parts.delete(readText(part));
    if (!parts.length && wire.pages) wire.pages -= 1;
  }

  window.WebSocket = class extends WebSocket {
    /** @param {ConstructorParameters<typeof WebSocket>} how */
    constructor(...how) {
      super(...how);
      this.addEventListener("message", ({ data }) => noteHeard(new Uint8Array(data)));
    }

    /** @param {ArrayBufferLike | ArrayBufferView | string | Blob} data */
    send(data) {
      noteAsked(new Uint8Array(/** @type {ArrayBuffer} */ (data)));
      super.send(/** @type {ArrayBuffer} */ (data));
    }
  };
})();
