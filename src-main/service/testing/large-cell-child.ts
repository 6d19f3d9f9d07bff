// Run as a process of its own: opens a store whose head is one enormous cell, lists, opens windows of the state, and prints what it
// saw with the most memory that it took.

import { Service } from '../service.ts';

const [path, dataFolder] = process.argv.slice(2);
if (path === undefined || dataFolder === undefined) process.exit(2);
const before = process.resourceUsage().maxRSS;
const service = new Service({ version: '1', readOnly: true, dataFolder, live: false });
const context = { signal: new AbortController().signal, progress: () => undefined };
const call = (method: string, params: object): Promise<unknown> => service.call(method, params, context);
const store = service.openPath(path);
const at = { store: store.id };

const ask = { ...at, search: '', status: null, from: 0, count: 100 };
await store.threads.settled();
const list = await call('threads.list', ask);
const thread = 'agent-pending';
const key = (await store.threads.thread(thread, context.signal))?.head ?? '';
await call('lineage.page', { ...at, thread, known: null });
const where = { ...at, key, applied: false };
const root = await call('state.children', { ...where, path: [], from: 0, count: 50 });
const middle = await call('state.children', { ...where, path: [1], from: 1_000, count: 20 });
const text = await call('state.text', { ...where, path: [1, 1_999], from: 99_990, count: 100 });
for (let i = 0; i < 20; i++) await call('state.children', { ...where, path: [1], from: i * 100, count: 50 });
const { maxRSS } = process.resourceUsage();
process.stdout.write(JSON.stringify({ list, root, middle, text, before, maxRSS }));
service.close();
