// Watching a place: the operating system's signal where there is one, and a cheap poll beside it (network and container file
// systems send no signals). Both only ask the backend's probe whether its version moved; nothing is opened or locked.

import { watch, type FSWatcher } from 'node:fs';

export type PlaceEvent = 'changed' | 'replaced' | 'gone';

/** A version, or that the place went away or was replaced. */
export type Probe = () => { readonly presence: 'here' | 'gone' | 'replaced'; readonly version: string };

/** Milliseconds from a signal to the look: a commit touches several files in a row. */
const settle = 25;
/**
 * Milliseconds between two changes that are told, longer where the answer to one is costly: a writer that commits a thousand times
 * a second must not be slowed by whoever follows it on the same cores. The first change after a pause is told at once.
 */
const tellEvery = 250;
const tellShare = 12;
/** Milliseconds between polls, longer where a look is costly: at most a thirtieth of the time goes into looking. */
const pollEvery = 100;
const pollShare = 30;

/** Calls back when the probe's answer moves. `folder` is what the system is asked to watch. Returns the stop function. */
export function watchPlace(folder: string, probe: Probe, onChange: (event: PlaceEvent) => void): () => void {
  let stopped = false;
  let last = probe();
  let signal: NodeJS.Timeout | null = null;
  let poll: NodeJS.Timeout | null = null;
  let watcher: FSWatcher | null = null;

  let quietUntil = 0;

  const look = (): void => {
    if (stopped || performance.now() < quietUntil) return;
    const now = probe();
    if (now.presence === last.presence && now.version === last.version) return;
    last = now;
    const before = performance.now();
    onChange(now.presence === 'here' ? 'changed' : now.presence);
    quietUntil = before + Math.max(tellEvery, (performance.now() - before) * tellShare);
  };
  const again = (): void => {
    if (stopped) return;
    const before = performance.now();
    look();
    const cost = performance.now() - before;
    poll = setTimeout(again, Math.max(pollEvery, cost * pollShare));
    poll.unref();
  };
  const onSignal = (): void => {
    if (signal !== null || stopped) return;
    signal = setTimeout(
      () => {
        signal = null;
        look();
      },
      Math.max(settle, quietUntil - performance.now()),
    );
    signal.unref();
  };

  try {
    watcher = watch(folder, { persistent: false }, onSignal);
    // A folder that goes away ends the signals; the poll goes on and tells it.
    watcher.on('error', () => watcher?.close());
  } catch {
    // No signals to be had here (too many watches, or a file system without them): the poll alone.
    watcher = null;
  }
  poll = setTimeout(again, pollEvery);
  poll.unref();

  return () => {
    stopped = true;
    watcher?.close();
    if (signal !== null) clearTimeout(signal);
    if (poll !== null) clearTimeout(poll);
  };
}
