// Tagged JSON and resume code, coloured; always text nodes. Very long text is shown plain, because each piece is an element.

import { useMemo } from 'react';
import type { ReactNode } from 'react';
import { jsonTokens } from '../../values/json-text.ts';

const longestColoured = 60_000;

export function CodeText(props: { readonly text: string; readonly inline?: boolean }): ReactNode {
  const tokens = useMemo(() => (props.text.length > longestColoured ? null : jsonTokens(props.text)), [props.text]);
  const content =
    tokens === null
      ? props.text
      : tokens.map((token, i) =>
          token.kind === 'plain' ? (
            token.text
          ) : (
            // oxlint-disable-next-line react/no-array-index-key -- pieces of one text have no other identity
            <span key={i} className={`code-${token.kind}`}>
              {token.text}
            </span>
          ),
        );
  return props.inline === true ? (
    <span className="code mono">{content}</span>
  ) : (
    <pre className="code code-block mono selectable">{content}</pre>
  );
}
