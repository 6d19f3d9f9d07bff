// Text with what is searched for marked in it.

import type { ReactNode } from 'react';

export function MarkedText(props: { readonly text: string; readonly mark: string }): ReactNode {
  const { text, mark } = props;
  if (mark === '') return text;
  const pieces: ReactNode[] = [];
  const inText = text.toLowerCase();
  const wanted = mark.toLowerCase();
  // Lower case may be longer than what it stands for (İ): then places do not line up, and nothing is marked.
  if (inText.length !== text.length || wanted.length !== mark.length) return text;
  let end = 0;
  for (let at = inText.indexOf(wanted); at >= 0; at = inText.indexOf(wanted, end)) {
    pieces.push(text.slice(end, at), <mark key={at}>{text.slice(at, at + mark.length)}</mark>);
    end = at + mark.length;
  }
  return (
    <>
      {pieces}
      {text.slice(end)}
    </>
  );
}
