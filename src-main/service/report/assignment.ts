// `<path>=<value>` as the options that edit take it.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { splitAssignment } from '../../values/path.ts';

/** Splits at the first `=` outside brackets and quotes. Throws `usage` where there is none. */
export function readAssignment(text: string, option: string): { readonly path: string; readonly value: string } {
  const assignment = splitAssignment(text);
  if (assignment !== null) return assignment;
  throw new ForkpointError(
    'usage',
    `${option} takes <path>=<value>, and there is no \`=\` in ${JSON.stringify(text)}; nothing was changed.`,
    `For example: ${option} plan='"mail the customer"'`,
  );
}
