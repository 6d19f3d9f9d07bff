// Holds imports to the layers of docs/architecture.md: an allowlist of from → to, and no cycles. Fails if it scanned nothing.

import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Longest prefix wins. Each layer may import itself and what is listed; nothing else. */
const layers: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  'src-main/values': ['shared'],
  'src-main/stores': ['src-main/values', 'shared'],
  'src-main/analysis': ['src-main/stores', 'src-main/values', 'shared'],
  'src-main/operations': ['src-main/stores', 'src-main/values', 'shared'],
  'src-main/service': ['src-main/operations', 'src-main/analysis', 'src-main/stores', 'src-main/values', 'shared'],
  'src-main/hosts/electron': ['src-main/service', 'shared'],
  'src-main/hosts/web': ['src-main/service', 'shared'],
  'src-main/hosts/cli': ['src-main/service', 'shared'],
  'src-main/start': ['src-main/hosts', 'src-main/service', 'shared'],
  'src-renderer': ['shared'],
};
const folders = ['shared', 'src-main', 'src-renderer'];

/** Packages that only one place may import by value. */
const confined: readonly { name: RegExp; allowed: RegExp }[] = [
  { name: /^electron$/, allowed: /^src-main\/hosts\/electron\// },
  { name: /^better-sqlite3$/, allowed: /^src-main\/stores\/sqlite\// },
  { name: /^node:sqlite$/, allowed: /^src-main\/stores\/sqlite\// },
  { name: /^react|^@xyflow|^zustand|^@base-ui|^cmdk|^@codemirror/, allowed: /^src-renderer\// },
];
/** Symbols that only one file may name. */
const confinedSymbols: readonly { symbol: RegExp; allowed: string }[] = [
  { symbol: /\bipcMain\b/, allowed: 'src-main/hosts/electron/ipc.ts' },
  { symbol: /\bipcRenderer\b/, allowed: 'src-main/hosts/electron/preload.ts' },
];

function layerOf(path: string): string | null {
  let best: string | null = null;
  for (const layer of Object.keys(layers)) {
    if ((path === layer || path.startsWith(`${layer}/`)) && layer.length > (best?.length ?? 0)) best = layer;
  }
  return best;
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((f) => `${folder}/${f.replaceAll('\\', '/')}`)
    .filter((f) => /\.(ts|tsx)$/.test(f) && !f.endsWith('.d.ts'));
}

const files = folders.flatMap(sources);
const problems: string[] = [];
const graph = new Map<string, string[]>();
let edges = 0;

for (const file of files) {
  const text = readFileSync(join(root, file), 'utf8');
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const isTest = /\.test\.tsx?$/.test(file) || file.includes('/testing/');
  const from = layerOf(file);
  if (from === null) {
    problems.push(`${file}: lies in no layer`);
    continue;
  }
  for (const match of code.matchAll(
    /(?:import|export)\s+(type\s)?[^'";]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|import\s*['"]([^'"]+)['"]/g,
  )) {
    const typeOnly = match[1] !== undefined;
    const spec = match[2] ?? match[3] ?? match[4] ?? '';
    edges++;
    if (spec.startsWith('.')) {
      const target = normalize(join(dirname(file), spec)).replaceAll('\\', '/');
      const to = layerOf(target);
      if (!isTest && to !== from && to !== null && !(layers[from] ?? []).some((l) => target.startsWith(`${l}/`))) {
        problems.push(`${file}: ${from} may not import ${to} (${spec})`);
      }
      if (!typeOnly) graph.set(file, [...(graph.get(file) ?? []), target]);
    } else if (!isTest && !typeOnly) {
      for (const rule of confined) {
        if (rule.name.test(spec) && !rule.allowed.test(file))
          problems.push(`${file}: ${spec} may not be imported here`);
      }
    }
  }
  if (!isTest) {
    for (const rule of confinedSymbols) {
      if (rule.symbol.test(code) && file !== rule.allowed)
        problems.push(`${file}: names ${rule.symbol.source}, which only ${rule.allowed} may`);
    }
  }
}

const done = new Set<string>();
function visit(file: string, stack: readonly string[]): void {
  const at = stack.indexOf(file);
  if (at >= 0) {
    problems.push(`import cycle: ${[...stack.slice(at), file].join(' → ')}`);
    return;
  }
  if (done.has(file)) return;
  for (const next of graph.get(file) ?? []) visit(next, [...stack, file]);
  done.add(file);
}
for (const file of graph.keys()) visit(file, []);

if (files.length < 20 || edges < 40)
  problems.push(`only ${files.length} files and ${edges} imports scanned: the check itself is broken`);
for (const p of problems) console.error(p);
console.log(`layers: ${files.length} files, ${edges} imports, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
