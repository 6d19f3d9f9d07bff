// The comforts that any page has: downloads by link, the clipboard, links to itself. The web host uses them as they are.

import type { Host } from './host.ts';

export const browserComforts: Omit<Host, 'connect'> = {
  chooseStore: null,
  pathOfDrop: null,
  async save(name, type, chunks) {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    const url = URL.createObjectURL(new Blob(parts, { type }));
    const link = document.createElement('a');
    link.href = url;
    link.download = name;
    link.click();
    // The download holds the blob; the address may go once it has begun.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    return true;
  },
  async copy(text) {
    await navigator.clipboard.writeText(text);
  },
  onOpen: () => () => {},
  onDocument: () => () => {},
  menus: null,
  noteOpened: () => {},
  linkOf: (query) => `${location.origin}${location.pathname}#${query}`,
};
