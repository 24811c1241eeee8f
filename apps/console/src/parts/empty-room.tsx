import type { ReactNode } from 'react';

/** What belongs here, and the one thing that brings it. */
export function EmptyRoom({
  title,
  children,
  action,
}: {
  readonly title: string;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className="empty">
      <svg
        viewBox="0 0 72 72"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.2"
        strokeLinecap="round"
        aria-hidden="true"
      >
        <path d="M14 60V33a22 22 0 0 1 44 0v27" />
        <path d="M26 60V36a10 10 0 0 1 20 0v24M36 26v34M8 60h56" />
        <path d="M26 44h20M26 52h20" strokeDasharray="2 5" />
      </svg>
      <h2>{title}</h2>
      <p>{children}</p>
      {action}
    </div>
  );
}
