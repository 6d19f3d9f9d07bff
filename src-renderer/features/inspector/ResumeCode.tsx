// The code that carries a run on, ready to be copied.

import type { ReactNode } from 'react';
import { Copy } from 'lucide-react';
import { useHost } from '../../host/host.ts';
import { useMessages } from '../../state/messages.ts';
import { Button } from '../../ui/controls.tsx';
import { CodeText } from './CodeText.tsx';

export function useCopy(): (text: string, said: string) => void {
  const host = useHost();
  return (text, said) => {
    host.copy(text).then(
      () => useMessages.getState().say(said),
      (thrown: unknown) => useMessages.getState().sayError(thrown),
    );
  };
}

export function ResumeCode(props: {
  readonly resume: { readonly language: string; readonly code: string };
}): ReactNode {
  const copy = useCopy();
  return (
    <div className="resume">
      <CodeText text={props.resume.code} />
      <Button
        look="quiet"
        icon
        className="resume-copy"
        aria-label="Copy resume code"
        title={`Copy (${props.resume.language})`}
        onClick={() => copy(props.resume.code, 'Copied the resume code.')}
      >
        <Copy size={14} />
      </Button>
    </div>
  );
}
