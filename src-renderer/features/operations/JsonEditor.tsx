// The editor of a value: CodeMirror on tagged JSON, styled under the page's policy by its nonce.

import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json, jsonParseLinter } from '@codemirror/lang-json';
import { HighlightStyle, bracketMatching, syntaxHighlighting } from '@codemirror/language';
import { linter } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, drawSelection, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { styleNonce } from '../../ui/nonce.ts';

const parseErrors = jsonParseLinter();

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--keyword)' },
  { tag: tags.string, color: 'var(--string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--number)' },
]);

const theme = EditorView.theme({
  '&': { backgroundColor: 'var(--bg)', color: 'var(--text)', fontSize: '12px', maxHeight: '46vh' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6', overflow: 'auto' },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--text)' },
  '.cm-line': { padding: '0 12px 0 6px' },
  '.cm-gutters': { backgroundColor: 'var(--bg)', color: 'var(--faint)', border: 'none' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 30%, transparent)',
  },
  '.cm-matchingBracket': { backgroundColor: 'var(--raise)', outline: '1px solid var(--line2)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--panel)',
    border: '1px solid var(--line2)',
    borderRadius: '6px',
    color: 'var(--text)',
  },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--fail)' },
});

export interface JsonEditorProps {
  /** The text; a change from outside (a proposal that was taken) replaces what is in the editor. */
  readonly value: string;
  readonly label: string;
  readonly onChange: (text: string) => void;
}

export function JsonEditor(props: JsonEditorProps): ReactNode {
  const element = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });

  useEffect(() => {
    if (element.current === null) return;
    const { value, label } = latest.current;
    const made = new EditorView({
      parent: element.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          EditorView.cspNonce.of(styleNonce()),
          history(),
          drawSelection(),
          bracketMatching(),
          ...(value.includes('\n') ? [lineNumbers()] : []),
          json(),
          // Nothing typed yet is no mistake.
          linter((view) => (view.state.doc.length === 0 ? [] : parseErrors(view)), { delay: 300 }),
          syntaxHighlighting(colours),
          theme,
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
          // Tab is left to the page: the sheet must stay reachable by keyboard.
          keymap.of([...defaultKeymap.filter((k) => k.key !== 'Escape'), ...historyKeymap]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    // The whole value of one line is what will most often be typed over; in a document the caret goes to its beginning.
    made.focus();
    if (!value.includes('\n')) {
      const quoted = value.startsWith('"') ? 1 : 0;
      made.dispatch({ selection: { anchor: quoted, head: value.length - quoted } });
    }
    return () => {
      view.current = null;
      made.destroy();
    };
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (editor === null || editor.state.doc.toString() === props.value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: props.value } });
  }, [props.value]);

  return <div className="json-editor" ref={element} />;
}
