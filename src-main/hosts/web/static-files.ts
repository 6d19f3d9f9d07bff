// The built window as files: only what lies in the folder, under a strict policy, the nonce written into each page as it leaves.

import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { randomBytes } from 'node:crypto';
import { extname, join, sep } from 'node:path';

/** Where the built page wants the nonce of this very answer. */
const noncePlaceholder = '__NONCE__';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};

export function contentSecurityPolicy(nonce: string): string {
  return [
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self' 'nonce-${nonce}'`,
    `img-src 'self' data:`,
    `font-src 'self'`,
    `connect-src 'self'`,
    `worker-src 'self'`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
    `require-trusted-types-for 'script'`,
  ].join('; ');
}

/** Headers of every answer, files and refusals alike. */
export function secureHeaders(nonce: string): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': contentSecurityPolicy(nonce),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
  };
}

export const newNonce = (): string => randomBytes(16).toString('base64');

/**
 * The file that a URL path names below `root` (a real path), null if there is none. The path is decoded once, refused if it holds a
 * NUL, a backslash or a `..` part, and after following links must still lie below the root.
 */
export async function fileFor(root: string, urlPath: string): Promise<string | null> {
  let path: string;
  try {
    path = decodeURIComponent(urlPath);
  } catch {
    return null;
  }
  if (/[\0\\]/.test(path) || path.split('/').includes('..')) return null;
  const wanted = join(root, path === '/' ? 'index.html' : path);
  try {
    const real = await realpath(wanted);
    if (!real.startsWith(root + sep)) return null;
    return (await stat(real)).isFile() ? real : null;
  } catch {
    return null;
  }
}

export async function serveFile(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const nonce = newNonce();
  const headers = secureHeaders(nonce);
  const urlPath = (request.url ?? '/').split(/[?#]/, 1)[0] ?? '/';
  const file = await fileFor(root, urlPath);
  if (file === null) {
    response
      .writeHead(404, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' })
      .end('There is no such file.\n');
    return;
  }
  const type = types[extname(file)] ?? 'application/octet-stream';
  if (extname(file) === '.html') {
    const page = (await readFile(file, 'utf8')).replaceAll(noncePlaceholder, nonce);
    response.writeHead(200, { ...headers, 'Content-Type': type, 'Cache-Control': 'no-store' });
    response.end(request.method === 'HEAD' ? undefined : page);
    return;
  }
  // Built names carry a hash of their content below assets/, everything else may change with the next build.
  const cache = urlPath.startsWith('/assets/') ? 'private, max-age=31536000, immutable' : 'no-cache';
  const { size } = await stat(file);
  response.writeHead(200, { ...headers, 'Content-Type': type, 'Content-Length': size, 'Cache-Control': cache });
  if (request.method === 'HEAD') response.end();
  else
    createReadStream(file)
      .on('error', () => response.destroy())
      .pipe(response);
}
