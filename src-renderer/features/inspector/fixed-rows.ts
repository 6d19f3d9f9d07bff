// Rows of one height in any number. Browsers stop laying out near 33 million pixels, so beyond 8 million the scroll bar is scaled:
// it still reaches both ends, and the wheel still moves by what it says.

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { RefObject } from 'react';

const tallest = 8_000_000;
const margin = 8;

/** How tall the space inside the scroller is, and how many pixels of rows one pixel of scrolling stands for. */
export function scaleOf(total: number, height: number): { readonly space: number; readonly scale: number } {
  const space = Math.min(total, tallest);
  return { space, scale: total > space && space > height ? (total - height) / (space - height) : 1 };
}

/** Rows to draw for a view that begins at pixel `top` of all rows, some more at both ends. */
export function windowAt(
  top: number,
  height: number,
  count: number,
  rowHeight: number,
): { readonly from: number; readonly to: number } {
  return {
    from: Math.max(0, Math.min(Math.floor(top / rowHeight) - margin, count)),
    to: Math.min(count, Math.ceil((top + height) / rowHeight) + margin),
  };
}

export interface FixedRows {
  readonly scroller: RefObject<HTMLDivElement | null>;
  /** Height of the space inside the scroller. */
  readonly space: number;
  /** Rows to draw, and where the first of them stands in the space. */
  readonly from: number;
  readonly to: number;
  readonly top: number;
  /** Rows that fit, for Page keys. */
  readonly page: number;
  /** Brings a row into view, or to the middle if it was out of view and `middle` is set. */
  readonly reveal: (index: number, middle?: boolean) => void;
}

export function useFixedRows(count: number, rowHeight: number): FixedRows {
  const scroller = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState(0);
  /** Where the view begins, in pixels of all rows, and the scrollTop that stands for it. */
  const [at, setAt] = useState({ top: 0, scroll: 0 });
  const total = count * rowHeight;
  const { space, scale } = scaleOf(total, height);
  const facts = useRef({ total, height, scale });
  useLayoutEffect(() => {
    facts.current = { total, height, scale };
  });
  const expected = useRef(0);
  const current = useRef(0);

  const moveTo = useCallback((top: number) => {
    const element = scroller.current;
    if (element === null) return;
    const f = facts.current;
    const clamped = Math.max(0, Math.min(top, f.total - element.clientHeight));
    current.current = clamped;
    element.scrollTop = clamped / f.scale;
    expected.current = element.scrollTop;
    setAt({ top: clamped, scroll: element.scrollTop });
  }, []);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    setHeight(element.clientHeight);
    const onScroll = (): void => {
      if (Math.abs(element.scrollTop - expected.current) < 1 && facts.current.scale > 1) return;
      expected.current = element.scrollTop;
      current.current = element.scrollTop * facts.current.scale;
      setAt({ top: current.current, scroll: element.scrollTop });
    };
    const onWheel = (event: WheelEvent): void => {
      if (facts.current.scale === 1 || event.ctrlKey) return;
      event.preventDefault();
      moveTo(current.current + event.deltaY * (event.deltaMode === 1 ? 24 : 1));
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', onScroll);
      element.removeEventListener('wheel', onWheel);
    };
  }, [moveTo]);

  // Fewer rows than before: the browser moved the scroll without telling in time for the next picture.
  useEffect(() => {
    if (current.current > Math.max(0, total - height)) moveTo(total - height);
  }, [total, height, moveTo]);

  const reveal = useCallback(
    (index: number, middle = false) => {
      const element = scroller.current;
      if (element === null || index < 0) return;
      const view = element.clientHeight;
      const top = index * rowHeight;
      if (top >= current.current && top + rowHeight <= current.current + view) return;
      if (middle) moveTo(top - (view - rowHeight) / 2);
      else moveTo(top < current.current ? top : top + rowHeight - view);
    },
    [rowHeight, moveTo],
  );

  const { from, to } = windowAt(at.top, height, count, rowHeight);
  return {
    scroller,
    space,
    from,
    to,
    top: at.scroll + from * rowHeight - at.top,
    page: Math.max(1, Math.floor(height / rowHeight) - 1),
    reveal,
  };
}
