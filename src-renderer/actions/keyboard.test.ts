// Shortcuts mean the same keys on every system.

import { describe, expect, it } from 'vitest';
import { matchesShortcut, shortcutText } from './keyboard.ts';
import type { KeyPress } from './keyboard.ts';

const press = (key: string, held: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
});

describe('shortcuts', () => {
  it('Mod is Ctrl, and Cmd on a Mac, and never the other one', () => {
    expect(matchesShortcut(press('k', { ctrlKey: true }), 'Mod+k', false)).toBe(true);
    expect(matchesShortcut(press('k', { metaKey: true }), 'Mod+k', false)).toBe(false);
    expect(matchesShortcut(press('k', { metaKey: true }), 'Mod+k', true)).toBe(true);
    expect(matchesShortcut(press('k', { ctrlKey: true }), 'Mod+k', true)).toBe(false);
  });

  it('a plain key is not its combination', () => {
    expect(matchesShortcut(press('f'), 'f', false)).toBe(true);
    expect(matchesShortcut(press('f', { ctrlKey: true }), 'f', false)).toBe(false);
    expect(matchesShortcut(press('ArrowLeft', { shiftKey: true }), 'ArrowLeft', false)).toBe(false);
    expect(matchesShortcut(press('ArrowLeft', { shiftKey: true }), 'Shift+ArrowLeft', false)).toBe(true);
  });

  it('signs match however they are typed; Space is a name', () => {
    expect(matchesShortcut(press('/', { shiftKey: true }), '/', false)).toBe(true);
    expect(matchesShortcut(press('+', { shiftKey: true }), '+', false)).toBe(true);
    expect(matchesShortcut(press(' '), 'Space', false)).toBe(true);
  });

  it('reads as people write it', () => {
    expect(shortcutText('Mod+k', false)).toBe('Ctrl K');
    expect(shortcutText('Mod+k', true)).toBe('⌘K');
    expect(shortcutText('Shift+ArrowLeft', false)).toBe('Shift ←');
  });
});
