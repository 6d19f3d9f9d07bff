// The Pending tab: what would run next, and why it has not: questions, errors, writes already made, and the code that carries on.

import { useState } from 'react';
import type { ReactNode } from 'react';
import type { Result } from '../../../../shared/contract/methods.ts';
import { statusMark, statusWord } from '../../../../shared/model/status.ts';
import type { CallState } from '../../../service/client.ts';
import * as format from '../../../ui/format.ts';
import { indentJson, parseJsonText } from '../../../values/json-text.ts';
import { CodeText } from '../CodeText.tsx';
import { ReadingLine } from '../ReadingLine.tsx';
import { ResumeCode } from '../ResumeCode.tsx';
import { Sentence } from '../Sentence.tsx';
import { Unread } from '../Unread.tsx';
import { actionRequests, byUrgency, counted, formFields, sentenceIn, stateOfTask, stringOf } from './tasks.ts';
import type { ActionRequest, Task } from './tasks.ts';

type Pending = Result<'pending.get'>;

export function PendingTab(props: { readonly call: CallState<Pending> }): ReactNode {
  const { call } = props;
  const pending = call.data;
  if (pending === null) return <Unread call={call} what="what is pending" title="What is pending cannot be read" />;
  return (
    <div className="pending-pane" tabIndex={0} role="group" aria-label="Pending work">
      <ReadingLine active={call.slow} text="Reading what is pending" onCancel={call.cancel} />
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
      {byUrgency(pending.tasks).map((task, i) => (
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
    reason === null ||
    /^["'{[]/.test(reason) ||
    pending.tasks.some((t) => t.error?.includes(reason) === true) ||
    pending.tasks.some((t) => t.interrupts.some((i) => i.value !== null && actionRequests(i.value) !== null));
  return repeats ? sentenceOf(pending) : reason;
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
        <span className="dim">{stateOfTask(task)}</span>
      </header>
      <div className="task-body">
        {task.interrupts.map((interrupt, i) => (
          // oxlint-disable-next-line react/no-array-index-key -- interrupt ids may be missing
          <div key={i} className="task-part" data-status="interrupted">
            <div className="task-label">
              <span className="status-mark" aria-hidden="true">
                ◆
              </span>{' '}
              {interrupt.value === null && interrupt.schema === null ? (
                'stops here and asks nothing'
              ) : (
                <>asks {interrupt.id !== null && <span className="mono faint">{interrupt.id}</span>}</>
              )}
            </div>
            {interrupt.value !== null && <Question text={interrupt.value} />}
            {interrupt.schema !== null && <AnswerShape schema={interrupt.schema} />}
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
        {task.edited !== null && (
          <div className="task-part">
            <div className="task-label">changed in review to</div>
            <Tagged text={task.edited} />
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
        {quiet && <span className="faint">Nothing of it is stored yet.</span>}
      </div>
    </article>
  );
}

/** What the answer must be: the fields of a form, or a schema as it is stored. */
function AnswerShape(props: { readonly schema: string }): ReactNode {
  const fields = formFields(props.schema);
  if (fields === null) {
    return (
      <>
        <div className="task-label">the answer must be</div>
        <Tagged text={props.schema} />
      </>
    );
  }
  return (
    <>
      <div className="task-label">the answer has</div>
      <dl className="answer-fields">
        {fields.map((field) => (
          <div key={field.name}>
            <dt className="mono">{field.name}</dt>
            <dd>
              {field.options.length === 0
                ? field.kind
                : field.options.map((option, i) => (
                    <span key={option}>
                      {i > 0 && <span className="faint"> or </span>}
                      <span className="mono">{option}</span>
                    </span>
                  ))}
              {!field.required && <span className="faint"> · may be left out</span>}
              {field.label !== null && field.label.toLowerCase() !== field.name.toLowerCase() && (
                <span className="dim"> · {field.label}</span>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

/** A request for approval as its calls; anything else as it is stored, under the sentence that it holds. */
function Question(props: { readonly text: string }): ReactNode {
  const { text } = props;
  const [stored, setStored] = useState(false);
  const calls = actionRequests(text);
  if (calls === null) {
    const sentence = sentenceIn(text);
    return (
      <>
        {sentence !== null && <p className="question selectable">{sentence}</p>}
        <Tagged text={text} />
      </>
    );
  }
  return (
    <>
      {stored ? (
        <Tagged text={text} />
      ) : (
        calls.map((call, i) => (
          // oxlint-disable-next-line react/no-array-index-key -- the same call may be asked for twice
          <Request key={i} call={call} />
        ))
      )}
      <button type="button" className="link request-stored" onClick={() => setStored(!stored)}>
        {stored ? 'show as a question' : 'show as stored'}
      </button>
    </>
  );
}

function Request(props: { readonly call: ActionRequest }): ReactNode {
  const { call } = props;
  return (
    <div className="request">
      <div>
        may it call <b className="mono">{call.name}</b>?
        {call.decisions.length > 0 && <span className="dim"> Answers: {call.decisions.join(', ')}.</span>}
      </div>
      {call.args !== null && <CodeText text={indentJson(call.args, 90)} />}
      {call.description !== null && <div className="task-text dim selectable">{call.description}</div>}
    </div>
  );
}

/** Tagged JSON, indented; a bare text without its quotes. */
function Tagged(props: { readonly text: string | null }): ReactNode {
  const { text } = props;
  if (text === null) return <span className="faint">nothing stored</span>;
  const plain = stringOf(text, parseJsonText(text));
  if (plain !== null) return <div className="task-text selectable">{plain}</div>;
  return <CodeText text={indentJson(text, 90)} />;
}
