// Numbers and texts that look like a run's and are the same in every run.

/** mulberry32: 32 bits of state, good enough to make data. */
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

const words =
  'the order was shipped on Monday and arrived two days later so I asked the carrier for a proof of delivery which they sent as a "scan" of the signed form\nplease compare both prices before you answer Überweisung заказ 東京'.split(
    ' ',
  );

/** About `length` characters of chat: quotes, line breaks and a few letters beyond ASCII included. */
export function prose(random: () => number, length: number): string {
  let text = '';
  while (text.length < length) text += `${words[Math.floor(random() * words.length)] ?? ''} `;
  return text.slice(0, length);
}
