// The address of a view: what the window shows, as text. `forkpoint://view?…` from outside, `#…` in the web host. An address can only
// navigate: nothing in it edits, forks or runs anything. Version 1; unknown fields are ignored, a later version is refused with a sentence.

import { ForkpointError } from '../model/errors.ts';
import { statuses } from '../model/status.ts';
import type { Status } from '../model/status.ts';

/** `records` is there for stores that keep some. */
export const tabs = ['state', 'diff', 'pending', 'raw', 'records'] as const;
export type Tab = (typeof tabs)[number];

export interface Address {
  /** Path of the store as it was opened (ids of open stores do not outlive the service). */
  readonly store: string | null;
  readonly thread: string | null;
  /** Keys of the selected checkpoint and of the one it is compared with. */
  readonly checkpoint: string | null;
  readonly compared: string | null;
  readonly tab: Tab;
  /** Logical path inside the state. */
  readonly path: string | null;
  /** True: the state with the writes that finished tasks have left. */
  readonly applied: boolean;
  /** Filters of the thread list. */
  readonly search: string;
  readonly status: Status | null;
}

export const emptyAddress: Address = {
  store: null,
  thread: null,
  checkpoint: null,
  compared: null,
  tab: 'state',
  path: null,
  applied: false,
  search: '',
  status: null,
};

const version = '1';
const scheme = 'forkpoint:';

/** Short names of the fields, in the order in which they are written. */
const fields = [
  ['store', 'store'],
  ['thread', 'thread'],
  ['at', 'checkpoint'],
  ['with', 'compared'],
  ['tab', 'tab'],
  ['path', 'path'],
  ['applied', 'applied'],
  ['find', 'search'],
  ['status', 'status'],
] as const satisfies readonly (readonly [string, keyof Address])[];

// Slashes and colons are legal in a fragment and a query: left as they are, a path stays readable.
const escape = (text: string): string => encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%3A', ':');

function unescape(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ForkpointError(
      'bad_value',
      'This address is damaged: it holds a broken escape.',
      'Copy it again in full.',
    );
  }
}

/** The query part, without `?` or `#`; fields at their default are left out. */
export function formatQuery(address: Address): string {
  const parts = [`v=${version}`];
  for (const [short, field] of fields) {
    const value = address[field];
    if (value === emptyAddress[field] || value === null) continue;
    parts.push(`${short}=${value === true ? '1' : escape(String(value))}`);
  }
  return parts.join('&');
}

export const formatFragment = (address: Address): string => `#${formatQuery(address)}`;
export const formatLink = (address: Address): string => `${scheme}//view?${formatQuery(address)}`;

/**
 * Reads `forkpoint://view?…`, `#…` or the bare query. Throws `bad_value` with a sentence if it is none, is damaged, or is of a later version.
 */
export function parseAddress(text: string): Address {
  const values = new Map<string, string>();
  for (const part of queryOf(text).split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    values.set(name, equals < 0 ? '' : unescape(part.slice(equals + 1)));
  }
  const found = values.get('v') ?? version;
  if (found !== version) {
    throw new ForkpointError(
      'bad_value',
      `This address was made by a later version of Forkpoint (address version ${found}).`,
      'Update Forkpoint, or open the store and choose the checkpoint by hand.',
    );
  }
  const tab = values.get('tab') ?? 'state';
  const status = values.get('status');
  const optional = (name: string): string | null => values.get(name) ?? null;
  return {
    store: optional('store'),
    thread: optional('thread'),
    checkpoint: optional('at'),
    compared: optional('with'),
    tab: tabs.find((t) => t === tab) ?? 'state',
    path: optional('path'),
    applied: values.get('applied') === '1',
    search: values.get('find') ?? '',
    status: statuses.find((s) => s === status) ?? null,
  };
}

function queryOf(text: string): string {
  if (text.startsWith('#')) return text.slice(1);
  if (!isLink(text)) return text;
  const rest = text.slice(scheme.length).replace(/^\/\//, '');
  const mark = rest.indexOf('?');
  const place = (mark < 0 ? rest : rest.slice(0, mark)).replace(/\/$/, '');
  if (place !== 'view') {
    throw new ForkpointError(
      'bad_value',
      `“${place}” is not a place that a Forkpoint link can lead to.`,
      'Links begin with forkpoint://view?',
    );
  }
  return mark < 0 ? '' : rest.slice(mark + 1);
}

/** True for text with the product's own scheme. */
export const isLink = (text: string): boolean => text.slice(0, scheme.length).toLowerCase() === scheme;

/** What an argument, an OS "open" or a deep link asks for: the view at an address. A plain path opens that store. */
export function parseOpenRequest(text: string): Address {
  return isLink(text) ? parseAddress(text) : { ...emptyAddress, store: text };
}
