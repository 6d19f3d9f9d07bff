// Rust source as the snippets for carrying on show it.

/** A Rust string literal of any text: what would end the literal, or fool a terminal or an eye, as escapes. */
export function rustText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what must be escaped
  const escaped = text.replace(/["\\\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (c) => {
    if (c === '"' || c === '\\') return `\\${c}`;
    return `\\u{${c.charCodeAt(0).toString(16)}}`;
  });
  return `"${escaped}"`;
}
