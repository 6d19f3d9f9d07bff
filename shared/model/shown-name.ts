// A name that came from a store, inside a sentence for people.

/** Characters shown; an id of 10 kB would bury what the sentence says. */
const most = 120;

/** In quotes, on one line, with what would fool a terminal or an eye (controls, changes of direction) as escapes; long ones end in `…`. */
export function shownName(text: string): string {
  const part = text.length > most ? `${text.slice(0, most)}…` : text;
  return JSON.stringify(part).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
