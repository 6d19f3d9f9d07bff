// The Records tab: what the framework keeps beside the checkpoints (journals, step records, events, results), of the selected
// checkpoint or of the whole thread. Rows come window by window; a content is read when it is chosen.

import { useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { RecordRow } from '../../../../shared/contract/methods.ts';
import { useCall } from '../../../service/client.ts';
import { useView } from '../../../state/view.ts';
import { Button, EmptyState, ProgressLine } from '../../../ui/controls.tsx';
import * as format from '../../../ui/format.ts';
import { VirtualList } from '../../../ui/virtual-list.tsx';
import { indentJson } from '../../../values/json-text.ts';
import { CodeText } from '../CodeText.tsx';
import { ReadingLine } from '../ReadingLine.tsx';
import { CannotRead } from '../Unread.tsx';
import { useRecordRows } from './use-record-rows.ts';
import './records.css';

/** Bytes of a content that are shown at once. */
const longest = 500_000;

export function RecordsTab(props: {
  readonly store: string;
  readonly thread: string;
  readonly checkpoint: string;
  readonly revision: number;
}): ReactNode {
  const { store, thread, checkpoint, revision } = props;
  const [whole, setWhole] = useState(true);
  const list = useRecordRows(store, thread, whole ? null : checkpoint, revision);
  const { total, row: rowAt } = list;
  /** The place that was chosen and what stood there: a record that has moved is found again by its name, near where it was. */
  const [chosen, setChosen] = useState<{ readonly at: number; readonly record: string | null }>({
    at: 0,
    record: null,
  });
  const at = Math.min(placeOf(chosen, rowAt), Math.max(0, (total ?? 1) - 1));
  const row = rowAt(at);
  const choose = (index: number): void => {
    setChosen({ at: index, record: rowAt(index)?.record ?? null });
    // A place far away (End, Page down) is shown when it has been read.
    if (rowAt(index) === null) list.want(index, index + 1);
  };
  const scope = (next: boolean): void => {
    setWhole(next);
    setChosen({ at: 0, record: null });
  };
  const bar = (
    <div className="records-bar">
      <Button look="quiet" pressed={whole} onClick={() => scope(true)}>
        Whole thread
      </Button>
      <Button look="quiet" pressed={!whole} onClick={() => scope(false)}>
        This checkpoint
      </Button>
      <span className="spring" />
      {total !== null && <span className="faint">{format.counted(total, 'record')}</span>}
    </div>
  );

  if (list.error !== null && total === null) {
    return <CannotRead title="The records cannot be read" error={list.error} onRetry={list.retry} />;
  }
  return (
    <div className="records-pane">
      {bar}
      <ProgressLine active={list.slow} text="Reading the records" />
      {total === 0 ? (
        <EmptyState small title="No records">
          {whole
            ? 'Nothing stands beside the checkpoints of this thread.'
            : 'Nothing of what stands beside the checkpoints is known to belong to this one.'}
        </EmptyState>
      ) : (
        <div className="records-split">
          <VirtualList
            label="Records"
            role="listbox"
            className="records-list"
            count={total ?? 0}
            rowHeight={44}
            active={total === null ? -1 : at}
            onMove={choose}
            onWindow={list.want}
            rowKey={(index) => rowAt(index)?.record ?? index}
            rowProps={(index) => {
              const record = rowAt(index);
              return {
                'aria-label': record === null ? 'being read' : `${record.kind} ${record.record}`,
                'aria-selected': total !== null && index === at,
                className: 'record-row',
                onClick: () => choose(index),
              };
            }}
            renderRow={(index) => {
              const record = rowAt(index);
              return record === null ? <span className="faint">…</span> : <RecordLine record={record} />;
            }}
          />
          {row !== null && (
            <RecordContent key={row.record} store={store} thread={thread} row={row} revision={revision} />
          )}
        </div>
      )}
    </div>
  );
}

/** Where the chosen record stands now: rows that came before it may have moved it a little. */
function placeOf(
  chosen: { readonly at: number; readonly record: string | null },
  rowAt: (index: number) => RecordRow | null,
): number {
  if (chosen.record === null || rowAt(chosen.at)?.record === chosen.record) return chosen.at;
  for (let by = 1; by < 200; by++) {
    if (rowAt(chosen.at + by)?.record === chosen.record) return chosen.at + by;
    if (rowAt(chosen.at - by)?.record === chosen.record) return chosen.at - by;
  }
  return chosen.at;
}

/** A record's name without its kind, which stands above it. */
const shortName = (record: RecordRow): string =>
  [':', '/'].some((mark) => record.record.startsWith(record.kind + mark))
    ? record.record.slice(record.kind.length + 1)
    : record.record;

function RecordLine(props: { readonly record: RecordRow }): ReactNode {
  const { record } = props;
  const time = format.millisOf(record.time);
  return (
    <>
      <span className="record-kind ellipsis">{record.kind}</span>
      <span className="record-bytes faint">{format.bytes(record.bytes)}</span>
      <span className="record-name mono faint ellipsis" title={record.record}>
        {shortName(record)}
      </span>
      {time !== null && (
        <time className="faint" title={format.exactTime(time)}>
          {format.clockTime(time)}
        </time>
      )}
    </>
  );
}

function RecordContent(props: {
  readonly store: string;
  readonly thread: string;
  readonly row: RecordRow;
  readonly revision: number;
}): ReactNode {
  const { store, thread, row, revision } = props;
  const content = useCall('records.content', { store, thread, record: row.record, limit: longest }, { revision });
  const text = content.data?.content ?? null;
  const time = format.millisOf(row.time);
  const pretty = useMemo(() => (text === null ? null : indentJson(text, 90)), [text]);
  return (
    <section className="record-content" aria-label="Content of the record">
      <header className="record-head">
        <b>{row.kind}</b>
        <span className="mono faint ellipsis selectable" title={row.record}>
          {shortName(row)}
        </span>
        <span className="spring" />
        {time !== null && <span className="record-time faint">{format.exactTime(time)}</span>}
        {row.checkpoint !== null && (
          <Button look="quiet" onClick={() => useView.getState().showCheckpoint(row.checkpoint)}>
            Go to its checkpoint
          </Button>
        )}
      </header>
      <ReadingLine active={content.slow} text="Reading the record" onCancel={content.cancel} />
      {content.error !== null && (
        <div className="block-error" role="alert">
          {content.error.message} {content.error.hint}
        </div>
      )}
      {content.data !== null && pretty === null && (
        <p className="dim">
          This record has {format.bytes(content.data.bytes)}, too much to show here. The terminal prints it whole:{' '}
          <code>forkpoint records</code>.
        </p>
      )}
      {pretty !== null && <CodeText text={pretty} />}
    </section>
  );
}
