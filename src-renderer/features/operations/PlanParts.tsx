// The parts of a plan that every sheet shows: what is written, warnings with their remedies, the code that carries on, the foot.

import type { ReactNode } from 'react';
import type { PlanView } from '../../../shared/contract/methods.ts';
import type { ForkpointError } from '../../../shared/model/errors.ts';
import { Button } from '../../ui/controls.tsx';
import * as format from '../../ui/format.ts';
import { ResumeCode } from '../inspector/ResumeCode.tsx';
import { Sentence } from '../inspector/Sentence.tsx';
import { rowsOf } from './moved.ts';
import type { Planning } from './use-plan.ts';

export function Section(props: {
  readonly title: ReactNode;
  readonly children: ReactNode;
  readonly aside?: ReactNode;
}): ReactNode {
  return (
    <section className="sheet-section">
      <div className="sheet-section-head">
        <h3 className="section-label">{props.title}</h3>
        {props.aside}
      </div>
      {props.children}
    </section>
  );
}

export function Written(props: { readonly view: PlanView; readonly files: boolean }): ReactNode {
  const { written } = props.view;
  if (written.length === 0) return <p className="dim">Nothing is written.</p>;
  return (
    <table className="written">
      <thead>
        <tr>
          <th scope="col">{props.files ? 'file' : 'table'}</th>
          <th scope="col">{props.files ? 'records' : 'rows'}</th>
          <th scope="col">bytes</th>
        </tr>
      </thead>
      <tbody>
        {written.map(({ where, counts }) => (
          <tr key={where}>
            <td className="written-where">{where}</td>
            <td>
              {counts.insert > 0 && <span className="sign-add">+{format.count(counts.insert)} </span>}
              {counts.update > 0 && <span className="sign-chg">~{format.count(counts.update)} </span>}
              {counts.delete > 0 && <span className="sign-del">−{format.count(counts.delete)} </span>}
            </td>
            <td>{format.bytes(counts.bytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What can be done about a warning, as a link; by the warning's code. */
export type Remedies = Readonly<Record<string, { readonly label: string; readonly perform: () => void } | undefined>>;

export function Warnings(props: {
  readonly warnings: PlanView['plan']['warnings'];
  readonly remedies?: Remedies;
}): ReactNode {
  return props.warnings.map((warning, i) => {
    const remedy = props.remedies?.[warning.code];
    return (
      // oxlint-disable-next-line react/no-array-index-key -- a code may come twice (two numbers of another kind)
      <div key={`${warning.code} ${i}`} className="note note-warning" role="note">
        <span aria-hidden="true" className="note-mark">
          ◆
        </span>
        <span className="selectable">
          <Sentence text={warning.message} />{' '}
          {remedy === undefined ? (
            warning.remedy !== null && (
              <span className="dim">
                <Sentence text={warning.remedy} />
              </span>
            )
          ) : (
            <button type="button" className="link note-link" onClick={remedy.perform}>
              {remedy.label}
            </button>
          )}
        </span>
      </div>
    );
  });
}

/** Errors that asking once more cannot change. */
const settled: ReadonlySet<string> = new Set(['unable', 'unsupported', 'exists', 'bad_value', 'not_found', 'usage']);

export function PlanError(props: { readonly error: ForkpointError; readonly onRetry?: () => void }): ReactNode {
  return (
    <div className="note note-error" role="alert">
      <span aria-hidden="true" className="note-mark">
        ✕
      </span>
      <span className="selectable">
        {props.error.message} {props.error.hint !== null && <span className="dim">{props.error.hint}</span>}{' '}
        {props.onRetry !== undefined && !settled.has(props.error.code) && (
          <button type="button" className="link note-link" onClick={props.onRetry}>
            Try again
          </button>
        )}
      </span>
    </div>
  );
}

export function Moved(props: { readonly text: string | null }): ReactNode {
  if (props.text === null) return null;
  return (
    <div className="note note-moved" role="status">
      <span aria-hidden="true" className="note-mark">
        ↻
      </span>
      <span className="selectable">{props.text}</span>
    </div>
  );
}

export function Then(props: { readonly view: PlanView }): ReactNode {
  const { resume } = props.view.plan;
  if (resume === null) return null;
  return (
    <Section title="Then, in your code">
      <ResumeCode resume={resume} />
    </Section>
  );
}

/** "85 rows · 31.8 MB · store as read at 14:02:31" */
export function planNote(planning: Planning, unit: string): ReactNode {
  const { view } = planning;
  if (planning.committing) return 'Writing…';
  if (planning.error !== null) return 'Nothing can be committed as it stands.';
  if (view === null) return planning.asked ? 'Planning…' : null;
  const amount = `${format.counted(rowsOf(view), unit)} · ${format.bytes(view.plan.counts.bytes)}`;
  const time = new Date(planning.at).toLocaleTimeString('en-GB');
  if (planning.current) return `${amount} · store as read at ${time}`;
  return planning.asked ? 'Planning again…' : null;
}

export function SheetButtons(props: {
  readonly planning: Planning;
  /** What Commit will do: "Commit fork · 28 rows". */
  readonly words: string;
  readonly ready: boolean;
  readonly onCancel: () => void;
  readonly onCommit: () => void;
}): ReactNode {
  const { planning } = props;
  return (
    <>
      <Button onClick={props.onCancel} disabled={planning.committing}>
        Cancel
      </Button>
      <Button
        look="primary"
        aria-label="Commit"
        title={props.words}
        disabled={!props.ready || !planning.current || planning.committing || planning.error !== null}
        onClick={props.onCommit}
      >
        {planning.committing ? 'Writing…' : props.words}
      </Button>
    </>
  );
}
