// Where the large parts of a checked JSON text end: noted by the check, so that stepping over one is a look-up and not a scan.

/** Lists, maps and strings of at least so many bytes are noted: an eighth of the text's size at most, usually far less. */
export const largeFrom = 64;

export class LargeParts {
  /** Start and end of each part, alternating, in the order of their starts; a part that holds others stands before them. */
  #spans = new Uint32Array(64);
  #length = 0;

  get count(): number {
    return this.#length >> 1;
  }

  start(part: number): number {
    return this.#spans[part * 2]!;
  }

  end(part: number): number {
    return this.#spans[part * 2 + 1]!;
  }

  /** Notes a part; gives its place, for `close`. */
  add(start: number, end: number): number {
    if (this.#length === this.#spans.length) {
      const wider = new Uint32Array(this.#length * 2);
      wider.set(this.#spans);
      this.#spans = wider;
    }
    this.#spans[this.#length] = start;
    this.#spans[this.#length + 1] = end;
    this.#length += 2;
    return (this.#length >> 1) - 1;
  }

  /** Sets the end of a list or map that was added when it was opened. A small one is forgotten, and what it holds is smaller still. */
  close(part: number, end: number): void {
    if (end - this.start(part) < largeFrom) this.#length = part * 2;
    else this.#spans[part * 2 + 1] = end;
  }

  /** First part that starts at `offset` or behind it, from `part` on. */
  firstFrom(offset: number, part = 0): number {
    let low = part;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#spans[middle * 2]! < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** End of the large part that starts here, -1 if none does. */
  endOf(start: number): number {
    const part = this.firstFrom(start);
    return part < this.count && this.start(part) === start ? this.end(part) : -1;
  }

  /** First part that starts at `offset` or behind it, sought step by step from `part` on. */
  firstBehind(part: number, offset: number): number {
    let at = part;
    while (at < this.count && this.#spans[at * 2]! < offset) at++;
    return at;
  }

  /** Appends the parts `[from, to)` of another text, moved by `by` bytes. */
  append(other: LargeParts, from: number, to: number, by: number): void {
    const length = this.#length + (to - from) * 2;
    if (length > this.#spans.length) {
      const wider = new Uint32Array(Math.max(length, this.#spans.length * 2));
      wider.set(this.#spans);
      this.#spans = wider;
    }
    const spans = this.#spans;
    const source = other.#spans;
    let out = this.#length;
    for (let i = from * 2; i < to * 2; i++) spans[out++] = source[i]! + by;
    this.#length = length;
  }
}
