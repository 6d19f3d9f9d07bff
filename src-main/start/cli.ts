#!/usr/bin/env node
// The terminal's entry. It asks for the right Node before anything is loaded: an older one would end inside a native module.

import process from 'node:process';

const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  console.error(
    `Forkpoint runs on Node 24 or newer, and this is Node ${process.versions.node}; nothing was opened. Run it with a newer Node (in a checkout: \`npm ci\`, then \`npm run --silent forkpoint -- …\`).`,
  );
  process.exit(1);
}
await import('./terminal.ts');
