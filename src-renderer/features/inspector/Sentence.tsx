// A sentence of the service with names in backticks, drawn as data; always text nodes.

import type { ReactNode } from 'react';

export function Sentence(props: { readonly text: string }): ReactNode {
  const pieces = props.text.split('`');
  // An odd backtick is a backtick.
  if (pieces.length % 2 === 0) return props.text;
  return pieces.map((piece, i) =>
    i % 2 === 0 ? (
      piece
    ) : (
      // oxlint-disable-next-line react/no-array-index-key -- pieces of one sentence
      <span key={i} className="mono">
        {piece}
      </span>
    ),
  );
}
