// The loopback host against the requests that it exists to refuse, over real sockets, with a genuine store behind it.

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { encodeMessage } from '../../../shared/contract/rpc/codec.ts';
import { RpcClient } from '../../../shared/contract/rpc/client.ts';
import { closeCodes, connectWebSocket } from '../../../shared/contract/rpc/websocket.ts';
import type { WebHost } from './web-host.ts';
import { startWebHost } from './web-host.ts';

const fixture = fileURLToPath(new URL('../../../fixtures/langgraph-py/py-agent.sqlite', import.meta.url));

let folder: string;
let host: WebHost;
let port: number;
let token: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'forkpoint-web-'));
  mkdirSync(join(folder, 'static', 'assets'), { recursive: true });
  writeFileSync(
    join(folder, 'static', 'index.html'),
    '<meta property="csp-nonce" nonce="__NONCE__"><script type="module" nonce="__NONCE__">',
  );
  writeFileSync(join(folder, 'static', 'assets', 'a-1.js'), 'export {};');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  symlinkSync(join(folder, 'secret.txt'), join(folder, 'static', 'link.txt'));
  cpSync(fixture, join(folder, 'a.sqlite'));
  cpSync(fixture, join(folder, 'other.sqlite'));
  host = await startWebHost({
    stores: [join(folder, 'a.sqlite')],
    port: 0,
    readOnly: true,
    staticFolder: join(folder, 'static'),
    dataFolder: join(folder, 'data'),
    version: '1.2.3',
  });
  const url = new URL(host.url);
  port = Number(url.port);
  token = url.hash.slice('#t='.length);
});

afterAll(async () => {
  await host.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (res) => {
      let body = '';
      res.setEncoding('utf8');
      res.on('data', (text: string) => (body += text));
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body }));
    });
    req.on('error', reject);
    req.end();
  });
}

describe('requests', () => {
  it('serves the page with a nonce of its own, under the policy', async () => {
    const [a, b] = [await ask('/'), await ask('/index.html')];
    const nonces = [a, b].map((answer) => /nonce="([^"]+)"/.exec(answer.body)?.[1] ?? '');
    expect(a.status).toBe(200);
    expect(nonces[0]).not.toBe(nonces[1]);
    expect(a.body).not.toContain('__NONCE__');
    expect(a.headers['content-security-policy']).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonces[0]}'; img-src 'self' data:; font-src 'self'; ` +
        `connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'`,
    );
    expect(a.headers['cross-origin-opener-policy']).toBe('same-origin');
    expect(a.headers['cross-origin-resource-policy']).toBe('same-origin');
    expect(a.headers['x-content-type-options']).toBe('nosniff');
    expect(a.headers['referrer-policy']).toBe('no-referrer');
    expect(Object.keys(a.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('serves built files with their type, and HEAD without a body', async () => {
    const script = await ask('/assets/a-1.js');
    expect([script.status, script.headers['content-type'], script.body]).toEqual([
      200,
      'text/javascript; charset=utf-8',
      'export {};',
    ]);
    expect((await ask('/assets/a-1.js', {}, 'HEAD')).body).toBe('');
  });

  it.each([
    ['rebinding', { host: 'evil.example:80' }],
    ['the right name, another port', { host: '127.0.0.1:1' }],
    ['a name with a loopback suffix', { host: `127.0.0.1.evil.example` }],
  ])('refuses a foreign Host with 421: %s', async (_, headers) => {
    expect((await ask('/', headers)).status).toBe(421);
  });

  it('knows its three names', async () => {
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
      expect((await ask('/', { host: `${name}:${port}` })).status).toBe(200);
    }
  });

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a sandboxed frame', { origin: 'null' }],
    ['a cross-site fetch', { 'sec-fetch-site': 'cross-site' }],
    ['a same-site fetch', { 'sec-fetch-site': 'same-site' }],
  ])('refuses with 403: %s', async (_, headers) => {
    expect((await ask('/', headers)).status).toBe(403);
  });

  it('lets its own page and typed addresses in', async () => {
    expect((await ask('/', { origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    expect((await ask('/', { 'sec-fetch-site': 'none' })).status).toBe(200);
  });

  it('asks for the token where there is something to know', async () => {
    expect((await ask('/status')).status).toBe(401);
    expect((await ask('/status', { authorization: 'Bearer wrong' })).status).toBe(401);
    const good = await ask('/status', { authorization: `Bearer ${token}` });
    expect(good.status).toBe(200);
    expect(JSON.parse(good.body)).toEqual({ version: '1.2.3', pid: process.pid, readOnly: true });
    expect(good.headers['cache-control']).toBe('no-store');
  });

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/link.txt',
    '/%00',
    '/%E0%A4%A',
    '//etc/passwd',
    '/assets',
  ])('has no file outside of its folder: %s', async (path) => {
    const answer = await ask(path);
    expect(answer.status).toBe(404);
    expect(answer.body).not.toContain('secret');
  });

  it('changes nothing by any method', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) expect((await ask('/', {}, method)).status).toBe(405);
  });

  it('hands the token to nobody but its own user', () => {
    const run = join(folder, 'data', 'run');
    const [file] = readdirSync(run);
    expect(file).toBeDefined();
    expect(statSync(join(run, file ?? '')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(run, file ?? ''), 'utf8')).toContain(token);
    expect(Buffer.from(token, 'base64url').length).toBe(32);
  });
});

