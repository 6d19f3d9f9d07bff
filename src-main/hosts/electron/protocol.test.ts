import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentSecurityPolicy } from '../../service/page-files.ts';
import { callsOf, stage } from './testing/electron-fake.ts';
import { answer, isOwnPage, pageUrl, registerAppScheme, serveAppScheme } from './protocol.ts';

const folder = mkdtempSync(join(tmpdir(), 'forkpoint-protocol-'));
const web = join(folder, 'web');
beforeAll(() => {
  mkdirSync(join(web, 'assets'), { recursive: true });
  writeFileSync(join(web, 'index.html'), '<meta property="csp-nonce" nonce="__NONCE__"><script src="./assets/a.js">');
  writeFileSync(join(web, 'assets', 'a.js'), 'export {};');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  symlinkSync(join(folder, 'secret.txt'), join(web, 'link.txt'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const get = (url: string, method = 'GET'): Promise<Response> => answer(web, new Request(url, { method }));

it('gives the scheme an origin before ready and no way around the policy', () => {
  registerAppScheme();
  expect(callsOf('protocol.registerSchemesAsPrivileged')).toEqual([
    [[{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } }]],
  ]);
});

it('answers on its scheme', async () => {
  serveAppScheme(web);
  const handler = stage.protocolHandlers.get('app');
  expect((await handler?.(new Request(pageUrl)))?.status).toBe(200);
});

describe('the page', () => {
  it('comes under the strict policy, with a nonce of its own each time', async () => {
    const nonces: string[] = [];
    for (const response of [await get(pageUrl), await get(pageUrl)]) {
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      const nonce = /nonce="([^"]+)"/.exec(await response.text())?.[1] ?? '';
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy).toBe(contentSecurityPolicy(nonce));
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      nonces.push(nonce);
    }
    expect(nonces[0]).not.toBe(nonces[1]);
  });

  it('brings its files with their types', async () => {
    const response = await get('app://forkpoint/assets/a.js');
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(await response.text()).toBe('export {};');
    const head = await get('app://forkpoint/assets/a.js', 'HEAD');
    expect([head.status, await head.text()]).toEqual([200, '']);
  });
});

describe('nothing else', () => {
  it.each([
    'app://forkpoint/../secret.txt',
    'app://forkpoint/..%2fsecret.txt',
    'app://forkpoint/%2e%2e/secret.txt',
    'app://forkpoint/assets/..%2f..%2fsecret.txt',
    'app://forkpoint/..%5csecret.txt',
    'app://forkpoint/%00',
    'app://forkpoint/%ff',
    'app://forkpoint//etc/passwd',
    'app://forkpoint/link.txt',
    'app://forkpoint/assets',
    'app://forkpoint/missing.js',
    'app://elsewhere/index.html',
  ])('%s', async (url) => {
    const response = await get(url);
    expect(response.status).toBe(404);
    expect(await response.text()).toBe('There is no such file.\n');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('is only read', async () => {
    expect((await get(pageUrl, 'POST')).status).toBe(405);
  });

  it('says what is missing when the window was not built', async () => {
    const response = await answer(join(folder, 'nowhere'), new Request(pageUrl));
    expect(response.status).toBe(500);
    expect(await response.text()).toContain('The built window is missing');
  });
});

it.each([
  [pageUrl, true],
  ['app://forkpoint/#v=1&store=/a', true],
  ['app://forkpoint/?x=1', false],
  ['app://forkpoint/other.html', false],
  ['app://forkpoint.evil/', false],
  ['app://forkpoint:80/', false],
  ['https://forkpoint/', false],
  ['file:///index.html', false],
  ['about:blank', false],
  ['', false],
])('the own page: %s is %s', (url, own) => expect(isOwnPage(url)).toBe(own));
