// Events of the service: typed at the source, handed on as they are.

import type { EventName, EventOf } from '../../shared/contract/methods.ts';
import { events } from '../../shared/contract/methods.ts';

export class EventSource {
  readonly #listeners = new Map<EventName, Set<(payload: unknown) => void>>();

  emit<E extends EventName>(event: E, payload: EventOf<E>): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(payload);
  }

  /** Null when there is no such event. `call.progress` has no listeners here: it belongs to its call. */
  on(event: string, listener: (payload: unknown) => void): (() => void) | null {
    if (!isEvent(event)) return null;
    let set = this.#listeners.get(event);
    if (set === undefined) this.#listeners.set(event, (set = new Set()));
    const listeners = set.add(listener);
    return () => listeners.delete(listener);
  }
}

function isEvent(name: string): name is EventName {
  return Object.hasOwn(events, name);
}
