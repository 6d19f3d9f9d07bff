// A line between two panes that can be dragged and moved by arrow keys; the size is remembered by name.

import { useRef, useState } from 'react';
import type { KeyboardEvent, PointerEvent, ReactNode } from 'react';
import './splitter.css';

const storageKey = (name: string): string => `forkpoint.size.${name}`;

/** A size in pixels that outlives the window; `initial`, which may change with the window, until it was chosen. Storage may be refused (private windows): then it lasts as long as the window. */
export function useRememberedSize(name: string, initial: number): [number, (size: number) => void] {
  const [size, setSize] = useState(() => {
    try {
      const n = Number(localStorage.getItem(storageKey(name)));
      return Number.isFinite(n) && n > 0 ? n : null;
    } catch {
      return null;
    }
  });
  const remember = (next: number): void => {
    setSize(next);
    try {
      localStorage.setItem(storageKey(name), String(Math.round(next)));
    } catch {
      // Not remembered, and nothing lost by it.
    }
  };
  return [size ?? initial, remember];
}

export interface SplitterProps {
  /** What it resizes, for assistive technology: "Threads width". */
  readonly label: string;
  /** `vertical` is an upright line between left and right. */
  readonly orientation: 'vertical' | 'horizontal';
  readonly size: number;
  readonly min: number;
  readonly max: number;
  /** The resized pane lies after the line (right or below), so moving towards it shrinks it. */
  readonly after?: boolean;
  readonly onResize: (size: number) => void;
  /** Double click and Enter go back to this. */
  readonly initial: number;
}

export function Splitter(props: SplitterProps): ReactNode {
  const drag = useRef<{ readonly at: number; readonly size: number } | null>(null);
  const upright = props.orientation === 'vertical';
  const clamp = (n: number): number => Math.max(props.min, Math.min(Math.max(props.min, props.max), n));
  const along = (event: PointerEvent): number => (upright ? event.clientX : event.clientY);
  const direction = props.after === true ? -1 : 1;

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = (event.shiftKey ? 64 : 16) * direction;
    const [less, more] = upright ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
    if (event.key === less) props.onResize(clamp(props.size - step));
    else if (event.key === more) props.onResize(clamp(props.size + step));
    else if (event.key === 'Home') props.onResize(props.min);
    else if (event.key === 'End') props.onResize(clamp(props.max));
    else if (event.key === 'Enter') props.onResize(clamp(props.initial));
    else return;
    event.preventDefault();
  };

  return (
    <div
      className={`splitter splitter-${props.orientation}`}
      role="separator"
      tabIndex={0}
      aria-label={props.label}
      aria-orientation={props.orientation}
      aria-valuenow={Math.round(props.size)}
      aria-valuemin={props.min}
      aria-valuemax={Math.round(Math.max(props.min, props.max))}
      onKeyDown={onKeyDown}
      onDoubleClick={() => props.onResize(clamp(props.initial))}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        drag.current = { at: along(event), size: props.size };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (drag.current === null) return;
        props.onResize(clamp(drag.current.size + direction * (along(event) - drag.current.at)));
      }}
      onLostPointerCapture={() => {
        drag.current = null;
      }}
    />
  );
}
