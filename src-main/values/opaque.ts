// A whole cell that cannot be read without running code or a key: pickled or encrypted. Shown by size, copied, never interpreted.

import type { Cursor, Encoding } from './cursor.ts';

export class OpaqueCursor implements Cursor {
  /** Opaque cells live in stores of the binary dialect. */
  readonly encoding: Encoding = 'msgpack';
  readonly kind = 'opaque';
  readonly source: Uint8Array;
  readonly start = 0;
  readonly end: number;
  readonly count = 0;
  readonly floatWidth = 0;
  readonly object = null;
  readonly extCode = null;
  readonly opaqueEncoding: string;
  readonly opaqueClass: string | null;

  constructor(opaqueEncoding: string, bytes: Uint8Array, opaqueClass: string | null = null) {
    this.opaqueEncoding = opaqueEncoding;
    this.opaqueClass = opaqueClass;
    this.source = bytes;
    this.end = bytes.length;
  }

  slice(): Uint8Array {
    return this.source;
  }

  payload(): Uint8Array {
    return this.source;
  }

  child(ordinal: number): never {
    throw new RangeError(`no child ${ordinal} in an opaque value`);
  }

  childStart(ordinal: number): never {
    return this.child(ordinal);
  }

  childEnd(ordinal: number): never {
    return this.child(ordinal);
  }

  key(): never {
    throw new TypeError('an opaque value has no keys');
  }

  ordinalOf(): number {
    return -1;
  }

  get(): null {
    return null;
  }

  isUnicode(): boolean {
    return false;
  }

  text(): never {
    throw new TypeError('an opaque value has no text');
  }

  bool(): never {
    throw new TypeError('an opaque value is not a boolean');
  }

  lexeme(): never {
    throw new TypeError('an opaque value is not a number');
  }

  approximate(): never {
    throw new TypeError('an opaque value is not a number');
  }
}
