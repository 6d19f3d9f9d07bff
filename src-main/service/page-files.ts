// The built window as files, for every host that shows it: only what lies in the folder, under one strict policy.

import { randomBytes } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
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

export const mediaType = (file: string): string => types[extname(file)] ?? 'application/octet-stream';

/** A page with the nonce of the policy that it leaves under. */
export const pageWithNonce = async (file: string, nonce: string): Promise<string> =>
  (await readFile(file, 'utf8')).replaceAll(noncePlaceholder, nonce);

export const isPage = (file: string): boolean => extname(file) === '.html';

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
