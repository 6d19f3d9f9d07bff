// The key of an encrypted store: AES in EAX mode, as LangGraph's `EncryptedSerializer` writes cells with pycryptodome.
// A cell is a nonce of 16 bytes, a tag of 16 bytes, and the ciphertext. A cell whose tag does not fit is not opened.
//
// EAX (Bellare, Rogaway, Wagner): CTR encryption from the OMAC of the nonce; the tag is the XOR of the OMACs of nonce, header and
// ciphertext. LangGraph uses no header.

import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto';
import { ForkpointError } from '../../../shared/model/errors.ts';

/** The name that `type` has behind its `+` for this cipher. */
export const aesCipher = 'aes';

const block = 16;
/** Of a new cell. */
export const nonceBytes = block;
const chunk = 1 << 20;

/** Doubling in GF(2^128), which gives the two subkeys of OMAC. */
function doubled(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(block);
  let carry = 0;
  for (let i = block - 1; i >= 0; i--) {
    const byte = bytes[i] ?? 0;
    out[i] = ((byte << 1) | carry) & 0xff;
    carry = byte >> 7;
  }
  if (carry === 1) out[block - 1] = (out[block - 1] ?? 0) ^ 0x87;
  return out;
}

const xored = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, i) => byte ^ (b[i] ?? 0));

export class CellKey {
  readonly #key: Uint8Array;
  readonly #bits: 128 | 192 | 256;
  readonly #whole: Uint8Array;
  readonly #padded: Uint8Array;

  /** `text` as LangGraph takes it from `LANGGRAPH_AES_KEY`: 16, 24 or 32 bytes of UTF-8. Throws `bad_value` for any other length. */
  constructor(text: string) {
    this.#key = new TextEncoder().encode(text);
    const bits = this.#key.length * 8;
    if (bits !== 128 && bits !== 192 && bits !== 256) {
      throw new ForkpointError(
        'bad_value',
        'A key of LangGraph has 16, 24 or 32 bytes; this one has another length. Nothing was changed.',
        'Give the key exactly as the program has it in LANGGRAPH_AES_KEY.',
      );
    }
    this.#bits = bits;
    const cipher = createCipheriv(`aes-${bits}-ecb`, this.#key, null).setAutoPadding(false);
    this.#whole = doubled(cipher.update(new Uint8Array(block)));
    this.#padded = doubled(this.#whole);
  }

  /** OMAC of a message behind a block that holds `tweak`. */
  #omac(tweak: number, message: Uint8Array): Uint8Array {
    const first = new Uint8Array(block);
    first[block - 1] = tweak;
    const cbc = createCipheriv(`aes-${this.#bits}-cbc`, this.#key, new Uint8Array(block)).setAutoPadding(false);
    if (message.length === 0) return cbc.update(xored(first, this.#whole));
    cbc.update(first);
    const lastFrom = Math.floor((message.length - 1) / block) * block;
    for (let at = 0; at < lastFrom; at += chunk) cbc.update(message.subarray(at, Math.min(at + chunk, lastFrom)));
    const rest = message.subarray(lastFrom);
    const last = new Uint8Array(block);
    last.set(rest);
    if (rest.length < block) last[rest.length] = 0x80;
    return cbc.update(xored(last, rest.length === block ? this.#whole : this.#padded));
  }

  #tag(start: Uint8Array, ciphertext: Uint8Array): Uint8Array {
    return xored(xored(start, this.#omac(1, new Uint8Array())), this.#omac(2, ciphertext));
  }

  /** What a cell holds; null if it was not written with this key, or is damaged. */
  open(cell: Uint8Array): Uint8Array | null {
    if (cell.length < 2 * block) return null;
    const ciphertext = cell.subarray(2 * block);
    const start = this.#omac(0, cell.subarray(0, block));
    if (!timingSafeEqual(this.#tag(start, ciphertext), cell.subarray(block, 2 * block))) return null;
    return createDecipheriv(`aes-${this.#bits}-ctr`, this.#key, start).update(ciphertext);
  }

  /** A cell that holds `plain`; `nonce` are 16 bytes that were never used with this key. */
  seal(plain: Uint8Array, nonce: Uint8Array): Uint8Array {
    const start = this.#omac(0, nonce);
    const ciphertext = createCipheriv(`aes-${this.#bits}-ctr`, this.#key, start).update(plain);
    return Buffer.concat([nonce, this.#tag(start, ciphertext), ciphertext]);
  }
}
