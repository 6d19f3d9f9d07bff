// One ledger row as a line of a ledger file, members in the framework's order: the form in which both backends meet.

import { compose } from '../../values/splice.ts';
import { utf8 } from '../../values/bytes.ts';
import type { Cursor } from '../../values/cursor.ts';
import { namespaceText } from './namespace.ts';
import { lexemeOf, namesOf, textOf, writeOf, type WriteMember } from './record.ts';

export function ledgerLineText(namespace: string, id: string, write: WriteMember): Uint8Array {
  const text = (value: string) => utf8(JSON.stringify(value));
  return compose('json-serde', [
    ['namespace', utf8(namespace)],
    ['checkpoint_id', text(id)],
    [
      'write',
      compose('json-serde', [
        ['node', text(write.node)],
        ['task_id', text(write.task)],
        ['idx', utf8(write.idx)],
        ['channel', text(write.channel)],
        ['payload', write.payload?.slice() ?? utf8('null')],
      ]),
    ],
  ]);
}

/** What a ledger line says; null if it is not one. A line with a `state` is a record, whatever file it stands in. */
export function readLedgerLine(
  root: Cursor,
): { readonly namespaceText: string; readonly id: string; readonly write: WriteMember } | null {
  const write = root.get('write');
  const id = textOf(root.get('checkpoint_id'));
  if (write === null || write.kind !== 'map' || id === null || root.get('state') !== null) return null;
  if (lexemeOf(write.get('idx')) === null) return null;
  return { namespaceText: namespaceText(namesOf(root.get('namespace')) ?? []), id, write: writeOf(write) };
}
