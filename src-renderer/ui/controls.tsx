// Small controls: button, chip, key, progress line, the empty state, and the mark of a status.

import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { shortcutText } from '../actions/keyboard.ts';
import { statusMark, statusWord } from '../../shared/model/status.ts';
import type { Status } from '../../shared/model/status.ts';
import './controls.css';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `primary` is the one thing to do here; `quiet` has no border until pointed at. */
  readonly look?: 'plain' | 'primary' | 'quiet' | 'danger';
  /** An icon alone: square; give it `aria-label`. */
  readonly icon?: boolean;
  readonly pressed?: boolean;
  readonly shortcut?: string;
}

export function Button(props: ButtonProps): ReactNode {
  const { look = 'plain', icon = false, pressed, shortcut, className = '', children, ...rest } = props;
  return (
    <button
      type="button"
      className={`button button-${look} ${icon ? 'button-icon' : ''} ${className}`}
      aria-pressed={pressed}
      aria-keyshortcuts={shortcut?.replace('Mod', 'Control')}
      {...rest}
    >
      {children}
      {shortcut !== undefined && !icon && <Kbd shortcut={shortcut} />}
    </button>
  );
}

export function Chip(props: {
  readonly children: ReactNode;
  readonly title?: string | undefined;
  readonly tone?: 'plain' | 'ok' | 'warn';
}): ReactNode {
  return (
    <span className={`chip chip-${props.tone ?? 'plain'}`} title={props.title}>
      {props.children}
    </span>
  );
}

/** A shortcut as a key cap; not read aloud (the control says it by aria-keyshortcuts). */
export function Kbd(props: { readonly shortcut: string }): ReactNode {
  return (
    <kbd className="kbd" aria-hidden="true">
      {shortcutText(props.shortcut)}
    </kbd>
  );
}

/** A thin line at the top of its pane while something is read; after a second with what, and Cancel. */
export function ProgressLine(props: {
  readonly active: boolean;
  readonly text?: string | null;
  readonly done?: number | null;
  readonly total?: number | null;
  readonly onCancel?: () => void;
}): ReactNode {
  if (!props.active) return null;
  const known = props.total != null && props.total > 0 && props.done != null;
  return (
    <div className="progress" role="progressbar" aria-label={props.text ?? 'Reading'}>
      <div
        className={`progress-line ${known ? '' : 'progress-unknown'}`}
        style={known ? { inlineSize: `${Math.min(100, (100 * (props.done ?? 0)) / (props.total ?? 1))}%` } : undefined}
      />
      {props.text != null && props.text !== '' && (
        <div className="progress-text">
          <span className="ellipsis">{props.text}</span>
          {props.onCancel !== undefined && (
            <Button look="quiet" onClick={props.onCancel}>
              Cancel
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

/** What this is, why it is empty or broken, what to do. */
export function EmptyState(props: {
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
  readonly mark?: ReactNode;
  /** Small: inside a pane. */
  readonly small?: boolean;
  readonly alert?: boolean;
}): ReactNode {
  return (
    <div
      className={`empty ${props.small === true ? 'empty-small' : ''}`}
      role={props.alert === true ? 'alert' : undefined}
    >
      {props.mark !== undefined && <div className="empty-mark">{props.mark}</div>}
      <h2 className="empty-title">{props.title}</h2>
      {props.children !== undefined && <div className="empty-text">{props.children}</div>}
      {props.action !== undefined && <div className="empty-action">{props.action}</div>}
    </div>
  );
}

/** The mark of a status in its colour; `word` adds the word, else it is the mark's name. */
export function StatusMark(props: { readonly status: Status; readonly word?: boolean }): ReactNode {
  const word = statusWord[props.status];
  if (props.word === true) {
    return (
      <span className="status-mark" data-status={props.status}>
        <span aria-hidden="true">{statusMark[props.status]}</span> {word}
      </span>
    );
  }
  return (
    <span className="status-mark" data-status={props.status} role="img" aria-label={word} title={word}>
      {statusMark[props.status]}
    </span>
  );
}

/** The product's mark: two lanes, one forking off. */
export function Logo(props: { readonly size: number }): ReactNode {
  return (
    <svg width={props.size} height={props.size} viewBox="0 0 20 20" fill="none" aria-hidden="true">
      <path d="M2 6h7c5 0 4 8 9 8" stroke="var(--b1)" strokeWidth="2.2" />
      <path d="M2 6h16" stroke="var(--b0)" strokeWidth="2.2" />
      <circle cx="8" cy="6" r="3" fill="var(--text)" />
    </svg>
  );
}
