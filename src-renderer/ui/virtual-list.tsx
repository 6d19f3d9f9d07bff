// A list of any length of which only the visible rows exist. The container keeps the focus and names the current row by
// aria-activedescendant, so that a row may scroll out of existence without the focus falling to the page.

import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useId, useRef } from 'react';
import type { AriaAttributes, HTMLAttributes, KeyboardEvent, ReactNode } from 'react';
import './virtual-list.css';

export interface VirtualListProps {
  readonly count: number;
  readonly rowHeight: number;
  /** The accessible name. */
  readonly label: string;
  readonly role: 'listbox' | 'tree' | 'list';
  /** Row that is current for the keyboard, -1 for none; brought into view when it changes. */
  readonly active: number;
  readonly renderRow: (index: number) => ReactNode;
  /** Role is set here; give aria-selected, aria-level, aria-label, handlers, className. */
  readonly rowProps?: (
    index: number,
  ) => HTMLAttributes<HTMLDivElement> & AriaAttributes & { readonly [data: `data-${string}`]: string | undefined };
  readonly rowKey?: (index: number) => string | number;
  /** Where a row counts among its siblings (trees); the flat index by default. */
  readonly place?: (index: number) => { readonly setSize: number; readonly position: number };
  /** Home, End, arrows and Page keys call this with the new row. */
  readonly onMove?: (index: number) => void;
  /** Keys that are not movements. */
  readonly onKeyDown?: (event: KeyboardEvent<HTMLDivElement>) => void;
  /** The window of rows that is drawn (with the margin), for fetching. */
  readonly onWindow?: (from: number, to: number) => void;
  readonly className?: string;
}

const rowRole = { listbox: 'option', tree: 'treeitem', list: 'listitem' } as const;

export function VirtualList(props: VirtualListProps): ReactNode {
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  // The virtualizer is one changing object by design; nothing here is memoised on it.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count: props.count,
    getScrollElement: () => scroller.current,
    estimateSize: () => props.rowHeight,
    overscan: 8,
    getItemKey: props.rowKey ?? ((index) => index),
  });
  const items = virtual.getVirtualItems();
  const from = items[0]?.index ?? 0;
  const to = (items.at(-1)?.index ?? -1) + 1;

  const { onWindow, active } = props;
  useEffect(() => onWindow?.(from, to), [onWindow, from, to]);
  useEffect(() => {
    if (active >= 0) virtual.scrollToIndex(active, { align: 'auto' });
    // The virtualizer is one object for the component's life.
  }, [active, virtual]);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / props.rowHeight) - 1);
    const last = props.count - 1;
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: Math.min(last, active + 1),
      ArrowUp: Math.max(0, active - 1),
      Home: 0,
      End: last,
      PageDown: Math.min(last, active + page),
      PageUp: Math.max(0, active - page),
    };
    const target = moves[event.key];
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    if (plain && target !== undefined && props.onMove !== undefined && last >= 0) {
      event.preventDefault();
      props.onMove(target);
      return;
    }
    props.onKeyDown?.(event);
  };

  return (
    <div
      ref={scroller}
      className={`virtual ${props.className ?? ''}`}
      role={props.role}
      aria-label={props.label}
      aria-activedescendant={active >= from && active < to ? `${id}-${active}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div className="virtual-space" role="none" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const own = props.rowProps?.(item.index) ?? {};
          const place = props.place?.(item.index) ?? { setSize: props.count, position: item.index + 1 };
          return (
            <div
              key={item.key}
              id={`${id}-${item.index}`}
              role={rowRole[props.role]}
              aria-setsize={place.setSize}
              aria-posinset={place.position}
              {...own}
              className={`virtual-row ${own.className ?? ''} ${item.index === active ? 'virtual-row-active' : ''}`}
              style={{ height: props.rowHeight, translate: `0 ${item.start}px` }}
            >
              {props.renderRow(item.index)}
            </div>
          );
        })}
      </div>
    </div>
  );
}
