// How long the last read took, for the status bar.

import { create } from 'zustand';

export const useReads = create<{ readonly last: number | null }>()(() => ({ last: null }));

export function noteRead(millis: number): void {
  useReads.setState({ last: Math.round(millis) });
}
