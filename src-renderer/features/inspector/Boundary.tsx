// Keeps a fault of ours inside its pane: the rest of the window goes on, and what was typed elsewhere is not lost.

import { Component } from 'react';
import type { ReactNode } from 'react';
import { asForkpointError } from '../../../shared/model/errors.ts';
import { Button, EmptyState } from '../../ui/controls.tsx';

interface Props {
  readonly children: ReactNode;
  /** What is shown; when it changes the pane is tried again. */
  readonly of: string;
}

interface State {
  readonly thrown: unknown;
  readonly of: string;
}

export class Boundary extends Component<Props, State> {
  override state: State = { thrown: null, of: this.props.of };

  static getDerivedStateFromError(thrown: unknown): Partial<State> {
    return { thrown: thrown ?? new Error('unknown') };
  }

  static getDerivedStateFromProps(props: Props, state: State): Partial<State> | null {
    return props.of === state.of ? null : { thrown: null, of: props.of };
  }

  override render(): ReactNode {
    if (this.state.thrown === null) return this.props.children;
    const error = asForkpointError(this.state.thrown);
    return (
      <EmptyState
        small
        alert
        title="This pane broke"
        action={<Button onClick={() => this.setState({ thrown: null })}>Show it again</Button>}
      >
        {error.message} {error.hint}
      </EmptyState>
    );
  }
}
