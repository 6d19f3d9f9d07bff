// What is read from short texts that stand in many rows: read once.

const kept = 256;
const longest = 1024;

export class KnownTexts<T> {
  readonly #read: (text: string) => T;
  readonly #known = new Map<string, T>();

  /** `read` must depend on the text alone; whoever gets its result must not change it. */
  constructor(read: (text: string) => T) {
    this.#read = read;
  }

  of(text: string): T {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const value = this.#read(text);
    if (text.length > longest) return value;
    if (this.#known.size === kept) this.#known.clear();
    this.#known.set(text, value);
    return value;
  }
}
