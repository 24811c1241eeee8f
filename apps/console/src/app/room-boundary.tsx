import { Component } from 'react';
import type { ReactNode } from 'react';
import { ProblemNotice } from '../parts/notice.tsx';

type BoundaryProps = { readonly children: ReactNode };

/**
 * A fault in one room is said in that room; the way to the others stays. React hands faults while drawing to classes
 * only, which is why this is one.
 */
export class RoomBoundary extends Component<BoundaryProps, { readonly fault: unknown }> {
  override readonly state: { readonly fault: unknown } = { fault: undefined };

  static getDerivedStateFromError(fault: unknown): { readonly fault: unknown } {
    return { fault };
  }

  override render(): ReactNode {
    const { fault } = this.state;
    if (fault === undefined) return this.props.children;
    return <ProblemNotice problem={fault} retry={() => this.setState({ fault: undefined })} />;
  }
}
