// What stands on the command line, beyond what a parser of options knows: arity, `--thread-json`, ordered edits.

import { ForkpointError } from '../../../shared/model/errors.ts';

/** An edit as given; `--set-file` has been read by then. */
export type EditArgument =
  | { readonly op: 'set'; readonly path: string; readonly value: string }
  | { readonly op: 'append'; readonly path: string; readonly value: string }
  | { readonly op: 'remove'; readonly path: string };

/** `--json` may stand before the command, too: behind it, it is the command's own. */
export function commandFirst(argv: readonly string[]): string[] {
  const at = argv.findIndex((arg) => arg !== '--json');
  const command = argv[at];
  if (at <= 0 || command === undefined || command.startsWith('-')) return [...argv];
  return [command, ...argv.slice(0, at), ...argv.slice(at + 1)];
}

/** Positional arguments by name. Throws `usage` for a missing or surplus one; a name that ends in `?` is optional. */
export function positionals(
  command: string,
  names: readonly string[],
  args: readonly string[],
  threadJson: string | undefined,
): Record<string, string> {
  const out: Record<string, string> = {};
  const rest = [...args];
  for (const name of names) {
    const bare = name.replace(/\?$/, '');
    if (bare === 'thread' && threadJson !== undefined) {
      out[bare] = threadFromJson(threadJson);
      continue;
    }
    const value = rest.shift();
    if (value === undefined) {
      if (name.endsWith('?')) continue;
      throw new ForkpointError(
        'usage',
        `\`forkpoint ${command}\` needs <${bare}>; nothing was changed.`,
        `It is used as: forkpoint ${command} ${names.map((n) => (n.endsWith('?') ? `[<${n.slice(0, -1)}>]` : `<${n}>`)).join(' ')}`,
      );
    }
    out[bare] = value;
  }
  if (rest.length > 0) {
    throw new ForkpointError(
      'usage',
      `\`forkpoint ${command}\` does not take ${rest.map((r) => JSON.stringify(r)).join(' ')}; nothing was changed.`,
      `It is used as: forkpoint ${command} ${names.map((n) => (n.endsWith('?') ? `[<${n.slice(0, -1)}>]` : `<${n}>`)).join(' ')}`,
    );
  }
  return out;
}

function threadFromJson(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string') return value;
  } catch {
    // said below
  }
  throw new ForkpointError(
    'usage',
    `--thread-json takes a JSON string, and ${JSON.stringify(text)} is not one; nothing was changed.`,
    `For example: --thread-json '"a\\u0000b"'`,
  );
}

/** A count given to an option: a whole number ≥ `least`. */
export function wholeNumber(text: string, option: string, least: number): number {
  const n = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(n) && n >= least) return n;
  throw new ForkpointError(
    'usage',
    `${option} takes a whole number from ${least} on, and ${JSON.stringify(text)} is not one; nothing was changed.`,
  );
}
