import { filmingAtRest } from './filming/filming.ts';
import type { FilmingStatus } from './filming/filming.ts';
import type { BatteryLevel } from './filming/battery.ts';
import type { CameraProblem } from './filming/camera.ts';
import type { FilmingKit } from './filming-kit.ts';
import type { createEnrolment } from './identity/enrolment.ts';
import type { Identity, KeyStore, PhoneKeys } from './identity/key-store.ts';
import type { Choices, Memory } from './identity/memory.ts';
import { nextPhase } from './identity/phase.ts';
import type { Phase, PhaseEvent } from './identity/phase.ts';
import type { Session, Standing } from './identity/session.ts';
import { createStandingWatch } from './identity/standing-watch.ts';
import { nothingRecorded } from './recording/recorder.ts';
import type { Recorder } from './recording/recorder.ts';
import type { RecordingStatus } from './recording/recording-messages.ts';

/** Everything the screen shows. */
export type PhoneView = {
  readonly phase: Phase;
  readonly filming: FilmingStatus;
  readonly recordings: RecordingStatus;
  readonly choices: Choices;
  readonly battery: BatteryLevel | undefined;
  /** Why the last attempt to film came to nothing. */
  readonly startProblem: CameraProblem | 'elsewhere' | undefined;
  readonly hasUpdate: boolean;
};

export type Phone = {
  view(): PhoneView;
  open(code: string | undefined): Promise<void>;
  unfit(why: Extract<Phase, { kind: 'unfit' }>['why']): void;
  enrol(): Promise<void>;
  /** Keeps the identity it has, whatever code the link brought. */
  keep(): Promise<void>;
  start(): Promise<void>;
  stop(): void;
  /** The page is gone in a moment. The server learns that, and no goodbye: whoever closes it is not always who should. */
  leaving(): void;
  choose(changed: Partial<Choices>): void;
  turnCamera(): Promise<void>;
  batteryChanged(battery: BatteryLevel): void;
  networkChanged(isOnline: boolean): void;
  recordingsChanged(status: RecordingStatus): void;
  tokenRefused(): void;
  updateFound(): void;
};

type PhoneNeeds = {
  readonly keyStore: KeyStore;
  readonly memory: Memory;
  readonly recorder: Recorder;
  readonly enrol: ReturnType<typeof createEnrolment>;
  readonly createSession: (kept: { readonly keys: PhoneKeys; readonly identity: Identity }) => Session;
  readonly createFilmingKit: (
    session: Session,
    told: { readonly onChange: (changed: Partial<FilmingStatus>) => void; readonly onRevoked: () => void },
  ) => FilmingKit;
  /** Undefined when another page of this browser films. */
  readonly takeTurn: () => Promise<(() => void) | undefined>;
  readonly mayFilmUnasked: () => Promise<boolean>;
  readonly after: (ms: number, work: () => void) => () => void;
  readonly nowMs: () => number;
  readonly onView: (view: PhoneView) => void;
};

