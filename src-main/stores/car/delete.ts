// Deleting a run that waits: its one file. Results, seen-sets and journals are the host's and stay. A run that is claimed may be going on
// in this moment, and would be saved again.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import { removedFiles } from '../records/removed-files.ts';
import type { DeleteRequest, PlanContext, StorePlan } from '../store.ts';
import { noSuchThread, removalPlan } from '../whole-thread.ts';
import type { RunFolder } from './folder.ts';
import { claimGuard, headKeyOf } from './fork.ts';
import { claimOf } from './pending.ts';

export function planDelete(folder: RunFolder, { thread }: DeleteRequest, { relying }: PlanContext): StorePlan {
  const files = folder.filesOf(thread);
  if (files === null) throw noSuchThread(thread);
  const claim = claimOf(files);
  if (claim !== null || files.waiting === null) {
    throw new ForkpointError(
      'claimed',
      `${claim ?? 'This run is claimed.'} Nothing was changed.`,
      'Let the resume finish, or let CAR put the run back, and look again.',
    );
  }
  const guard = claimGuard(folder, thread);
  relying.relyOnFile(`that run ${shownName(thread)} is not claimed`, guard.path);
  const { reading } = folder.points(files);
  const changes = removedFiles(relying, `the file of run ${shownName(thread)}`, [files.waiting.path], [], () =>
    reading.ok ? headKeyOf(thread, reading.run) : null,
  );
  return removalPlan({ backend: 'files', changes, guards: [guard] }, []);
}