function socket(headers: Record<string, string> = {}, path = '/rpc'): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
}

/** Resolves with the close code, or with the status of a refused upgrade. */
function ended(ws: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    ws.on('close', (code) => resolve(code));
    ws.on('unexpected-response', (_, response) => {
      resolve(response.statusCode ?? 0);
      ws.terminate();
    });
    ws.on('error', () => undefined);
  });
}

function client(): RpcClient {
  return new RpcClient(() => connectWebSocket(socket({ origin: `http://127.0.0.1:${port}` }), token), {
    checkResults: true,
    retryMillis: [],
  });
}

describe('the WebSocket', () => {
  it.each([
    [421, { host: 'evil.example' }],
    [403, { origin: 'https://evil.example' }],
    [403, { origin: 'null' }],
    [403, { 'sec-fetch-site': 'cross-site' }],
  ])('refuses the upgrade with %i: %o', async (status, headers) => {
    expect(await ended(socket(headers))).toBe(status);
  });

  it('is at one path only', async () => {
    expect(await ended(socket({}, '/other'))).toBe(404);
  });

  it('ends without a token after two seconds', async () => {
    const began = performance.now();
    expect(await ended(socket())).toBe(closeCodes.token);
    expect(performance.now() - began).toBeGreaterThan(1900);
  });

  it.each([
    ['a wrong token', JSON.stringify({ token: 'x' })],
    ['no JSON', 'hello'],
    ['a very long greeting', JSON.stringify({ token: 'x'.repeat(5000) })],
    ['a call before the token', encodeMessage({ t: 'call', id: 1, method: 'host.info', params: {}, progress: false })],
  ])('ends on %s, and answers nothing', async (_, greeting) => {
    const ws = socket();
    const heard: unknown[] = [];
    ws.on('message', (data) => heard.push(data));
    ws.on('open', () => ws.send(greeting));
    expect(await ended(ws)).toBe(closeCodes.token);
    expect(heard).toEqual([]);
  });

  it('ends on a message that is not of the protocol, and the host lives on', async () => {
    for (const garbage of [Buffer.from([1, 2, 3]), Buffer.alloc(64, 0xff), 'text']) {
      const ws = socket();
      ws.on('open', () => ws.send(JSON.stringify({ token })));
      ws.once('message', () => ws.send(garbage));
      expect(await ended(ws)).toBe(closeCodes.malformed);
    }
    const live = client();
    expect((await live.call('host.info', {})).version).toBe('1.2.3');
    live.close();
  });

  it('ends on a message that is too large', async () => {
    const ws = socket();
    ws.on('open', () => ws.send(JSON.stringify({ token })));
    ws.once('message', () => ws.send(Buffer.alloc((16 << 20) + 1)));
    expect(await ended(ws)).toBe(1009);
  });

  it('lives on when a peer speaks no WebSocket at all', async () => {
    const raw = connect(port, '127.0.0.1');
    raw.write(
      `GET /rpc HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\xff\xff`,
    );
    await new Promise((resolve) => raw.on('close', resolve).on('error', resolve).resume());
    expect((await ask('/')).status).toBe(200);
  });

  it('serves the store that was named, and no other', async () => {
    const c = client();
    const [open] = await c.call('stores.list', {});
    expect(open?.info.path).toBe(join(folder, 'a.sqlite'));
    expect(open?.info.writable).toBe(false);
    const again = await c.call('stores.open', { path: join(folder, 'a.sqlite') });
    expect(again.store).toBe(open?.store);
    for (const path of [
      join(folder, 'other.sqlite'),
      join(folder, 'static', '..', 'other.sqlite'),
      '/etc/passwd',
      join(folder, 'a.sqlite', '..', 'data'),
    ]) {
      await expect(c.call('stores.open', { path })).rejects.toMatchObject({ code: 'unable' });
    }
    c.close();
  });

  it('writes nothing when started read-only', async () => {
    const c = client();
    const [open] = await c.call('stores.list', {});
    const store = open?.store ?? '';
    const { rows } = await c.call('threads.list', { store, search: '', status: null, from: 0, count: 1 });
    const key = rows[0]?.detail?.head ?? '';
    const args = {
      operation: 'fork' as const,
      key,
      edits: [],
      target: { kind: 'thread' as const, thread: null },
      pending: null,
      leave: [],
    };
    const before = readFileSync(join(folder, 'a.sqlite'));
    const { plan } = await c.call('operation.plan', { store, args });
    await expect(c.call('operation.commit', { store, args, expect: plan.planId })).rejects.toMatchObject({
      code: 'unable',
    });
    expect(readFileSync(join(folder, 'a.sqlite')).equals(before)).toBe(true);
    expect(existsSync(join(folder, 'data', 'operations.jsonl'))).toBe(false);
    c.close();
  });
});
