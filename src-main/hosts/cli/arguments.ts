// What stands on the command line, beyond what a parser of options knows: arity, `--thread-json`, ordered edits.

import { ForkpointError } from '../../../shared/model/errors.ts';

/** An edit as given; `--set-file` has been read by then. */
export type EditArgument =
  | { readonly op: 'set'; readonly path: string; readonly value: string }
  | { readonly op: 'append'; readonly path: string; readonly value: string }
  | { readonly op: 'remove'; readonly path: string };

/** Splits `path=value` at the first `=` outside brackets and quotes. */
export function splitAssignment(text: string, option: string): { path: string; value: string } {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c === '\\') i++;
      else if (c === '"') quoted = false;
    } else if (c === '"') {
      quoted = depth > 0 || i === 0;
    } else if (c === '[') depth++;
    else if (c === ']') depth = Math.max(depth - 1, 0);
    else if (c === '=' && depth === 0) return { path: text.slice(0, i), value: text.slice(i + 1) };
  }
  throw new ForkpointError(
    'usage',
    `${option} takes <path>=<value>, and there is no \`=\` in ${JSON.stringify(text)}; nothing was changed.`,
    `For example: ${option} plan='"mail the customer"'`,
  );
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
