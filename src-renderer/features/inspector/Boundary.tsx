// Keeps a fault of ours inside its pane: the rest of the window goes on, and what was typed elsewhere is not lost.

import { Component } from 'react';
import type { ReactNode } from 'react';
import { asForkpointError } from '../../../shared/model/errors.ts';
import type { ForkpointError } from '../../../shared/model/errors.ts';
import { Button, EmptyState } from '../../ui/controls.tsx';

interface Props {
  readonly children: ReactNode;
  /** What is shown; when it changes the pane is tried again. */
  readonly of: unknown;
  /** What stands in its place; without it a screen of the pane. */
  readonly fallback?: (error: ForkpointError, retry: () => void) => ReactNode;
}

interface State {
  readonly thrown: unknown;
  readonly of: unknown;
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
    const retry = (): void => this.setState({ thrown: null });
    if (this.props.fallback !== undefined) return this.props.fallback(error, retry);
    return (
      <EmptyState small alert title="This pane broke" action={<Button onClick={retry}>Show it again</Button>}>
        {error.message} {error.hint}
      </EmptyState>
    );
  }
}
