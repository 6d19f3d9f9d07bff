// Pictures inside states: only what begins like a raster image is drawn, from a data: address. SVG and everything else stays text.

export interface Picture {
  readonly mime: string;
  readonly base64: string;
}

/** First bytes of the formats that are drawn, as base64 prefixes. */
const signatures: readonly (readonly [string, RegExp])[] = [
  ['image/png', /^iVBORw0KGgo/],
  ['image/jpeg', /^\/9j\//],
  ['image/gif', /^R0lGOD[dl]h/],
  ['image/webp', /^UklGR.{7}RUJQ/],
  ['image/bmp', /^Qk[0-9a-zA-Z+/]{6}A{4}/],
];

/** The picture that a text holds (bare base64, or a data: address of a raster type), null if it is none. Looks at the beginning only. */
export function pictureIn(text: string): Picture | null {
  const address = /^data:image\/(?:png|jpe?g|gif|webp|bmp);base64,/i.exec(text);
  const base64 = address === null ? text : text.slice(address[0].length);
  for (const [mime, begins] of signatures) {
    if (begins.test(base64.slice(0, 64))) return { mime, base64 };
  }
  return null;
}

/** The address for an <img>; null when the rest of the text is not base64. */
export function pictureAddress(picture: Picture): string | null {
  const base64 = picture.base64.replace(/\s+/g, '');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? `data:${picture.mime};base64,${base64}` : null;
}
