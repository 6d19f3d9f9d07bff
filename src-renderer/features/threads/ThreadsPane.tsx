// The threads of the store: search, filter by status, choose. Rows appear while the listing still runs.

import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import type { ThreadRow } from '../../../shared/contract/methods.ts';
import { statusMark, statusWord } from '../../../shared/model/status.ts';
import type { Status } from '../../../shared/model/status.ts';
import { registerActions } from '../../actions/action.ts';
import { useNow } from '../../state/clock.ts';
import { useOpenStore } from '../../state/session.ts';
import { useView } from '../../state/view.ts';
import { EmptyState, ProgressLine, StatusMark } from '../../ui/controls.tsx';
import { ago, count, counted, exactTime, millisOf } from '../../ui/format.ts';
import { Menu } from '../../ui/overlays.tsx';
import { VirtualList } from '../../ui/virtual-list.tsx';
import { ThreadMenu } from './ThreadMenu.tsx';
import { useThreadRows } from './use-thread-rows.ts';
import './threads.css';

/** What asks for a person comes first. */
const filterOrder: readonly Status[] = [
  'interrupted',
  'failed',
  'in_flight',
  'armed',
  'orphaned',
  'terminal',
  'idle',
  'unknown',
];

/** These wait in a menu: nobody needs to act on them. */
const quiet: readonly Status[] = ['terminal', 'idle', 'unknown'];

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

export function ThreadsPane(): ReactNode {
  const store = useView((v) => v.store);
  const thread = useView((v) => v.thread);
  const search = useView((v) => v.search);
  const status = useView((v) => v.status);
  const { showThread, filterThreads } = useView.getState();
  const rows = useThreadRows(store, search, status);
  const now = useNow();
  const locked = useOpenStore()?.info.sealed?.open === false;
  const field = useRef<HTMLInputElement>(null);
  const active = thread === null ? -1 : rows.indexOf(thread);

  useEffect(() => {
    const search = (): void => {
      field.current?.focus();
      field.current?.select();
    };
    const base = { label: 'Search threads', group: 'Go', perform: search } as const;
    // "Find" belongs to the pane that has the focus: here only while it is this one, or while nothing else could be searched.
    const here = (): boolean =>
      document.activeElement?.closest('.threads') != null || useView.getState().checkpoint === null;
    return registerActions('threads', [
      { id: 'threads.search', ...base, shortcut: ['t'] },
      { id: 'threads.find', ...base, shortcut: ['Mod+f', '/'], when: here, hidden: true },
    ]);
  }, []);

  // A store that has just been opened shows its latest thread, not an empty window.
  const first = rows.row(0)?.thread ?? null;
  useEffect(() => {
    if (thread === null && first !== null && search === '' && status === null) showThread(first);
  }, [thread, first, search, status, showThread]);

  const filtered = search !== '' || status !== null;
  const present = filterOrder.filter((s) => (rows.statusCounts[s] ?? 0) > 0 || s === status);
  const roomy = present.length <= 3;
  const others = roomy ? [] : present.filter((s) => quiet.includes(s) && s !== status);
  /** A row far away (End, Page down) is chosen when it has been read. */
  const awaited = useRef(-1);
  /** Enter came before what was typed had been searched for: the first match is chosen when it is here, not a row of the list before. */
  const enterAwaited = useRef(false);
  useEffect(() => {
    if (rows.loading) return;
    if (enterAwaited.current) {
      enterAwaited.current = false;
      awaited.current = rows.matched > 0 ? Math.max(0, active) : -1;
    }
    const arrived = awaited.current < 0 ? null : rows.row(awaited.current);
    if (arrived === null) return;
    awaited.current = -1;
    showThread(arrived.thread);
  });
  const move = (index: number): void => {
    const next = rows.row(index);
    awaited.current = next === null ? index : -1;
    if (next !== null) showThread(next.thread);
    else rows.want(index, index + 1);
  };

  return (
    <div className="threads">
      <div className="threads-top">
        <div className="threads-head">
          <h2>Threads</h2>
          <span className="faint" aria-live="polite">
            {filtered ? `${count(rows.matched)} of ${count(rows.total)}` : count(rows.total)}
            {!rows.complete && rows.total > 0 ? '…' : ''}
          </span>
        </div>
        <input
          ref={field}
          className="field"
          type="search"
          placeholder="Search threads"
          aria-label="Search threads"
          spellCheck={false}
          value={search}
          onChange={(event) => filterThreads({ search: event.target.value })}
          onKeyDown={(event) => {
            if (event.key === 'Escape') {
              event.preventDefault();
              if (search === '') field.current?.blur();
              else filterThreads({ search: '' });
            } else if (event.key === 'ArrowDown' || event.key === 'Enter') {
              event.preventDefault();
              if (rows.loading) enterAwaited.current = true;
              else move(Math.max(0, active));
              event.currentTarget.closest('.threads')?.querySelector<HTMLElement>('[role="listbox"]')?.focus();
            }
          }}
        />
        {present.length > 0 && (
          <div className="threads-filters" role="group" aria-label="Show threads by status">
            <FilterButton on={status === null} label="All" onClick={() => filterThreads({ status: null })} />
            {present
              .filter((s) => roomy || !quiet.includes(s) || s === status)
              .map((s) => (
                <FilterButton
                  key={s}
                  on={status === s}
                  label={capital(statusWord[s])}
                  count={rows.statusCounts[s] ?? 0}
                  onClick={() => filterThreads({ status: status === s ? null : s })}
                />
              ))}
            {others.length > 0 && (
              <Menu
                align="end"
                trigger={
                  <button type="button" className="threads-filter" aria-label="More statuses" title="More statuses">
                    ⋯
                  </button>
                }
                items={others.map((s) => ({
                  id: s,
                  label: capital(statusWord[s]),
                  icon: <StatusMark status={s} />,
                  hint: count(rows.statusCounts[s] ?? 0),
                  perform: () => filterThreads({ status: s }),
                }))}
              />
            )}
          </div>
        )}
      </div>
      <div className="threads-list">
        <ProgressLine
          active={rows.loading || (!rows.complete && rows.total > 0) || rows.unread > 0}
          text={rows.unread > 0 && status !== null ? `${counted(rows.unread, 'thread')} still to be read` : null}
        />
        {rows.error !== null && rows.matched === 0 ? (
          <EmptyState small alert title="The threads cannot be listed">
            {rows.error.message} {rows.error.hint}
          </EmptyState>
        ) : rows.matched === 0 && !rows.loading ? (
          filtered ? (
            <EmptyState
              small
              title="No thread matches"
              action={
                <button type="button" className="link" onClick={() => filterThreads({ search: '', status: null })}>
                  Show all threads
                </button>
              }
            >
              {rows.unread > 0
                ? `${counted(rows.unread, 'thread')} are still being read.`
                : 'Thread ids are searched, upper and lower case alike.'}
            </EmptyState>
          ) : rows.complete ? (
            <EmptyState small title="No threads yet">
              The store is there and holds no run. What an agent writes into it appears here.
            </EmptyState>
          ) : null
        ) : (
          <ThreadMenu store={store} active={thread} onThread={showThread}>
            <VirtualList
              count={rows.matched}
              rowHeight={44}
              label="Threads"
              role="listbox"
              active={active}
              rowKey={(index) => rows.row(index)?.thread ?? index}
              onMove={move}
              onWindow={rows.want}
              rowProps={(index) => {
                const row = rows.row(index);
                return {
                  'aria-selected': row !== null && row.thread === thread,
                  'aria-label': row?.thread ?? 'being read',
                  'data-status': row?.detail?.status,
                  'data-thread': row?.thread,
                  className: row !== null && row.thread === thread ? 'thread thread-on' : 'thread',
                  onClick: () => {
                    if (row !== null) showThread(row.thread);
                  },
                };
              }}
              renderRow={(index) => {
                const row = rows.row(index);
                return row === null ? (
                  <span className="thread-name faint">…</span>
                ) : (
                  <Row row={row} now={now} locked={locked} />
                );
              }}
            />
          </ThreadMenu>
        )}
      </div>
    </div>
  );
}

