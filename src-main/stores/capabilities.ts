// What a format that does everything can do: command names of the terminal, and `live`.

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
  'operations',
  'undo',
  'live',
];
