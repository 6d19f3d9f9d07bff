// `npm run package` with a stand-in for Electron's binary: what is in the archive, and that the archive alone can serve a store.

import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPackage, extractAll, listPackage } from '@electron/asar';
import { afterAll, expect, it } from 'vitest';
import { RpcClient } from '../shared/contract/rpc/client.ts';
import { startServiceChild } from '../src-main/hosts/electron/testing/service-child.ts';
import { root } from './build-if-stale.mjs';

const folder = mkdtempSync(join(tmpdir(), 'forkpoint-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What electron-builder expects of an unpacked Electron. */
async function standIn(version: string): Promise<string> {
  const dist = join(folder, 'electron');
  const empty = join(folder, 'empty');
  mkdirSync(join(dist, 'resources'), { recursive: true });
  mkdirSync(empty);
  writeFileSync(join(empty, 'package.json'), '{}');
  await createPackage(empty, join(dist, 'resources', 'default_app.asar'));
  writeFileSync(join(dist, 'electron'), '#!/bin/sh\n');
  chmodSync(join(dist, 'electron'), 0o755);
  writeFileSync(join(dist, 'version'), version);
  writeFileSync(join(dist, 'LICENSE'), '');
  return dist;
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly devDependencies: Readonly<Record<string, string>>;
};
const electron = manifest.devDependencies['electron'] ?? '';

it('is configured for the Electron that is installed', () => {
  expect(readFileSync(join(root, 'electron-builder.yml'), 'utf8')).toContain(`electronVersion: ${electron}\n`);
});

it.runIf(process.platform === 'linux')(
  'packs what the program needs and nothing else; what it packed serves the sample store',
  async () => {
    const out = join(folder, 'release');
    const done = spawnSync(
      process.execPath,
      [
        join(root, 'scripts', 'package.mjs'),
        '--linux',
        `-c.electronDist=${await standIn(electron)}`,
        `-c.directories.output=${out}`,
      ],
      { cwd: root, encoding: 'utf8' },
    );
    expect(done.status, done.stderr + done.stdout).toBe(0);

    const unpacked = join(out, process.arch === 'x64' ? 'linux-unpacked' : `linux-${process.arch}-unpacked`);
    const archive = join(unpacked, 'resources', 'app.asar');
    const files = listPackage(archive, { isPack: false }).map((f) => f.replaceAll('\\', '/').slice(1));
    for (const wanted of [
      'package.json',
      'LICENSE',
      'dist/cli.js',
      'dist/electron/main.js',
      'dist/electron/preload.cjs',
      'dist/electron/store-service.js',
      'dist/web/index.html',
      'fixtures/sample/support-agent.sqlite',
      'node_modules/better-sqlite3/lib/index.js',
    ]) {
      expect(files).toContain(wanted);
    }
    // One native part, for this machine; one runtime dependency; one store; no sources, maps or tests.
    const natives = files.filter((f) => f.endsWith('.node'));
    expect(natives).toEqual([`node_modules/better-sqlite3/prebuilds/linux-${process.arch}.node`]);
    expect([...new Set(files.filter((f) => f.startsWith('node_modules/')).map((f) => f.split('/')[1]))]).toEqual([
      'better-sqlite3',
    ]);
    expect(files.filter((f) => /^fixtures\/.*\./.test(f))).toEqual(['fixtures/sample/support-agent.sqlite']);
    expect(files.filter((f) => /\.(ts|tsx|map|c|h|gyp)$|\.test\.|\.stamp$/.test(f))).toEqual([]);
    expect(new Set(files.map((f) => f.split('/')[0]))).toEqual(
      new Set(['LICENSE', 'dist', 'fixtures', 'node_modules', 'package.json']),
    );

    const app = join(folder, 'app');
    extractAll(archive, app);
    const store = join(folder, 'store.sqlite');
    copyFileSync(join(app, 'fixtures', 'sample', 'support-agent.sqlite'), store);
    const service = startServiceChild(join(app, 'dist', 'electron', 'store-service.js'), {
      dataFolder: join(folder, 'data'),
      sample: store,
    });
    const client = new RpcClient(() => Promise.resolve(service.transport), { checkResults: true, retryMillis: [] });
    const { info } = await client.call('stores.open', { path: store });
    expect(info.framework).toMatch(/^LangGraph/);
    client.close();
    service.close();
    expect(await service.ended).toBe(0);

    const terminal = spawnSync(process.execPath, [join(app, 'dist', 'cli.js'), 'formats'], { encoding: 'utf8' });
    expect(terminal.stderr).toBe('');
    expect(terminal.stdout).toContain('LangGraph');
  },
  120_000,
);