function FilterButton(props: {
  readonly on: boolean;
  readonly label: string;
  readonly count?: number;
  readonly onClick: () => void;
}): ReactNode {
  return (
    <button type="button" className="threads-filter" aria-pressed={props.on} onClick={props.onClick}>
      {props.label}
      {props.count !== undefined && ` ${count(props.count)}`}
    </button>
  );
}

/** Ids that a machine made read better in the data's type: hexadecimal ones, and those with a long run of letters and digits. */
const looksGenerated = (thread: string): boolean =>
  /^[0-9a-f-]{20,}$/i.test(thread) || /(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{16,}/i.test(thread);

/** What would not be seen in an id and tells it from another one: line breaks, tabs, spaces at its ends. */
const seen = (thread: string): string =>
  thread
    .replace(/\r?\n|\r/g, '⏎')
    .replace(/\t/g, '⇥')
    .replace(/^ +| +$/g, (spaces) => '␣'.repeat(spaces.length));

function Row(props: { readonly row: ThreadRow; readonly now: number; readonly locked: boolean }): ReactNode {
  const { locked } = props;
  const { thread, detail, checkpoints, updatedAt } = props.row;
  const time = millisOf(updatedAt);
  const facts = [counted(checkpoints, 'step')];
  if (detail !== null) {
    if (detail.branches > 1) facts.push(counted(detail.branches, 'branch', 'branches'));
    if (detail.refused === null) facts.push(statusWord[detail.status]);
  }
  return (
    <>
      <span className="thread-mark status-mark" aria-hidden="true">
        {detail === null ? '' : statusMark[detail.status]}
      </span>
      <span className={`thread-name ellipsis ${looksGenerated(thread) ? 'mono' : ''}`} title={thread} dir="auto">
        {seen(thread)}
      </span>
      {time !== null && (
        <time className="thread-time" title={exactTime(time)} dateTime={updatedAt ?? undefined}>
          {ago(time, props.now)}
        </time>
      )}
      <span className="thread-facts ellipsis">
        {facts.join(' · ')}
        {detail?.refused != null && (
          <span className="thread-refused" title={detail.refused}>
            {' '}
            · {locked ? 'needs the key' : 'cannot be loaded'}
          </span>
        )}
      </span>
    </>
  );
}
