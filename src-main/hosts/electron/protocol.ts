// `app://forkpoint/…`: the built window under an origin of its own and the web host's policy, instead of `file://`.

import { readFile, realpath } from 'node:fs/promises';
import { protocol } from 'electron';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { fileFor, isPage, mediaType, newNonce, pageWithNonce, secureHeaders } from '../../service/page-files.ts';

const scheme = 'app';
const host = 'forkpoint';

/** The page of the window. */
export const pageUrl = `${scheme}://${host}/`;

/** True for the one page there is, in any view (fragment) of it. */
export function isOwnPage(url: string): boolean {
  try {
    const { protocol: of, host: at, pathname, search } = new URL(url);
    return of === `${scheme}:` && at === host && pathname === '/' && search === '';
  } catch {
    return false;
  }
}

/** Before `ready`: gives the scheme an origin (storage, fetch, module scripts). It grants no way around the policy. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** After `ready`. */
export function serveAppScheme(webFolder: string): void {
  protocol.handle(scheme, (request) => answer(webFolder, request));
}

export async function answer(webFolder: string, request: Request): Promise<Response> {
  const nonce = newNonce();
  const reply = (status: number, body: string | Uint8Array<ArrayBuffer>, type: string): Response =>
    new Response(request.method === 'HEAD' ? null : body, {
      status,
      headers: { ...secureHeaders(nonce), 'Content-Type': type, 'Cache-Control': 'no-store' },
    });
  const text = 'text/plain; charset=utf-8';
  if (request.method !== 'GET' && request.method !== 'HEAD') return reply(405, 'Files are only read here.\n', text);
  const url = new URL(request.url);
  const root = await realpath(webFolder).catch(() => null);
  if (root === null) return reply(500, missing(webFolder).message, text);
  const file = url.host === host ? await fileFor(root, url.pathname) : null;
  if (file === null) return reply(404, 'There is no such file.\n', text);
  try {
    const body = isPage(file) ? await pageWithNonce(file, nonce) : new Uint8Array(await readFile(file));
    return reply(200, body, mediaType(file));
  } catch {
    return reply(500, 'The file could not be read.\n', text);
  }
}

const missing = (folder: string): ForkpointError =>
  new ForkpointError('not_found', `The built window is missing at ${folder}.`, 'Run `npm run build` first.');
