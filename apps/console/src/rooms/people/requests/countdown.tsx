import { useEffect, useState } from 'react';
import { timeLeft } from './request-words.ts';

/** What is left, going down by itself from what the server last said; read out by nobody each second. */
export function Countdown({ seconds, saidAtMs }: { readonly seconds: number; readonly saidAtMs: number }) {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const left = Math.max(0, seconds - Math.max(0, nowMs - saidAtMs) / 1000);
  return (
    <span className="countdown" role="timer" aria-live="off">
      {timeLeft(left)}
    </span>
  );
}
