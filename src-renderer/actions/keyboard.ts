// From key presses to actions. Text fields keep their own keys; whoever handles a key first calls preventDefault and is left alone.

import { useMessages } from '../state/messages.ts';
import { possibleActions } from './action.ts';
import type { Action } from './action.ts';

const mac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.userAgent);

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** True if `press` is `shortcut`. Shift is part of it for named keys and letters, not for signs that need it to be typed (`?`, `/`). */
export function matchesShortcut(press: KeyPress, shortcut: string, onMac = mac): boolean {
  const parts = shortcut.split(/\+(?=.)/);
  const key = parts.pop() ?? '';
  const mod = onMac ? press.metaKey : press.ctrlKey;
  const other = onMac ? press.ctrlKey : press.metaKey;
  if (other || press.altKey !== parts.includes('Alt') || mod !== parts.includes('Mod')) return false;
  const sign = key.length === 1 && key.toLowerCase() === key.toUpperCase();
  if (!sign && press.shiftKey !== parts.includes('Shift')) return false;
  return key.length === 1 ? press.key.toLowerCase() === key.toLowerCase() : press.key === (key === 'Space' ? ' ' : key);
}

/** The shortcut as people read it. */
export function shortcutText(shortcut: string, onMac = mac): string {
  const signs: Readonly<Record<string, string>> = {
    Mod: onMac ? '⌘' : 'Ctrl',
    Shift: onMac ? '⇧' : 'Shift',
    Alt: onMac ? '⌥' : 'Alt',
    ArrowLeft: '←',
    ArrowRight: '→',
    ArrowUp: '↑',
    ArrowDown: '↓',
    Escape: 'Esc',
  };
  return shortcut
    .split(/\+(?=.)/)
    .map((part) => signs[part] ?? (part.length === 1 ? part.toUpperCase() : part))
    .join(onMac ? '' : ' ');
}

const typing = 'input, textarea, select, [contenteditable="true"], .cm-editor';
/** Inside these only their own keys count; the window behind them is not reachable. */
const modal = '[role="dialog"], [role="alertdialog"], [role="menu"]';

export function performAction(action: Action): void {
  try {
    const result = action.perform();
    if (result instanceof Promise) result.catch((thrown: unknown) => useMessages.getState().sayError(thrown));
  } catch (thrown) {
    useMessages.getState().sayError(thrown);
  }
}

/** Listens on the document; returns the way to stop. */
export function listenToKeys(): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest(modal) != null || document.querySelector('[data-modal-open]') !== null) return;
    const inText = target?.closest(typing) != null;
    // Space and Enter on a button press the button.
    if ((event.key === ' ' || event.key === 'Enter') && target?.closest('button, a, [role="tab"]') != null) return;
    for (const action of possibleActions()) {
      for (const shortcut of action.shortcut ?? []) {
        if (!matchesShortcut(event, shortcut)) continue;
        if (inText && !shortcut.includes('Mod+')) continue;
        // In a text field Ctrl+Z and Ctrl+C are the field's.
        if (inText && /^Mod\+(z|c|x|v|a)$/i.test(shortcut)) continue;
        event.preventDefault();
        performAction(action);
        return;
      }
    }
  };
  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}
