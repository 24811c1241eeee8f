import { Button } from '@mantine/core';
import { IconArrowsShuffle, IconCircleCheck, IconCircleDashed, IconCircleX, IconHelpCircle } from '@tabler/icons-react';
import { verifyEvidence } from '@sallyport/ledger/evidence';
import type { EvidenceWitness } from '@sallyport/ledger/evidence';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import { callText } from '../../api/call.ts';
import { useAddress } from '../../app/address.ts';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { RoomHead } from '../../parts/room-head.tsx';
import { explainChecks } from '../../seal/checks.ts';
import { describePlace, flipBit } from '../../seal/flip-bit.ts';
import { pinnedKey } from '../../seal/pinned-keys.ts';
import { SealDrawing } from '../../seal/seal-drawing.tsx';
import { BitPicker } from './bit-picker.tsx';

const icons = {
  passed: IconCircleCheck,
  failed: IconCircleX,
  'not known': IconHelpCircle,
  'not reached': IconCircleDashed,
};
const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** As much as the verifier reads; no larger file is even opened. */
const maxFileBytes = 8 * 1024 * 1024;

/** Where the reader turns any one bit of an evidence file over and sees which check fails. */
export function VerifyRoom() {
  const { get, change } = useAddress();
  const position = get('at');
  const alert = get('alert');
  const [log = '', index = ''] = (position ?? '').split('/');
  const evidence = useQuery({
    queryKey: ['evidence', position],
    queryFn: ({ signal }) =>
      callText('GET /v1/ledger/proof/{log}/{index}', { params: { log: Number(log), index: Number(index) }, signal }),
    enabled: position !== undefined,
    staleTime: Infinity,
  });
  const [own, setOwn] = useState<string>();
  const text = own ?? evidence.data;
  return (
    <div className="room-inner">
      <RoomHead
        title="Verify"
        lead="An evidence file proves one event on its own. Turn over any bit of it and see which check fails."
      />
      {position === undefined ? null : (
        <p className="small">
          <Link
            href={
              alert === undefined
                ? `/search?open=${encodeURIComponent(position)}`
                : `/alerts?open=${encodeURIComponent(alert)}`
            }
          >
            ← {alert === undefined ? 'Back to the event' : 'Back to the alert'}
          </Link>
        </p>
      )}
      {evidence.error === null ? null : (
        <ProblemNotice problem={evidence.error} retry={() => void evidence.refetch()} />
      )}
      {text === undefined && evidence.isFetching ? <Loading heights={[90, 320]} /> : null}
      {text === undefined && !evidence.isFetching ? (
        <EmptyRoom title="No evidence yet" action={<FileChooser onText={setOwn} />}>
          Open an alert or an event and choose “Try to break it”, or take an evidence file you were given.
        </EmptyRoom>
      ) : null}
      {text === undefined ? null : (
        <Breaker
          key={text}
          text={text}
          log={Number(log)}
          flipped={get('flip')}
          onFlip={(flip) => change({ flip }, { replace: true })}
          chooser={<FileChooser onText={setOwn} />}
        />
      )}
    </div>
  );
}

function FileChooser({ onText }: { readonly onText: (text: string) => void }) {
  const [isTooLarge, setTooLarge] = useState(false);
  return (
    <label className="plain-button">
      Open an evidence file
      {isTooLarge ? <span role="alert"> · that one is larger than any evidence file</span> : null}
      <input
        type="file"
        className="visually-hidden"
        accept=".txt,text/plain"
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          if (file === undefined) return;
          setTooLarge(file.size > maxFileBytes);
          if (file.size <= maxFileBytes) void file.text().then(onText);
        }}
      />
    </label>
  );
}

type BreakerProps = {
  readonly text: string;
  readonly log: number;
  readonly flipped: string | undefined;
  readonly onFlip: (flip: string | undefined) => void;
  readonly chooser: React.ReactNode;
};

