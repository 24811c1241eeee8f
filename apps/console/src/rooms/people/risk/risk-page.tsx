import { useQuery } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';
import type { Me } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { may } from '../../../app/rooms.ts';
import { Clock } from '../../../parts/clock.tsx';
import { EmptyRoom } from '../../../parts/empty-room.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { PasskeyLine } from '../../../parts/passkey-line.tsx';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { RoomHead } from '../../../parts/room-head.tsx';
import { SidePanel } from '../../../parts/side-panel.tsx';
import { RiskSettings } from './risk-settings.tsx';
import { RiskWords } from './risk-words.tsx';
import { SignInList } from './sign-in-list.tsx';

type Person = Answer<'GET /v1/access-risk'>['people'][number];
type Known = Answer<'GET /v1/access-risk/{kind}/{id}'>;

const kinds = ['user', 'key', 'service'] as const;
const kindNames = { user: 'Person', key: 'API key', service: 'Service' } as const;

/** Who comes and goes as ever, and who does not: most at risk first, with the reasons in words. */
export function RiskPage({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const { data, error, refetch } = useQuery({
    queryKey: ['access-risk'],
    queryFn: ({ signal }) => call('GET /v1/access-risk', { query: { limit: 200, after: 0 }, signal }),
    refetchInterval: 15_000,
  });
  const [, kindText, id] = /^(user|key|service)\/(.{1,100})$/.exec(get('who') ?? '') ?? [];
  const kind = kinds.find((one) => one === kindText);
  const rows = data?.people ?? [];
  return (
    <div className="room-inner">
      <RoomHead
        title="Sign-ins and risk"
        lead="From where people, keys and services come, and what is unlike them. What strangers try against somebody is no risk of theirs."
      />
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[44, 44, 44]} /> : null}
      {data !== undefined && rows.length === 0 ? (
        <EmptyRoom title="Nobody came in yet">
          Whoever signs in or uses a key appears here, with where they came from and whether that is like them.
        </EmptyRoom>
      ) : null}
      <div className="with-panel" data-open={kind !== undefined}>
        {rows.length === 0 ? null : (
          <ul className="lines sheet risk-list" aria-label="Most at risk first">
            {rows.map((person) => (
              <RiskLine key={`${person.kind}/${person.id}`} person={person} />
            ))}
          </ul>
        )}
        {kind === undefined || id === undefined ? null : (
          <PersonPanel kind={kind} id={id} onClose={() => change({ who: undefined })} />
        )}
      </div>
      {may(me, 'settings:read') ? <RiskSettings canChange={may(me, 'settings:manage')} /> : null}
    </div>
  );
}

function RiskLine({ person }: { readonly person: Person }) {
  const { change } = useAddress();
  const { kind, id, name, last_seen: lastSeen, risk } = person;
  return (
    <li>
      <span className="line-main">
        <span className="line-name">
          <button type="button" className="plain-button" onClick={() => change({ who: `${kind}/${id}` })}>
            {printable(name === '' ? id : name)}
          </button>
          {kind === 'user' ? null : <span className="chip">{kindNames[kind]}</span>}
        </span>
        {risk.value < 10 ? <span className="quiet small">As ever</span> : <RiskWords {...risk} />}
      </span>
      <span className="quiet small">
        <Clock at={lastSeen} />
      </span>
    </li>
  );
}

function PersonPanel({
  kind,
  id,
  onClose,
}: {
  readonly kind: Person['kind'];
  readonly id: string;
  readonly onClose: () => void;
}) {
  const { data, error } = useQuery({
    queryKey: ['access-risk', kind, id],
    queryFn: ({ signal }) => call('GET /v1/access-risk/{kind}/{id}', { params: { kind, id }, signal }),
  });
  return (
    <SidePanel
      title={data === undefined ? 'Sign-ins' : printable(data.name)}
      label="Sign-ins and risk"
      onClose={onClose}
    >
      {error === null ? null : <ProblemNotice problem={error} />}
      {data === undefined && error === null ? <Loading heights={[60, 120]} /> : null}
      {data === undefined ? null : <PersonFacts person={data} />}
      {kind === 'user' ? <PasskeysOf id={id} /> : null}
    </SidePanel>
  );
}

/** Their passkeys and what is known of each; nothing for whoever has none. */
function PasskeysOf({ id }: { readonly id: string }) {
  const { data } = useQuery({
    queryKey: ['users', id, 'passkeys'],
    queryFn: ({ signal }) => call('GET /v1/users/{id}/passkeys', { params: { id }, signal }),
    retry: false,
  });
  if (data === undefined || data.passkeys.length === 0) return null;
  return (
    <section aria-labelledby="passkeys">
      <h3 id="passkeys">Passkeys</h3>
      <ul className="lines">
        {data.passkeys.map((passkey) => (
          <li key={passkey.id}>
            <span className="line-main">
              <span className="line-name">{printable(passkey.label)}</span>
              <PasskeyLine passkey={passkey} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function PersonFacts({ person }: { readonly person: Known }) {
  const { risk, sign_ins: signIns, known, against } = person;
  return (
    <div className="stack">
      <section aria-labelledby="why">
        <h3 id="why">Risk: {risk.value} of 100</h3>
        {risk.reasons.length === 0 ? <p className="quiet">Comes and goes as ever.</p> : null}
        <ul className="plain-points">
          {risk.reasons.map((reason) => (
            <li key={`${reason.signal} ${reason.at} ${reason.session ?? ''}`}>
              {printable(reason.words)}{' '}
              <span className="quiet small">
                adds {reason.points}, nothing from <Clock at={reason.until} /> on
              </span>
            </li>
          ))}
        </ul>
      </section>
      {against.failures === 0 ? null : (
        <p className="quiet">
          Strangers failed {plural(against.failures, 'time')} to sign in as them in the last day, from {against.sources}{' '}
          {against.sources === 1 ? 'place' : 'places'}. It adds nothing to the risk.
        </p>
      )}
      {signIns.length === 0 ? null : (
        <section aria-labelledby="timeline">
          <h3 id="timeline">Recent sign-ins</h3>
          <SignInList signIns={signIns} />
        </section>
      )}
      <section aria-labelledby="known">
        <h3 id="known">Known of them</h3>
        <KnownList name="Countries" values={known.countries.map((code) => countryWords(code))} />
        <KnownList name="Networks" values={known.networks} />
        <KnownList name="Browsers" values={known.browsers} />
      </section>
    </div>
  );
}

function KnownList({ name, values }: { readonly name: string; readonly values: readonly string[] }) {
  if (values.length === 0) return null;
  return (
    <p className="known-values">
      <span className="quiet">{name}: </span>
      {values.map((value) => (
        <span key={value} className="chip">
          {value === 'private' ? 'a private network' : printable(value)}
        </span>
      ))}
    </p>
  );
}

const countryNames = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' });

function countryWords(code: string): string {
  return /^[A-Z]{2}$/.test(code) ? (countryNames.of(code) ?? code) : code;
}
