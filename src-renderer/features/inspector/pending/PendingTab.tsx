// The Pending tab: what would run next, and why it has not: questions, errors, writes already made, and the code that carries on.

import type { ReactNode } from 'react';
import type { Result } from '../../../../shared/contract/methods.ts';
import type { ForkpointError } from '../../../../shared/model/errors.ts';
import { statusMark, statusWord } from '../../../../shared/model/status.ts';
import { Button, EmptyState } from '../../../ui/controls.tsx';
import * as format from '../../../ui/format.ts';
import { indentJson } from '../../../values/json-text.ts';
import { CodeText } from '../CodeText.tsx';
import { ResumeCode } from '../ResumeCode.tsx';
import { Sentence } from '../Sentence.tsx';

type Pending = Result<'pending.get'>;
type Task = Pending['tasks'][number];

export function PendingTab(props: {
  readonly pending: Pending | null;
  readonly error: ForkpointError | null;
  readonly onRetry: () => void;
}): ReactNode {
  const { pending } = props;
  if (props.error !== null && pending === null) {
    return (
      <EmptyState
        small
        alert
        title="What is pending cannot be read"
        action={<Button onClick={props.onRetry}>Try again</Button>}
      >
        {props.error.message} {props.error.hint}
      </EmptyState>
    );
  }
  if (pending === null) return null;
  return (
    <div className="pending-pane" tabIndex={0} role="group" aria-label="Pending work">
      <section className="pending-head" data-status={pending.status}>
        <div className="pending-status">
          <span className="status-mark" aria-hidden="true">
            {statusMark[pending.status]}
          </span>{' '}
          <b>{statusWord[pending.status]}</b>
          {pending.next.length > 0 && (
            <span className="dim">
              next: <span className="mono">{counted(pending.next)}</span>
            </span>
          )}
        </div>
        <p className="dim selectable">
          <Sentence text={whyOf(pending)} />
        </p>
      </section>
      {pending.tasks.map((task, i) => (
        // oxlint-disable-next-line react/no-array-index-key -- task ids are the store's and may be missing
        <TaskCard key={i} task={task} />
      ))}
      {pending.resume !== null && (
        <section className="pending-resume">
          <h3 className="section-label">To carry on, in your code</h3>
          <ResumeCode resume={pending.resume} />
        </section>
      )}
    </div>
  );
}

/** The service's own reason where it says more than the question or error that stands below anyway. */
function whyOf(pending: Pending): string {
  const { reason } = pending;
  const repeats =
    reason === null || /^["'{[]/.test(reason) || pending.tasks.some((t) => t.error?.includes(reason) === true);
  return repeats ? sentenceOf(pending) : reason;
}

/** "count ×4, plan" */
export function counted(names: readonly string[]): string {
  const times = new Map<string, number>();
  for (const name of names) times.set(name, (times.get(name) ?? 0) + 1);
  return [...times].map(([name, n]) => (n === 1 ? name : `${name} ×${n}`)).join(', ');
}

function sentenceOf(pending: Pending): string {
  switch (pending.status) {
    case 'interrupted':
      return 'It stopped to ask, and carries on with the answer.';
    case 'failed':
      return 'A task failed. Running the thread again tries it once more.';
    case 'terminal':
      return 'Nothing is left to run.';
    case 'armed':
      return 'It will go on when its worker next looks.';
    case 'in_flight':
      return 'A worker holds it at this moment.';
    case 'orphaned':
      return 'A worker took it and did not come back.';
    case 'idle':
      return pending.next.length > 0
        ? 'Something is next, and nothing says why it stopped.'
        : 'Nothing is waiting here.';
    case 'unknown':
      return 'The store does not tell.';
  }
}

function TaskCard(props: { readonly task: Task }): ReactNode {
  const { task } = props;
  const quiet =
    task.error === null && task.interrupts.length === 0 && task.writes.length === 0 && task.argument === null;
  return (
    <article className="task-card">
      <header className="task-head">
        <b className="mono">{task.name ?? 'task'}</b>
        {task.id !== null && <span className="mono faint ellipsis">{task.id}</span>}
        <span className="spring" />
        <span className="dim">{taskWord(task)}</span>
      </header>
      <div className="task-body">
        {task.interrupts.map((interrupt, i) => (
          // oxlint-disable-next-line react/no-array-index-key -- interrupt ids may be missing
          <div key={i} className="task-part" data-status="interrupted">
            <div className="task-label">
              <span className="status-mark" aria-hidden="true">
                ◆
              </span>{' '}
              asks {interrupt.id !== null && <span className="mono faint">{interrupt.id}</span>}
            </div>
            <Tagged text={interrupt.value} />
            {interrupt.schema !== null && (
              <>
                <div className="task-label">the answer must be</div>
                <Tagged text={interrupt.schema} />
              </>
            )}
          </div>
        ))}
        {task.error !== null && (
          <div className="task-part" data-status="failed">
            <div className="task-label">
              <span className="status-mark" aria-hidden="true">
                ✕
              </span>{' '}
              failed
            </div>
            <Tagged text={task.error} />
          </div>
        )}
        {task.argument !== null && (
          <div className="task-part">
            <div className="task-label">sent with</div>
            <Tagged text={task.argument} />
          </div>
        )}
        {task.writes.length > 0 && (
          <div className="task-part">
            <div className="task-label">already written: {format.counted(task.writes.length, 'write')}</div>
            <dl className="task-writes">
              {task.writes.map((write, i) => (
                // oxlint-disable-next-line react/no-array-index-key -- a task may write a channel twice
                <div key={i} className="task-write">
                  <dt className="mono">{write.channel}</dt>
                  <dd>
                    <Tagged text={write.value} />
                  </dd>
                </div>
              ))}
            </dl>
          </div>
        )}
        {quiet && <span className="faint">Has not begun.</span>}
      </div>
    </article>
  );
}

function taskWord(task: Task): string {
  if (task.error !== null) return 'failed';
  if (task.interrupts.length > 0) return 'waiting';
  return task.writes.length > 0 ? 'done' : 'to run';
}

/** Tagged JSON, indented; a bare text without its quotes. */
function Tagged(props: { readonly text: string | null }): ReactNode {
  const { text } = props;
  if (text === null) return <span className="faint">nothing stored</span>;
  const plain = plainText(text);
  if (plain !== null) return <div className="task-text selectable">{plain}</div>;
  return <CodeText text={indentJson(text, 90)} />;
}

/** The text inside the quotes; null for anything that is not one whole text. */
function plainText(tagged: string): string | null {
  if (!/^"(?:[^"\\]|\\.)*"$/s.test(tagged)) return null;
  try {
    const value: unknown = JSON.parse(tagged);
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}
