// Texts that look like a run's and are the same in every run.

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
