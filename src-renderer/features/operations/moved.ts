// What differs between two plans of the same request, in a sentence: the store moved while someone was looking.

import type { PlanView } from '../../../shared/contract/methods.ts';
import * as format from '../../ui/format.ts';

export const rowsOf = (view: PlanView): number => {
  const { insert, update, delete: gone } = view.plan.counts;
  return insert + update + gone;
};

export function movedSentence(before: PlanView, after: PlanView): string {
  const rows = [rowsOf(before), rowsOf(after)] as const;
  const differences: string[] = [];
  if (rows[0] !== rows[1]) differences.push(`${format.count(rows[0])} → ${format.counted(rows[1], 'row')}`);
  if (before.plan.counts.bytes !== after.plan.counts.bytes) {
    differences.push(`${format.bytes(before.plan.counts.bytes)} → ${format.bytes(after.plan.counts.bytes)}`);
  }
  const known = new Set(before.plan.warnings.map((w) => w.code));
  const fresh = after.plan.warnings.filter((w) => !known.has(w.code));
  if (fresh.length > 0) differences.push(format.counted(fresh.length, 'new warning'));
  const what = differences.length === 0 ? 'what would be written is the same' : differences.join(', ');
  return `The store changed while this sheet was open: ${what}. This is the plan for the store as it is now.`;
}
