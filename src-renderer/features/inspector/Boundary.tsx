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

export class Boundary extends Component<Props, { readonly thrown: unknown }> {
  override state: { readonly thrown: unknown } = { thrown: null };

  static getDerivedStateFromError(thrown: unknown): { readonly thrown: unknown } {
    return { thrown: thrown ?? new Error('unknown') };
  }

  override componentDidUpdate(before: Props): void {
    if (before.of !== this.props.of && this.state.thrown !== null) this.setState({ thrown: null });
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
