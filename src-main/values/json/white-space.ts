// White space between the tokens of a JSON text.

/** Behind JSON's white space. */
export function skipSpace(b: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end) {
    const c = b[i]!;
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) break;
    i++;
  }
  return i;
}
