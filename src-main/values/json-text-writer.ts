// Writes JSON text piece by piece: commas, indentation as JSON.stringify has them, and an optional end to the length.

/** Lines deeper than this are indented no further: indentation must not grow with the square of the depth. */
const deepestIndent = 64;

const piecesPerChunk = 4096;

export class JsonTextWriter {
  readonly #indent: number;
  readonly #limit: number;
  /** Pieces not yet joined. A growing string would be a rope of a million nodes, and collecting it most of the work. */
  #pieces: string[] = [];
  readonly #chunks: string[] = [];
  #length = 0;
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
    return this.#length > this.#limit;
  }

  #put(text: string): void {
    this.#length += text.length;
    if (this.#pieces.push(text) === piecesPerChunk) {
      this.#chunks.push(this.#pieces.join(''));
      this.#pieces = [];
    }
  }

  #line(depth: number): void {
    if (this.#indent > 0) this.#put(`\n${' '.repeat(this.#indent * Math.min(depth, deepestIndent))}`);
  }

  #entry(): void {
    if (this.#named) {
      this.#named = false;
      return;
    }
    const depth = this.#counts.length;
    if (depth === 0) return;
    const written = this.#counts[depth - 1] ?? 0;
    if (written > 0) this.#put(',');
    this.#counts[depth - 1] = written + 1;
    this.#line(depth);
  }

  /** A scalar, already JSON. */
  raw(json: string): void {
    this.#entry();
    this.#put(json);
  }

  name(text: string): void {
    this.#entry();
    this.#put(this.#indent > 0 ? `${JSON.stringify(text)}: ` : `${JSON.stringify(text)}:`);
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
    this.#put(opener);
    this.#counts.push(0);
    this.#closers.push(closer);
  }

  end(): void {
    const written = this.#counts.pop() ?? 0;
    if (written > 0) this.#line(this.#counts.length);
    this.#put(this.#closers.pop() ?? '');
  }

  /** The text; cut at the limit it ends in `…` and is no JSON. */
  done(): string {
    const text = this.#chunks.join('') + this.#pieces.join('');
    return this.full ? `${text.slice(0, this.#limit).toWellFormed()}…` : text;
  }
}