function Breaker({ text, log, flipped, onFlip, chooser }: BreakerProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const marks = useRef<HTMLPreElement>(null);
  const original = useMemo(() => encoder.encode(text), [text]);
  const flip = parseFlip(flipped, original.length);
  const [cursor, setCursor] = useState(flip?.byte ?? 0);
  const [flippedByte, flippedBit] = [flip?.byte, flip?.bit];
  const bytes = useMemo(
    () =>
      flippedByte === undefined || flippedBit === undefined
        ? original
        : flipBit(original, { byte: flippedByte, bit: flippedBit }),
    [original, flippedByte, flippedBit],
  );
  const known = pinnedKey(log)?.verifierKey;
  const result = useMemo(
    () => verifyEvidence(bytes, known === undefined ? {} : { verifierKey: known }),
    [bytes, known],
  );
  const shown = useMemo(() => decoder.decode(bytes), [bytes]);
  const state = result.ok ? 'verified' : 'broken';
  const select = (byte: number): void => {
    setCursor(byte);
    const at = decoder.decode(original.subarray(0, byte)).length;
    area.current?.setSelectionRange(at, at + 1);
  };
  const markedAt = flippedByte === undefined ? undefined : decoder.decode(bytes.subarray(0, flippedByte)).length;
  useEffect(() => {
    const mark = marks.current?.querySelector('mark');
    if (mark === null || mark === undefined || area.current === null) return;
    area.current.scrollTop = mark.offsetTop - area.current.clientHeight / 2;
  }, [markedAt]);
  return (
    <>
      <div className="seal-card" data-state={state} role="status">
        <span className="seal" data-state={state} data-size="large">
          <SealDrawing state={state} />
        </span>
        <div>
          <h3 className={result.ok ? 'good' : 'bad'}>{result.ok ? 'Every check passes' : 'Does not verify'}</h3>
          <p className="small quiet">
            {result.ok
              ? `Entry ${result.index} in a tree of ${result.treeSize}, log ${result.origin}. ${seenBy(result.witnesses)}${datedBy(result.timeStamps.length)}`
              : `${result.reason}.`}
          </p>
        </div>
      </div>
      <div className="verify-columns">
        <section className="sheet">
          <div className="sheet-head">
            <h2>The file</h2>
            {chooser}
          </div>
          <div className="evidence-place">
            <pre ref={marks} className="evidence-marks" aria-hidden="true">
              {markedAt === undefined ? null : (
                <>
                  {shown.slice(0, markedAt)}
                  <mark>{shown.slice(markedAt, markedAt + 1)}</mark>
                  {shown.slice(markedAt + 1)}
                </>
              )}
            </pre>
            <textarea
              ref={area}
              onScroll={({ currentTarget: { scrollTop } }) => {
                if (marks.current !== null) marks.current.scrollTop = scrollTop;
              }}
              className="evidence-text"
              aria-label="Evidence file; place the cursor on a byte"
              readOnly
              spellCheck={false}
              value={shown}
              onSelect={(event) => setCursor(encoder.encode(shown.slice(0, event.currentTarget.selectionStart)).length)}
            />
          </div>
          <BitPicker
            byte={cursor}
            length={original.length}
            value={bytes[cursor] ?? 0}
            place={describePlace(text, decoder.decode(original.subarray(0, cursor)).length)}
            flippedBit={flip?.byte === cursor ? flip.bit : undefined}
            onMove={select}
            onFlip={(bit) => onFlip(flip?.byte === cursor && flip.bit === bit ? undefined : `${cursor}.${bit}`)}
          />
          <div className="row">
            <Button
              leftSection={<IconArrowsShuffle size={16} aria-hidden="true" />}
              onClick={() => {
                const byte = Math.floor(Math.random() * original.length);
                select(byte);
                onFlip(`${byte}.${Math.floor(Math.random() * 8)}`);
              }}
            >
              Flip a random bit
            </Button>
            <Button variant="default" disabled={flip === undefined} onClick={() => onFlip(undefined)}>
              Put it back
            </Button>
            {flip === undefined ? null : (
              <span className="small quiet">
                Byte {flip.byte}, bit {flip.bit} is turned over.
              </span>
            )}
          </div>
        </section>
        <section className="sheet">
          <h2>What is checked, in this order</h2>
          <ol className="checks">
            {explainChecks(result, known !== undefined).map((check) => {
              const Icon = icons[check.state];
              return (
                <li key={check.check} data-state={check.state}>
                  <Icon aria-hidden="true" />
                  <div>
                    <strong>{check.title}</strong> <span className="visually-hidden">{check.state}</span>
                    <p>{check.meaning}</p>
                  </div>
                </li>
              );
            })}
          </ol>
        </section>
      </div>
    </>
  );
}

function parseFlip(text: string | undefined, length: number): { byte: number; bit: number } | undefined {
  const match = /^(\d{1,8})\.([0-7])$/.exec(text ?? '');
  const byte = Number(match?.[1]);
  return match === null || byte >= length ? undefined : { byte, bit: Number(match[2]) };
}

/** By keys that stand in the file: whose they are is the reader's to know. */
function seenBy(witnesses: readonly EvidenceWitness[]): string {
  if (witnesses.length === 0) return 'Nobody outside has cosigned it.';
  return `Seen outside by ${witnesses.map(({ name, cosignedAtMs }) => `${printable(name)} (${timeOf(cosignedAtMs)})`).join(', ')}.`;
}

/** Certificates are not read in a browser: it only says that there is something to be checked. */
function datedBy(stamps: number): string {
  return stamps === 0
    ? ''
    : ` ${stamps === 1 ? 'A time-stamp' : `${stamps} time-stamps`} came with it, not checked here: sallyport proof verify --tsa-root does.`;
}

/** A witness may state any time at all. */
function timeOf(ms: number): string {
  return Math.abs(ms) <= 8_640_000_000_000_000 ? new Date(ms).toISOString() : `second ${Math.floor(ms / 1000)}`;
}