/** The phone as a whole: who it is, what it does, and what is shown of it. */
export function createPhone(needs: PhoneNeeds): Phone {
  const { keyStore, memory, recorder } = needs;
  let shown: PhoneView = {
    phase: { kind: 'starting' },
    filming: filmingAtRest,
    recordings: nothingRecorded,
    choices: memory.choices(),
    battery: undefined,
    startProblem: undefined,
    hasUpdate: false,
  };
  let session: Session | undefined;
  let kit: FilmingKit | undefined;
  let giveTurnBack: (() => void) | undefined;
  let isStarting = false;
  const watch = createStandingWatch({ session: () => session, after: needs.after, onStanding: standingIs });

  function show(changed: Partial<PhoneView>): void {
    shown = { ...shown, ...changed };
    needs.onView(shown);
  }

  function happened(event: PhaseEvent): void {
    const phase = nextPhase(shown.phase, event);
    const entered = phase.kind === shown.phase.kind ? undefined : phase.kind;
    show({ phase });
    if (entered === 'waiting' || entered === 'ready') watch.start(entered);
    else if (entered !== undefined) watch.stop();
  }

  function standingIs(standing: Standing): void {
    switch (standing.kind) {
      case 'approved':
        memory.rememberDevice(standing.device);
        happened({ kind: 'approved', device: standing.device });
        if (shown.recordings.waiting > 0 && !shown.recordings.isUploading) recorder.upload(standing.token);
        return;
      case 'waiting':
        return happened({ kind: 'contact', contact: 'reached' });
      case 'unreachable':
        return happened({ kind: 'contact', contact: 'unreached' });
      case 'unknown':
        return happened({ kind: 'contact', contact: 'unknown' });
      case 'revoked':
        void removed();
    }
  }

  /** Says so first, then destroys: keys before files, since without them the files are noise. */
  async function removed(): Promise<void> {
    if (shown.phase.kind === 'revoked') return;
    const told = { name: memory.device()?.name ?? '', atMs: needs.nowMs() };
    endFilming();
    session = undefined;
    kit = undefined;
    memory.rememberRemoved(told);
    await erase(told);
  }

  async function erase(told: { readonly name: string; readonly atMs: number }): Promise<void> {
    happened({ kind: 'revoked', ...told, isErased: false });
    const areKeysGone = await keyStore.destroy().then(
      () => true,
      () => false,
    );
    await recorder.erase();
    happened({ kind: 'revoked', ...told, isErased: areKeysGone });
  }

  function useIdentity(kept: { readonly keys: PhoneKeys; readonly identity: Identity }): void {
    session = needs.createSession(kept);
    kit = needs.createFilmingKit(session, {
      onChange: (changed) => show({ filming: { ...shown.filming, ...changed } }),
      onRevoked: () => void removed(),
    });
    recorder.open(kept.identity.deviceId);
  }

  async function openKept(code: string | undefined): Promise<void> {
    const removedBefore = memory.removed();
    // The page may have been closed while it was erasing.
    if (removedBefore !== undefined && code === undefined) {
      void erase(removedBefore);
      return;
    }
    const kept = await keyStore.read();
    const device = memory.device();
    if (kept !== undefined && code === undefined) useIdentity(kept);
    happened({
      kind: 'opened',
      code,
      removed: removedBefore,
      identity:
        kept === undefined
          ? undefined
          : {
              fingerprint: kept.identity.fingerprint,
              isApproved: device !== undefined,
              ...(device === undefined ? {} : { device }),
            },
    });
  }

  async function start(): Promise<void> {
    if (shown.phase.kind !== 'ready' || kit === undefined || isStarting) return;
    isStarting = true;
    try {
      await startWith(kit);
    } finally {
      isStarting = false;
    }
  }

  async function startWith(own: FilmingKit): Promise<void> {
    const turn = await needs.takeTurn();
    if (turn === undefined) return show({ startProblem: 'elsewhere' });
    show({ filming: filmingAtRest, startProblem: undefined });
    // Whatever a browser does not foresee must not keep the camera from being tried again.
    const problem = await own.start(shown.choices).catch((): CameraProblem => {
      own.stop();
      return 'failed';
    });
    // Revoked meanwhile: nothing that was under way may bring the camera back.
    if (problem === undefined && kit === own && shown.phase.kind === 'ready') {
      giveTurnBack = turn;
      return happened({ kind: 'started' });
    }
    if (problem === undefined) own.stop();
    turn();
    return show({ startProblem: problem });
  }

  function endFilming(): void {
    kit?.stop();
    giveTurnBack?.();
    giveTurnBack = undefined;
  }

  return {
    view: () => shown,
    open: openKept,
    unfit: (why) => happened({ kind: 'unfit', why }),
    async enrol() {
      if (shown.phase.kind !== 'invited' || shown.phase.isBusy) return;
      const { code } = shown.phase;
      happened({ kind: 'enrolling' });
      const outcome = await needs.enrol(code);
      if (outcome.kind !== 'enrolled') return happened({ kind: 'enrolment_failed', problem: outcome.kind });
      memory.forgetDevice();
      // Recordings under the key that was given up can be opened by nobody.
      await recorder.erase();
      useIdentity(outcome);
      happened({ kind: 'enrolled', fingerprint: outcome.identity.fingerprint });
    },
    async keep() {
      happened({ kind: 'kept' });
      await openKept(undefined);
    },
    start,
    stop() {
      endFilming();
      happened({ kind: 'stopped' });
    },
    leaving: () => kit?.leave(),
    choose(changed) {
      show({ choices: memory.choose(changed) });
      kit?.choicesChanged(shown.choices);
    },
    async turnCamera() {
      const facing = shown.choices.facing === 'user' ? 'environment' : 'user';
      show({ choices: memory.choose({ facing }) });
      if (shown.phase.kind === 'filming') await kit?.change(shown.choices);
    },
    batteryChanged(battery) {
      const wasCharging = shown.battery?.isCharging ?? false;
      show({ battery });
      kit?.batteryChanged(battery);
      if (!battery.isCharging || wasCharging || !shown.choices.startOnCharge) return;
      void needs.mayFilmUnasked().then((may) => (may ? start() : undefined));
    },
    networkChanged(isOnline) {
      kit?.networkChanged(isOnline);
      if (isOnline && (shown.phase.kind === 'waiting' || shown.phase.kind === 'ready')) watch.start(shown.phase.kind);
    },
    recordingsChanged(recordings) {
      const isMore = recordings.waiting > shown.recordings.waiting;
      show({ recordings });
      // What was kept as filming ended waits for no minute.
      if (isMore && shown.phase.kind === 'ready') watch.start('ready');
      kit?.recordingsChanged(recordings);
    },
    tokenRefused() {
      session?.forget();
      if (shown.phase.kind === 'ready') watch.start('ready');
    },
    updateFound: () => show({ hasUpdate: true }),
  };
}
