// The web host behind Vite's development server: `npm run dev`.

import { resolve } from 'node:path';
import { mkdirSync } from 'node:fs';
import { startWebHost } from '../hosts/web/web-host.ts';
import { dataFolder } from '../service/data-folder.ts';
import { bundledSample, version, webFolder } from '../service/installation.ts';
import { sampleStore } from '../service/sample.ts';

/** `fragment` carries the token to the page that Vite serves. */
export async function startDevHost(stores: readonly string[]): Promise<{ origin: string; fragment: string }> {
  mkdirSync(webFolder, { recursive: true });
  const folder = dataFolder();
  const sample = sampleStore(bundledSample, folder);
  const host = await startWebHost({
    stores: stores.length === 0 ? [sample] : stores.map((s) => resolve(s)),
    port: 0,
    readOnly: false,
    staticFolder: webFolder,
    dataFolder: folder,
    version: version(),
    sample,
  });
  const url = new URL(host.url);
  return { origin: url.origin, fragment: url.hash };
}
