// What a handler is: one function per method of the contract. The compiler checks that none is missing.

import type { MethodName, Params, Result } from '../../../shared/contract/methods.ts';
import type { CallContext } from '../../../shared/contract/rpc/messages.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';

export type Handler<M extends MethodName> = (params: Params<M>, context: CallContext) => Result<M> | Promise<Result<M>>;
export type Handlers = { readonly [M in MethodName]: Handler<M> };
export type HandlersOf<M extends MethodName> = Pick<Handlers, M>;

/** Most rows that one call gives; every such call also tells the total, so that more can be asked for. */
const maxRows = 5000;

/** A window into a list as whole, not negative numbers. Throws `usage` beyond `maxRows`. */
export function windowOf(from: number, count: number): { readonly from: number; readonly end: number } {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count) || from < 0 || count < 0) {
    throw new ForkpointError('usage', 'A window needs whole numbers that are not negative.');
  }
  if (count > maxRows)
    throw new ForkpointError('usage', `At most ${maxRows} rows are given at once.`, 'Ask for them in parts.');
  return { from, end: from + count };
}
