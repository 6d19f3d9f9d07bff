// What a format that does everything can do: command names of the terminal, and `live`.

/** Commands that change a store; `undo`, which takes back what they did, needs one of them first. */
export const changingCapabilities: readonly string[] = ['fork', 'edit', 'import', 'copy', 'rename', 'delete'];

export const everyCapability: readonly string[] = [
  'info',
  'threads',
  'log',
  'show',
  'pending',
  'diff',
  'fork',
  'edit',
  'export',
  'import',
  'copy',
  'rename',
  'delete',
  'operations',
  'undo',
  'live',
];
