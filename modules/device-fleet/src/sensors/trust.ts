import { textOf } from '@sallyport/contracts';
import { orderOf } from './beat.ts';
import { tell, tellTampered } from './draft.ts';
import type { Draft } from './draft.ts';
import { isSignedBy, keyIdOf, markOf } from './signature.ts';

/** Whether another sensor signs with this key, and which. */
export type KeyHolder = (publicKey: string) => string | undefined;

const maxMarks = 8;
const maxPastInstallations = 16;
/** A record that came twice within this time, by the sensor's clock, is a resend: it says nothing new and harms nothing. */
const resentWithinMs = 600_000;
/** A clock that is kept in time is not put back further. */
const clockSlackMs = 60_000;

/**
 * Whether the record is the sensor's own and new. The key that signs first under a host and source counts from then on; another
 * one counts only when the one before signed for it, or when a person accepts it. What is not trusted changes nothing but what is told.
 */
export function isTrusted(draft: Draft, holderOf: KeyHolder): boolean {
  return hasGoodSignature(draft, holderOf) && isInOrder(draft);
}

function hasGoodSignature(draft: Draft, holderOf: KeyHolder): boolean {
  const { state, record } = draft;
  const { line } = record;
  const shown = textOf(line['public_key']);
  if (typeof line['signature'] !== 'string') {
    tellTampered(draft, 'unsigned', 'A record about the sensor came without a signature');
    return false;
  }
  if (state.publicKey === undefined) return bindsFirst(draft, shown, holderOf);
  // Cheap before dear: a key that is named must be the one in force.
  const isOther = textOf(line['key_id']) !== keyIdOf(state.publicKey);
  if (!isOther && isSignedBy(state.publicKey, line)) return true;
  if (!isOther || shown === '' || shown === state.publicKey || !isSignedBy(shown, line)) {
    tellTampered(draft, 'signature_invalid', 'A record in the name of this sensor does not carry its signature');
    return false;
  }
  if (shown === state.announcedKey) {
    useKey(draft, shown);
    tell(draft, 'sensor.restarted', 'key_rotated', `It signs with the key it had announced: ${keyIdOf(shown) ?? ''}`);
    return true;
  }
  state.shownKey = shown;
  tellTampered(
    draft,
    'key_changed',
    `Another key signs in the name of this sensor: ${keyIdOf(shown) ?? ''}, not ${keyIdOf(state.publicKey) ?? ''}. Nothing of it is believed until somebody accepts the key`,
  );
  return false;
}

/** Takes the first key that proves itself. */
function bindsFirst(draft: Draft, shown: string, holderOf: KeyHolder): boolean {
  const { state, record } = draft;
  if (shown === '') return false;
  if (!isSignedBy(shown, record.line)) {
    tellTampered(draft, 'signature_invalid', 'A record in the name of this sensor does not carry its signature');
    return false;
  }
  const holder = holderOf(shown);
  useKey(draft, shown);
  tell(draft, 'sensor.joined', 'joined', `First heard of with key ${keyIdOf(shown) ?? ''} (API key ${state.apiKeyId})`);
  if (holder !== undefined)
    tellTampered(draft, 'key_copied', `It signs with the key of the sensor on ${holder}: one is a copy of the other`);
  return true;
}

/** From now on this key counts, and its order begins anew. */
export function useKey({ state }: Pick<Draft, 'state'>, publicKey: string): void {
  state.publicKey = publicKey;
  delete state.announcedKey;
  delete state.shownKey;
  delete state.run;
  delete state.begunMs;
  state.order = -1;
  state.marks = [];
}

/** Every signed record of a sensor stands later among all it collected than the one before: older ones are replayed. */
function isInOrder(draft: Draft): boolean {
  const { state, record } = draft;
  const order = orderOf(record.line);
  // Reports of losses are put together while they wait and have no place; each is made after the beats that came before it.
  if (order === undefined) return record.event === 'sensor.lost' && record.timeMs >= lastTimeMs(state);
  const mark = markOf(textOf(record.line['signature']));
  const isKnown = order < state.order || (order === state.order && state.marks.includes(mark));
  if (isKnown || record.timeMs < (state.begunMs ?? record.timeMs) - clockSlackMs) {
    if (isRenumbering(draft) || isBegunAnew(draft)) return true;
    if (record.timeMs < lastTimeMs(state) - resentWithinMs)
      tellTampered(
        draft,
        'replayed',
        `An old record of this sensor, of ${new Date(record.timeMs).toISOString()}, was sent again`,
      );
    return false;
  }
  state.marks = order === state.order ? [...state.marks, mark].slice(-maxMarks) : [mark];
  state.order = order;
  noteInstallation(draft);
  return true;
}

/**
 * A state that was copied or put back from a backup goes on under a new name and says which one it left. Only from the name in
 * force, to one never seen: an old record of such a change moves nothing.
 */
function isRenumbering(draft: Draft): boolean {
  const { state, record } = draft;
  const { installation, event, line } = record;
  const isFromHere = event === 'sensor.renumbered' && textOf(line['previous']) === state.installation;
  if (!isFromHere || installation === state.installation || state.pastInstallations.includes(installation))
    return false;
  beginOrder(draft);
  return true;
}

/** Goes on from this record: with a lower place than before, so that what was sent until then could count again but for its time. */
function beginOrder(draft: Draft): void {
  const { state, record } = draft;
  state.order = orderOf(record.line) ?? 0;
  state.marks = [markOf(textOf(record.line['signature']))];
  state.begunMs = record.timeMs;
  delete state.run;
  noteInstallation(draft);
}

/** Of the newest record that counts, by the sensor's clock. */
function lastTimeMs({ run, begunMs }: Draft['state']): number {
  return Math.max(run?.timeMs ?? 0, begunMs ?? 0);
}

/**
 * The same key with nothing of its state: that was deleted, or put elsewhere. Told, and taken from a name that signed itself, was
 * never seen, and is not older than what was heard: otherwise the sensor would count as silent for ever.
 */
function isBegunAnew(draft: Draft): boolean {
  const { state, record } = draft;
  const { installation, event, line, timeMs } = record;
  const isOwnWord = event === 'sensor.started' && installation !== '' && textOf(line['installation']) === installation;
  const wasSeen = installation === state.installation || state.pastInstallations.includes(installation);
  if (!isOwnWord || wasSeen || timeMs < lastTimeMs(state)) return false;
  beginOrder(draft);
  tellTampered(
    draft,
    'state_lost',
    'It begins anew with the same key and nothing of its state: that was deleted, with all that waited in it',
  );
  return true;
}

function noteInstallation({ state, record: { installation } }: Draft): void {
  if (installation === state.installation) return;
  state.pastInstallations = [...state.pastInstallations, state.installation].slice(-maxPastInstallations);
  state.installation = installation;
}
