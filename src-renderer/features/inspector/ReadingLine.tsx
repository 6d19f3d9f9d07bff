// The thin line over a pane that reads for long; a second after the gesture it says what is being read, with Cancel.

import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { ProgressLine } from '../../ui/controls.tsx';

export function ReadingLine(props: {
  /** True from 150 ms without an answer. */
  readonly active: boolean;
  readonly text: string;
  readonly onCancel?: () => void;
}): ReactNode {
  return props.active ? <LateLine text={props.text} {...(props.onCancel && { onCancel: props.onCancel })} /> : null;
}

function LateLine(props: { readonly text: string; readonly onCancel?: () => void }): ReactNode {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 850);
    return () => clearTimeout(timer);
  }, []);
  return <ProgressLine active text={late ? props.text : null} {...(props.onCancel && { onCancel: props.onCancel })} />;
}
