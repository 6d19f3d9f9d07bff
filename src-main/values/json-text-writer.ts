// Writes JSON text piece by piece: commas, indentation as JSON.stringify has them, and an optional end to the length.

/** Lines deeper than this are indented no further: indentation must not grow with the square of the depth. */
const deepestIndent = 64;

export class JsonTextWriter {
  readonly #indent: number;
  readonly #limit: number;
  #out = '';
  /** Entries written so far, per open list or object. */
  readonly #counts: number[] = [];
  readonly #closers: ('}' | ']')[] = [];
  #named = false;

  constructor(indent: number, limit: number) {
    this.#indent = indent;
    this.#limit = limit;
  }

  /** True once the text is longer than the limit: the rest need not be written. */
  get full(): boolean {
    return this.#out.length > this.#limit;
  }

  #line(depth: number): void {
    if (this.#indent > 0) this.#out += `\n${' '.repeat(this.#indent * Math.min(depth, deepestIndent))}`;
  }

  #entry(): void {
    if (this.#named) {
      this.#named = false;
      return;
    }
    const depth = this.#counts.length;
    if (depth === 0) return;
    const written = this.#counts[depth - 1] ?? 0;
    if (written > 0) this.#out += ',';
    this.#counts[depth - 1] = written + 1;
    this.#line(depth);
  }

  /** A scalar, already JSON. */
  raw(json: string): void {
    this.#entry();
    this.#out += json;
  }

  name(text: string): void {
    this.#entry();
    this.#out += this.#indent > 0 ? `${JSON.stringify(text)}: ` : `${JSON.stringify(text)}:`;
    this.#named = true;
  }

  beginObject(): void {
    this.#begin('{', '}');
  }

  beginList(): void {
    this.#begin('[', ']');
  }

  #begin(opener: '{' | '[', closer: '}' | ']'): void {
    this.#entry();
    this.#out += opener;
    this.#counts.push(0);
    this.#closers.push(closer);
  }

  end(): void {
    const written = this.#counts.pop() ?? 0;
    if (written > 0) this.#line(this.#counts.length);
    this.#out += this.#closers.pop() ?? '';
  }

  /** The text; cut at the limit it ends in `…` and is no JSON. */
  done(): string {
    return this.full ? `${this.#out.slice(0, this.#limit).toWellFormed()}…` : this.#out;
  }
}
