import { createAccessPolicy, readPolicyTexts } from '@sallyport/access-policy';
import type { AccessRequest, PolicyTexts } from '@sallyport/access-policy';
import { preparsePolicySet, preparseSchema, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import { policiesDirectory } from '@sallyport/content';
import type { Principal } from '@sallyport/platform/http';
import type { Bench } from './bench.ts';
import { latencies, rounded } from './statistics.ts';

const sites = 20;
/** Besides the bundled ones. */
const ownPolicies = 30;

/** Decisions with fifty policies and people who hold roles at twenty sites, asked anew and asked again; and Cedar's bare call. */
export const accessDecisions: Bench = {
  name: 'access-decisions',
  target: 'p99 under 1 ms asked anew, under 20 µs asked again',
  async run({ options, progress }) {
    const texts = await fiftyPolicies();
    const policy = createAccessPolicy(texts, { maxCachedDecisions: 100_000 });
    const count = options.tiny ? 200 : 5000;
    const anew = Array.from({ length: count }, (_unused, at) => questionAt(at));
    const again = Array.from({ length: count * 4 }, (_unused, at) => questionAt(at % 200));
    // Warm: the engine compiles as it runs.
    for (let at = 0; at < 200; at += 1) policy.decide(questionAt(count + at));

    const uncached = timed(anew, (question) => policy.decide(question));
    const cached = timed(again, (question) => policy.decide(question));
    const bare = bareCalls(count);
    progress(`uncached p99 ${uncached.p99} ms, cached p99 ${cached.p99} ms, Cedar alone p99 ${bare.p99} ms`);
    return {
      processed: anew.length + again.length,
      inputs: { policies: texts.policies.length, own_policies: ownPolicies, sites },
      figures: {
        uncached_p50_us: micro(uncached.p50),
        uncached_p99_us: micro(uncached.p99),
        cached_p50_us: micro(cached.p50),
        cached_p99_us: micro(cached.p99),
        cedar_p50_us: micro(bare.p50),
        cedar_p99_us: micro(bare.p99),
      },
      ratios: { uncached_to_cedar_p50: rounded(uncached.p50 / bare.p50) },
      notes: [
        'Each question is about another camera at one of twenty sites, by people with roles at some of them',
        'Cedar alone: its call with one policy and one entity, everything prepared',
      ],
    };
  },
};

function timed(questions: readonly AccessRequest[], ask: (question: AccessRequest) => unknown) {
  const times = questions.map((question) => {
    const begun = performance.now();
    ask(question);
    return performance.now() - begun;
  });
  return latencies(times);
}

const micro = (ms: number): number => rounded(ms * 1000);

function questionAt(at: number): AccessRequest {
  const principal: Principal = {
    kind: 'user',
    id: `u${at % 500}`,
    name: 'somebody',
    scopes: [],
    roles: at % 3 === 0 ? ['analyst'] : [],
    siteRoles: [{ role: 'guard', site: `site-${at % sites}` }],
    assurance: 2,
  };
  return {
    principal,
    action: 'cameras:read',
    resource: { kind: 'camera', id: `camera-${at}`, site: `site-${at % sites}` },
    risk: { value: at % 80, isFresh: true },
    context: { channel: 'network', address: `10.0.${at % 250}.9` },
  };
}

/** The bundled ones, and one about each of thirty networks and sites. */
async function fiftyPolicies(): Promise<PolicyTexts> {
  const bundled = await readPolicyTexts(policiesDirectory);
  const text = Array.from(
    { length: ownPolicies },
    (_unused, at) => `@id("own-${at}") @words("Not from network ${at}")
forbid (principal is Sallyport::User, action == Sallyport::Action::"cameras:export", resource in Sallyport::Site::"site-${at % sites}")
when { context.address.isInRange(ip("192.168.${at}.0/24")) && principal.risk > 50 };`,
  ).join('\n');
  return { ...bundled, policies: [...bundled.policies, { file: 'own/bench.cedar', text, own: true }] };
}

function bareCalls(count: number) {
  const name = 'bench-bare';
  preparseSchema(name, 'entity User; entity Thing; action "see" appliesTo { principal: [User], resource: [Thing] };');
  preparsePolicySet(name, { staticPolicies: { one: 'permit (principal, action, resource);' } });
  const user = { type: 'User', id: 'u' };
  const times = Array.from({ length: count }, () => {
    const begun = performance.now();
    statefulIsAuthorized({
      principal: user,
      action: { type: 'Action', id: 'see' },
      resource: { type: 'Thing', id: 't' },
      context: {},
      entities: [{ uid: user, attrs: {}, parents: [] }],
      preparsedSchemaName: name,
      preparsedPolicySetId: name,
      validateRequest: true,
    });
    return performance.now() - begun;
  });
  return latencies(times);
}
