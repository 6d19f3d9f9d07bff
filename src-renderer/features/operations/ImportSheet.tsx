// The sheet of an import: a thread document from a file becomes a thread of the open store.

import { useEffect, useRef, useState } from 'react';
import type { DragEvent, ReactNode } from 'react';
import type { OperationArgs } from '../../../shared/contract/methods.ts';
import { asForkpointError } from '../../../shared/model/errors.ts';
import type { ForkpointError } from '../../../shared/model/errors.ts';
import { useService } from '../../service/client.ts';
import { useMessages } from '../../state/messages.ts';
import { useOperation } from '../../state/operation.ts';
import { useOpenStore } from '../../state/session.ts';
import { useView } from '../../state/view.ts';
import { Button, ProgressLine } from '../../ui/controls.tsx';
import * as format from '../../ui/format.ts';
import { Sheet } from '../../ui/overlays.tsx';
import { rowsOf } from './moved.ts';
import { Moved, PlanError, Section, SheetButtons, Then, Warnings, Written, planNote } from './PlanParts.tsx';
import { undoOperation } from './start.ts';
import { usePlan } from './use-plan.ts';

const chunkBytes = 512 * 1024;

interface Upload {
  readonly file: File;
  readonly sent: number;
  readonly document: string | null;
  readonly error: ForkpointError | null;
}

export function ImportSheet(props: { readonly store: string; readonly file: File | null }): ReactNode {
  const { store } = props;
  const client = useService();
  const open = useOpenStore();
  const [file, setFile] = useState<File | null>(props.file);
  const [sent, setUpload] = useState<Upload | null>(null);
  // What was sent of a file that was chosen before is nothing of this one.
  const upload = file === null ? null : sent?.file === file ? sent : { file, sent: 0, document: null, error: null };
  const [into, setInto] = useState('');
  const [over, setOver] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const close = (): void => useOperation.getState().close();

  useEffect(() => {
    if (file === null) return;
    const controller = new AbortController();
    const send = async (): Promise<void> => {
      let document: string | null = null;
      for (let from = 0; from === 0 || from < file.size; from += chunkBytes) {
        const chunk = new Uint8Array(await file.slice(from, from + chunkBytes).arrayBuffer());
        const last = from + chunkBytes >= file.size;
        const answer: { document: string } = await client.call(
          'import.upload',
          { document, chunk, last },
          { signal: controller.signal },
        );
        document = answer.document;
        if (controller.signal.aborted) return;
        setUpload({
          file,
          sent: Math.min(file.size, from + chunkBytes),
          document: last ? document : null,
          error: null,
        });
      }
    };
    send().catch((thrown: unknown) => {
      if (!controller.signal.aborted) setUpload({ file, sent: 0, document: null, error: asForkpointError(thrown) });
    });
    return () => controller.abort();
  }, [client, file]);

  const args: OperationArgs | null =
    upload?.document == null
      ? null
      : { operation: 'import', document: upload.document, into: into === '' ? null : into };
  const planning = usePlan(store, args);
  const { view } = planning;
  const files = open?.info.backend !== 'sqlite';
  const unit = files ? 'record' : 'row';

  const commit = async (): Promise<void> => {
    const done = await planning.commit();
    if (done === null) return;
    close();
    const { target, operationId } = done.plan;
    if (target !== null) {
      useView.getState().showThread(target.thread);
      if (target.checkpoint !== null) useView.getState().showCheckpoint(target.checkpoint);
    }
    useMessages
      .getState()
      .say(
        `Imported ${target === null ? file?.name : target.thread}: ${format.counted(rowsOf(done), unit)} written.`,
        operationId === null ? null : { label: 'Undo', perform: () => undoOperation(store, operationId) },
      );
  };

  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    setOver(false);
    const dropped = event.dataTransfer.files[0];
    if (dropped !== undefined) setFile(dropped);
  };

  return (
    <Sheet
      open
      title="Import"
      heading="Import a thread"
      description="Nothing is written until Commit. Undo stays possible afterwards."
      onClose={() => {
        if (!planning.committing) close();
      }}
      note={args === null ? null : planNote(planning, unit)}
      buttons={
        <SheetButtons
          planning={planning}
          ready={args !== null}
          words={view === null ? 'Commit' : `Commit import · ${format.counted(rowsOf(view), unit)}`}
          onCancel={close}
          onCommit={() => void commit()}
        />
      }
    >
      <ProgressLine
        active={planning.slow || (upload !== null && upload.document === null && upload.error === null)}
        done={upload?.sent ?? null}
        total={upload === null || upload.document !== null ? null : upload.file.size}
      />
      <Moved text={planning.moved} />
      <Section title="The document">
        <div
          className={`import-drop ${over ? 'import-drop-over' : ''}`}
          onDragOver={(event) => {
            event.preventDefault();
            event.stopPropagation();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={onDrop}
        >
          {file === null ? (
            <span className="dim">
              A thread that was exported from a store of the same framework, as JSON. Drop it here, or
            </span>
          ) : (
            <span className="import-drop-file">
              <span className="mono ellipsis">{file.name}</span>{' '}
              <span className="faint">{format.bytes(file.size)}</span>
            </span>
          )}
          <Button onClick={() => picker.current?.click()}>
            {file === null ? 'Choose a file…' : 'Choose another…'}
          </Button>
          <input
            ref={picker}
            type="file"
            className="only-spoken"
            aria-label="Thread document"
            tabIndex={-1}
            accept=".json,application/json"
            onChange={(event) => {
              const chosen = event.target.files?.[0];
              if (chosen !== undefined) setFile(chosen);
              event.target.value = '';
            }}
          />
        </div>
      </Section>
      {upload?.error != null && <PlanError error={upload.error} />}
      {args !== null && (
        <Section title="Where to">
          <input
            className="field mono"
            type="text"
            aria-label="Id of the new thread"
            placeholder={view?.plan.target?.thread ?? 'the id that it had'}
            spellCheck={false}
            value={into}
            onChange={(event) => setInto(event.target.value)}
          />
        </Section>
      )}
      {planning.error !== null && <PlanError error={planning.error} onRetry={planning.retry} />}
      {view !== null && (
        <>
          <Section title="What is written">
            <Written view={view} files={files} />
          </Section>
          <Warnings warnings={view.plan.warnings} />
          <Then view={view} />
        </>
      )}
    </Sheet>
  );
}
