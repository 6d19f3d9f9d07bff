// The Records tab: what the framework keeps beside the checkpoints (journals, step records, events, results), of the selected
// checkpoint or of the whole thread. Rows come window by window; a content is read when it is chosen.

import { useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { RecordRow } from '../../../../shared/contract/methods.ts';
import { useCall } from '../../../service/client.ts';
import { useView } from '../../../state/view.ts';
import { Button, EmptyState } from '../../../ui/controls.tsx';
import * as format from '../../../ui/format.ts';
import { VirtualList } from '../../../ui/virtual-list.tsx';
import { indentJson } from '../../../values/json-text.ts';
import { CodeText } from '../CodeText.tsx';
import { ReadingLine } from '../ReadingLine.tsx';
import './records.css';

/** Rows of one call; the window that is asked for begins at a multiple of half of it. */
const page = 400;
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
  const key = whole ? null : checkpoint;
  const [from, setFrom] = useState(0);
  const [chosen, setChosen] = useState<string | null>(null);
  const list = useCall('records.list', { store, thread, key, from, count: page }, { revision });
  const rows = list.data?.records ?? [];
  const total = list.data?.total ?? 0;
  const at = rows.findIndex((r) => r.record === chosen);
  const shown = at < 0 ? 0 : at;
  const row = rows[shown] ?? null;
  const scope = (next: boolean): void => {
    setWhole(next);
    setFrom(0);
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
      {list.data !== null && <span className="faint">{format.counted(total, 'record')}</span>}
    </div>
  );

  if (list.error !== null && list.data === null) {
    return (
      <EmptyState
        small
        alert
        title="The records cannot be read"
        action={<Button onClick={list.retry}>Try again</Button>}
      >
        {list.error.message} {list.error.hint}
      </EmptyState>
    );
  }
  return (
    <div className="records-pane">
      {bar}
      <ReadingLine active={list.slow} text="Reading the records" onCancel={list.cancel} />
      {list.data !== null && total === 0 ? (
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
            count={total}
            rowHeight={44}
            active={row === null ? -1 : from + shown}
            onMove={(index) => {
              const next = rows[index - from];
              if (next !== undefined) setChosen(next.record);
            }}
            onWindow={(first, last) => {
              if (first >= from && last <= Math.min(total, from + page)) return;
              setFrom(Math.max(0, Math.floor(first / (page / 2)) * (page / 2) - page / 4));
            }}
            rowKey={(index) => rows[index - from]?.record ?? index}
            rowProps={(index) => {
              const record = rows[index - from];
              if (record === undefined) return { 'aria-label': 'being read' };
              return {
                'aria-label': `${record.kind} ${record.record}`,
                'aria-selected': record === row,
                className: 'record-row',
                onClick: () => setChosen(record.record),
              };
            }}
            renderRow={(index) => {
              const record = rows[index - from];
              return record === undefined ? <span className="faint">…</span> : <RecordLine record={record} />;
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
