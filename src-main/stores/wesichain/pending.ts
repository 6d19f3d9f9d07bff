// What would happen next at a point: the queue as the runtime would start it, and what can be said of why it stopped.

import type { Status } from '../../../shared/model/status.ts';
import type { PendingView, ResumeCode } from '../store.ts';
import { eraNoQueue, type RecordView } from './record.ts';

/** Default of `max_steps`; a resumed run counts on from the step of its record. */
export const stepLimit = 50;

/** Whether a resume stops before it has started anything, unless the options raise the limit. */
export function isOutOfSteps(record: RecordView): boolean {
  return (
    record.step !== null && record.queue !== null && record.queue.length > 0 && Number(record.step) >= stepLimit - 1
  );
}

const nothingTells =
  'Something is left to run, and nothing tells why it stopped here: a failed node, an interrupt after a node, the step limit, a crash and a run that still goes on leave the same record.';

export function pendingOf(record: RecordView, status: Status, isHead: boolean, resume: ResumeCode): PendingView {
  const queue = record.queue ?? [];
  const resumable = queue.length > 0 && isHead && record.refused === null;
  let waits = status === 'interrupted';
  return {
    status,
    next: queue.map((item) => item.node),
    tasks: queue.map((item) => {
      const asks = waits && item.node === record.node;
      if (asks) waits = false;
      return {
        id: item.path,
        name: item.node,
        error: null,
        interrupts: asks ? [{ id: null, value: null, schema: null }] : [],
        writes: [],
        argument: null,
      };
    }),
    resumable,
    reason: reasonOf(record, status, isHead),
    resume: resumable ? resume : null,
  };
}

function reasonOf(record: RecordView, status: Status, isHead: boolean): string {
  const sentences: string[] = [];
  if (record.era === eraNoQueue) {
    sentences.push('wesichain 0.1.0 kept no queue: what was left to run here is not known.');
  } else if (record.queue === null) {
    sentences.push(`The queue cannot be read: ${record.refused ?? 'it is not a list'}.`);
  } else if (status === 'terminal') {
    sentences.push('Nothing is left to run. `auto_resume` starts again at the entry node, with this state.');
  } else if (status === 'interrupted') {
    sentences.push(
      `It waits before \`${record.node ?? ''}\` (\`interrupt_before\`). A graph that was built with this interrupt stops here again; one given in the options of a run does not.`,
    );
  } else {
    sentences.push(nothingTells);
  }
  if (isOutOfSteps(record)) {
    sentences.push(
      `At step ${record.step} the default limit of ${stepLimit} steps leaves none: raise \`max_steps\` in the options.`,
    );
  }
  if (!isHead && (record.queue?.length ?? 0) > 0) {
    sentences.push('wesichain loads the latest record of a thread only: fork this point to run on from it.');
  }
  return sentences.join(' ');
}
