// What a store looked like when it was last asked for changes: kept under a token, so that the next question costs a comparison.

import { letGo } from './let-go.ts';

/** Pictures kept; a token that is older is answered as if nothing were known. */
const keptPictures = 16;

export class Pictures<Picture> {
  readonly #kept = new Map<string, Picture>();
  #taken = 0;

  /** Keeps the picture of now; gives its token, and the picture that `token` stands for while that is kept. */
  take(now: Picture, token: string | null): { readonly token: string; readonly earlier: Picture | undefined } {
    const earlier = token === null ? undefined : this.#kept.get(token);
    this.#taken += 1;
    const next = `${this.#taken}`;
    this.#kept.set(next, now);
    letGo(this.#kept, keptPictures);
    return { token: next, earlier };
  }
}
