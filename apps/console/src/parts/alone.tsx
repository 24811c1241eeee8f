import type { ReactNode } from 'react';
import { Wordmark } from '../app/wordmark.tsx';

/** A page outside the rooms: one thing to do. */
export function Alone({ children, wide = false }: { readonly children: ReactNode; readonly wide?: boolean }) {
  return (
    <div className="alone">
      <main className={wide ? 'wide' : undefined}>
        <Wordmark />
        {children}
      </main>
    </div>
  );
}
