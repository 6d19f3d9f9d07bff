// Which channels a framework keeps for itself. They are part of the state and always shown, but last and quietly: nobody debugs them first.

/** True for the usual spellings of routing channels: `branch:to:tools`, `join:a+b:c`, `__pregel_tasks`, `__start__`. */
export const isPlumbing = (channel: string): boolean => /^(?:__|branch:|join:)/.test(channel);
