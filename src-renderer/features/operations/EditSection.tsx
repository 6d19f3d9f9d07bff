// One edit of a sheet: its path, and the editor or the value in brief. The kind of a number that stood there is proposed.

import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { Button } from '../../ui/controls.tsx';
import { CodeText } from '../inspector/CodeText.tsx';
import { isEmptyHanded, isUntouched, syntaxError } from './edits.ts';
import type { TypedEdit } from './edits.ts';
import { JsonEditor } from './JsonEditor.tsx';
import { keepKinds, kindProposals } from './number-kind.ts';
import { Section } from './PlanParts.tsx';

const words = { set: 'Edit', append: 'Append to', remove: 'Remove' } as const;

export function EditSection(props: {
  readonly edit: TypedEdit;
  readonly open: boolean;
  /** What the service says of the edits, shown under the one that is being typed. */
  readonly error: string | null;
  readonly onOpen: () => void;
  readonly onText: (text: string) => void;
  readonly onDrop: () => void;
}): ReactNode {
  const { edit } = props;
  const syntax = syntaxError(edit);
  const proposals = useMemo(
    () => (edit.original === null || edit.op !== 'set' ? [] : kindProposals(edit.original, edit.text)),
    [edit.original, edit.text, edit.op],
  );
  const error = syntax ?? props.error;
  return (
    <Section
      title={
        <>
          {edit.op === 'set' && edit.isNew ? 'Add' : words[edit.op]} ·{' '}
          <span className="mono edit-path">{edit.path === '' ? 'the whole state' : edit.path}</span>
        </>
      }
      aside={
        <span className="edit-buttons">
          {!props.open && edit.op !== 'remove' && (
            <Button look="quiet" onClick={props.onOpen}>
              Edit
            </Button>
          )}
          {edit.original !== null && !isUntouched(edit) && props.open && (
            <Button look="quiet" onClick={() => props.onText(edit.original ?? '')}>
              Put back
            </Button>
          )}
          <Button look="quiet" onClick={props.onDrop} aria-label={`Drop the edit of ${edit.path}`}>
            Drop
          </Button>
        </span>
      }
    >
      {edit.op !== 'remove' &&
        (props.open ? (
          <JsonEditor value={edit.text} label={`Value of ${edit.path}`} onChange={props.onText} />
        ) : (
          <div className="edit-brief">
            <CodeText text={edit.text.length > 400 ? `${edit.text.slice(0, 400)}…` : edit.text} />
          </div>
        ))}
      {/* The line is always there, so that nothing below moves while one types. */}
      <div className="edit-line" role="status">
        {error !== null ? (
          // A value that is yet to be typed is no mistake.
          <span className={isEmptyHanded(edit) ? 'faint' : 'edit-error'}>{error}</span>
        ) : proposals.length > 0 ? (
          <span>
            <span className="edit-kind-mark" aria-hidden="true">
              ~
            </span>{' '}
            {proposals.length === 1 && proposals[0] !== undefined ? (
              <>
                <span className="mono">{proposals[0].was}</span> stood there, {kindOf(proposals[0].was)};{' '}
                <span className="mono">{proposals[0].typed}</span> is {kindOf(proposals[0].typed)}.{' '}
              </>
            ) : (
              <>{proposals.length} numbers would change their kind. </>
            )}
            <button type="button" className="link" onClick={() => props.onText(keepKinds(edit.text, proposals))}>
              {proposals.length === 1 ? `Write ${proposals[0]?.proposed}` : 'Keep the kinds that stood there'}
            </button>
          </span>
        ) : edit.op === 'remove' ? (
          <span className="faint">It is taken out of the state.</span>
        ) : isUntouched(edit) ? (
          <span className="faint">As it is stored.</span>
        ) : null}
      </div>
    </Section>
  );
}

const kindOf = (lexeme: string): string => (/[.eE]/.test(lexeme) ? 'a float' : 'an integer');
