// What stores refuse of a thread document, as far as it is alike for every format.

import { ForkpointError } from '../../shared/model/errors.ts';
import type { ImportRequest } from './store.ts';

/** Throws `unable` for a document of another format. @param taker the framework's name in a sentence */
export function expectFormat({ document }: ImportRequest, format: string, taker: string = format): void {
  if (document.format === format) return;
  throw new ForkpointError(
    'unable',
    `This document holds a ${document.framework} thread; a ${taker} store cannot take it. Nothing was changed.`,
    'Import it into a store of the framework it came from.',
  );
}

/** Why one record of a document (from 0) cannot be taken. @param what without a full stop */
export function badRecord(index: number, what: string, remedy: string): ForkpointError {
  return new ForkpointError(
    'bad_value',
    `Record ${index + 1} of the document cannot be imported: ${what}. Nothing was changed.`,
    remedy,
  );
}
