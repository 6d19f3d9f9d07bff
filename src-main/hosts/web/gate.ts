// Who may talk to the loopback host: pure decisions over the headers of a request, asked before anything else happens.
//
// A page of another site can reach a loopback port: by DNS rebinding (its own name resolves to 127.0.0.1, so Host is foreign), by
// plain requests and by WebSockets, on which browsers apply no CORS (so Origin is foreign). The token stops every other local user.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export interface Headers {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly 'sec-fetch-site'?: string | string[] | undefined;
  readonly authorization?: string | undefined;
}

export interface Refusal {
  readonly status: 401 | 403 | 421;
  readonly sentence: string;
}

/** The check of every request and every WebSocket upgrade; null lets it pass. The Host check comes first: it stops rebinding. */
export function refuse(headers: Headers, port: number): Refusal | null {
  const host = headers.host;
  if (host === undefined || !hosts(port).includes(host)) {
    return { status: 421, sentence: 'This program answers only at its loopback address.' };
  }
  // The page's own origin is the address it was loaded from; `null` (sandboxed frames, files) is somebody else.
  if (headers.origin !== undefined && headers.origin !== `http://${host}`) {
    return { status: 403, sentence: 'This request comes from another site.' };
  }
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return { status: 403, sentence: 'This request comes from another site.' };
  }
  return null;
}

function hosts(port: number): readonly string[] {
  const names = ['127.0.0.1', 'localhost', '[::1]'];
  const exact = names.map((name) => `${name}:${port}`);
  // Browsers leave the port out where it is the scheme's own.
  return port === 80 ? [...exact, ...names] : exact;
}

/** 256 random bits, new for every run. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Compares digests in constant time, so that neither content nor length of the token can be measured. */
export function isToken(given: unknown, token: string): boolean {
  if (typeof given !== 'string') return false;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

export function refuseToken(headers: Headers, token: string): Refusal | null {
  const match = /^Bearer (.+)$/.exec(headers.authorization ?? '');
  return isToken(match?.[1], token) ? null : { status: 401, sentence: 'The token of this run is missing or wrong.' };
}
