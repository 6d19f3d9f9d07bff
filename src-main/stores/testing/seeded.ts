// Random numbers that are the same in every run and everywhere, for damage and for made data.

/** mulberry32: 32 bits of state; gives numbers from 0 to below 1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** Integers from 0 to below `n`. */
export type Integers = (n: number) => number;

export function integers(seed: number): Integers {
  const next = seeded(seed);
  return (n) => Math.floor(next() * n);
}
