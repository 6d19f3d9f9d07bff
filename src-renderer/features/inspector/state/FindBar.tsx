// Find in this state: places in stored order, next and previous, how many.

import { useEffect, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { ChevronDown, ChevronUp, X } from 'lucide-react';
import type { OrdinalPath } from '../../../../shared/model/value-node.ts';
import { useCall } from '../../../service/client.ts';
import { Button } from '../../../ui/controls.tsx';
import * as format from '../../../ui/format.ts';
import { useStatePane } from './state-pane.ts';

const limit = 1000;

export function FindBar(props: {
  readonly store: string;
  readonly checkpoint: string;
  readonly applied: boolean;
  readonly onPlace: (at: OrdinalPath) => void;
}): ReactNode {
  const { onPlace } = props;
  const found = useStatePane((s) => s.found);
  const [typed, setTyped] = useState(found);
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const result = useCall(
    'state.find',
    found === '' ? null : { store: props.store, key: props.checkpoint, applied: props.applied, text: found, limit },
  );
  const places = result.data?.places ?? [];

  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  useEffect(() => {
    const timer = setTimeout(() => useStatePane.setState({ found: typed }), 120);
    return () => clearTimeout(timer);
  }, [typed]);
  const first = result.data;
  useEffect(() => {
    setAt(0);
    const place = first?.places[0];
    if (place !== undefined) onPlace(place);
    // Only a new answer moves the view, not a new way of going there.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [first]);

  const go = (step: number): void => {
    if (places.length === 0) return;
    const next = (at + step + places.length) % places.length;
    setAt(next);
    const place = places[next];
    if (place !== undefined) onPlace(place);
  };
  const close = (): void => {
    useStatePane.setState({ finding: false, found: '' });
    document.querySelector<HTMLElement>('[role="tree"][aria-label="State"]')?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') go(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape') close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  let count = '';
  if (found !== '' && first !== null && !result.loading) {
    if (places.length === 0) count = 'nothing found';
    else count = `${format.count(at + 1)} of ${format.count(places.length)}${first.more ? '+' : ''}`;
  }
  return (
    <div className="find-bar" role="search">
      <input
        ref={input}
        className="field"
        type="text"
        aria-label="Find in this state"
        placeholder="Find in this state"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <span className="find-count" role="status">
        {result.error === null ? count : result.error.message}
      </span>
      <Button look="quiet" icon aria-label="Previous place" disabled={places.length === 0} onClick={() => go(-1)}>
        <ChevronUp size={15} />
      </Button>
      <Button look="quiet" icon aria-label="Next place" disabled={places.length === 0} onClick={() => go(1)}>
        <ChevronDown size={15} />
      </Button>
      <Button look="quiet" icon aria-label="Close find" onClick={close}>
        <X size={15} />
      </Button>
    </div>
  );
}
