// TextEncoder and TextDecoder, in UTF-8: packages make them when they are loaded.
(function (hide) {
  'use strict';
  class TextEncoder {
    get encoding() {
      return 'utf-8';
    }

    encode(input = '') {
      const text = String(input).toWellFormed();
      // One code unit takes at most three bytes.
      const bytes = new Uint8Array(text.length * 3);
      let at = 0;
      for (const character of text) {
        const point = character.codePointAt(0);
        if (point < 0x80) bytes[at++] = point;
        else if (point < 0x800) {
          bytes[at++] = 0xc0 | (point >> 6);
          bytes[at++] = 0x80 | (point & 63);
        } else if (point < 0x10000) {
          bytes[at++] = 0xe0 | (point >> 12);
          bytes[at++] = 0x80 | ((point >> 6) & 63);
          bytes[at++] = 0x80 | (point & 63);
        } else {
          bytes[at++] = 0xf0 | (point >> 18);
          bytes[at++] = 0x80 | ((point >> 12) & 63);
          bytes[at++] = 0x80 | ((point >> 6) & 63);
          bytes[at++] = 0x80 | (point & 63);
        }
      }
      return bytes.slice(0, at);
    }

    encodeInto(input, target) {
      let read = 0;
      let written = 0;
      for (const character of String(input)) {
        const bytes = this.encode(character);
        if (written + bytes.length > target.length) break;
        target.set(bytes, written);
        written += bytes.length;
        read += character.length;
      }
      return { read, written };
    }
  }

  // How many bytes follow a first byte, the smallest code point of that length, and the first byte's own bits.
  const lead = (byte) => {
    if (byte >= 0xc2 && byte <= 0xdf) return [1, 0x80, byte & 31];
    if (byte >= 0xe0 && byte <= 0xef) return [2, 0x800, byte & 15];
    if (byte >= 0xf0 && byte <= 0xf4) return [3, 0x10000, byte & 7];
    return undefined;
  };

  class TextDecoder {
    #fatal;
    #keepsMark;

    constructor(label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
      if (!/^\s*(?:utf-?8|unicode-1-1-utf-8)\s*$/i.test(label)) throw new RangeError(`TextDecoder knows UTF-8 only, not ${label}`);
      this.#fatal = fatal;
      this.#keepsMark = ignoreBOM;
    }

    get encoding() {
      return 'utf-8';
    }

    get fatal() {
      return this.#fatal;
    }

    get ignoreBOM() {
      return this.#keepsMark;
    }

    decode(input = new Uint8Array(0)) {
      const bytes = ArrayBuffer.isView(input) ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength) : new Uint8Array(input);
      const parts = [];
      for (let at = 0; at < bytes.length; ) {
        const first = bytes[at++];
        if (first < 0x80) {
          parts.push(String.fromCharCode(first));
          continue;
        }
        const read = this.#point(bytes, at, first);
        if (read.point === undefined && this.#fatal) throw new TypeError('the bytes are no UTF-8');
        parts.push(read.point === undefined ? '\ufffd' : String.fromCodePoint(read.point));
        at = read.at;
      }
      const text = parts.join('');
      return !this.#keepsMark && text.startsWith('\ufeff') ? text.slice(1) : text;
    }

    // The code point that begins with `first`; without one, the bytes that belong together are passed over.
    #point(bytes, start, first) {
      const found = lead(first);
      if (found === undefined) return { at: start };
      const [count, least] = found;
      let point = found[2];
      let at = start;
      for (let number = 0; number < count; number += 1, at += 1) {
        const byte = bytes[at];
        if (byte === undefined || (byte & 0xc0) !== 0x80) return { at };
        point = (point << 6) | (byte & 63);
        const rest = 6 * (count - 1 - number);
        const isShort = number === 0 && (point << rest) + (1 << rest) <= least;
        const isSurrogate = number === 0 && count === 2 && point << rest >= 0xd800 && point << rest < 0xe000;
        if (isShort || isSurrogate || point << rest > 0x10ffff) return { at };
      }
      return { point, at };
    }
  }
  hide(globalThis, 'TextEncoder', TextEncoder);
  hide(globalThis, 'TextDecoder', TextDecoder);
});
