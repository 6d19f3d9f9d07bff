// Errors as values: a code, a sentence for people, and what to do next. Every layer and every host uses these.

import * as z from 'zod/mini';

/** The codes of the terminal contract (`docs/cli.md`). They only grow. */
export const errorCodes = [
  'not_found',
  'not_a_store',
  'unreadable',
  'corrupt',
  'unsupported',
  'usage',
  'bad_value',
  'moved',
  'locked',
  'claimed',
  'exists',
  'unable',
  'busy',
  'io',
  'cancelled',
  'internal',
] as const;
export const ErrorCode = z.enum(errorCodes);
export type ErrorCode = z.infer<typeof ErrorCode>;

/** What crosses a process boundary, and what `--json` prints under `error`. */
export const ErrorShape = z.object({
  code: ErrorCode,
  /** One sentence: what happened and what was not harmed. */
  message: z.string(),
  /** What to do next; null where there is nothing to do. */
  hint: z.nullable(z.string()),
});
export type ErrorShape = z.infer<typeof ErrorShape>;

/**
 * The one error class of the product. `message` is a sentence for people, `hint` says what to do.
 * `detail` is for logs and never holds state content.
 */
export class ForkpointError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | null;

  constructor(code: ErrorCode, message: string, hint: string | null = null, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ForkpointError';
    this.code = code;
    this.hint = hint;
  }

  toShape(): ErrorShape {
    return { code: this.code, message: this.message, hint: this.hint };
  }

  static fromShape(shape: ErrorShape): ForkpointError {
    return new ForkpointError(shape.code, shape.message, shape.hint);
  }
}

/** Anything that was thrown, as an error with a code; what is not ours becomes `internal`. */
export function asForkpointError(thrown: unknown): ForkpointError {
  if (thrown instanceof ForkpointError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new ForkpointError(
    'internal',
    `Something went wrong inside Forkpoint: ${text}. Your store was not changed by this.`,
    'Please report this with the steps that led to it.',
    { cause: thrown },
  );
}

/** Exit code of the terminal for an error: 1 failed, 2 wrong use, 3 refused. */
export function exitCodeOf(code: ErrorCode): 1 | 2 | 3 {
  switch (code) {
    case 'usage':
    case 'bad_value':
      return 2;
    case 'moved':
    case 'locked':
    case 'claimed':
    case 'exists':
    case 'unable':
    case 'busy':
    case 'unsupported':
      return 3;
    case 'not_found':
    case 'not_a_store':
    case 'unreadable':
    case 'corrupt':
    case 'io':
    case 'cancelled':
    case 'internal':
      return 1;
  }
}
