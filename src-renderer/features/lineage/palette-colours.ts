// The tokens as colours that a canvas understands: asked from the browser once per scheme, since `light-dark()` resolves only in a style.

import { useEffect, useState } from 'react';

const names = [
  'bg',
  'panel',
  'raise',
  'line',
  'line2',
  'text',
  'dim',
  'faint',
  'accent',
  'waiting',
  'failed',
  'finished',
  'running',
  'armed',
  'idle',
  'orphaned',
] as const;
type Name = (typeof names)[number];

export interface Colours {
  readonly of: Readonly<Record<Name, string>>;
  /** Eight hues in full strength, and dimmed. */
  readonly branch: readonly string[];
  readonly branchDim: readonly string[];
}

function read(): Colours {
  const probe = document.createElement('span');
  probe.hidden = true;
  document.body.append(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const of = Object.fromEntries(names.map((n) => [n, colour(n)])) as Record<Name, string>;
  const hues = [0, 1, 2, 3, 4, 5, 6, 7];
  const made = { of, branch: hues.map((h) => colour(`b${h}`)), branchDim: hues.map((h) => colour(`b${h}d`)) };
  probe.remove();
  return made;
}

export function useColours(): Colours {
  const [colours, setColours] = useState(read);
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const onChange = (): void => setColours(read());
    dark.addEventListener('change', onChange);
    return () => dark.removeEventListener('change', onChange);
  }, []);
  return colours;
}
