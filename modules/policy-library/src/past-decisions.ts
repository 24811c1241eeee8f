import type { LivePolicy, PolicyTexts } from '@sallyport/access-policy';
import { messageOf } from '@sallyport/platform/errors';
import type { BundledStore } from './bundled-store.ts';
import { PolicyLibraryError } from './errors.ts';
import type { PolicyLibraryNeeds } from './needs.ts';
import type { PastExplained } from './past-explained.ts';
import { pastStory } from './past-story.ts';
import { bundledHash, textsToMend, textsWith } from './policy-set.ts';
import type { PolicyStore } from './policy-store.ts';
import type { PolicyThread } from './policy-thread.ts';
import { readDecision } from './recorded-decision.ts';
import type { RecordedDecision } from './recorded-decision.ts';
import type { Asked, RecordedAnswer, RecordedTask } from './recorded-tasks.ts';

export type PastDecisions = {
  /** By its position in the ledger (`1/4711`), or by the id that whoever was refused was told. Throws `policy_decision_unknown`. */
  explain(by: { readonly position: string } | { readonly request: string }): Promise<PastExplained>;
};

type Needs = Pick<PolicyLibraryNeeds, 'decisions' | 'bundled' | 'timeZone'> & {
  readonly live: Pick<LivePolicy, 'version'>;
};

export function createPastDecisions(
  needs: Needs,
  parts: {
    readonly store: Pick<PolicyStore, 'versions' | 'version'>;
    readonly bundledStore: Pick<BundledStore, 'all'>;
    readonly thread: Pick<PolicyThread, 'ask'>;
    /** What decides now. */
    readonly textsInForce: () => Promise<PolicyTexts>;
  },
): PastDecisions {
  const { store, thread } = parts;

  async function find(by: { readonly position: string } | { readonly request: string }): Promise<RecordedDecision> {
    const isByPosition = 'position' in by;
    const entries = isByPosition
      ? [await needs.decisions.at(by.position)]
      : await needs.decisions.withRequest(by.request);
    for (const entry of entries) {
      const decision = entry === undefined ? undefined : readDecision(entry);
      if (decision === undefined) continue;
      if (isByPosition || decision.requestIds.includes(by.request)) return decision;
    }
    throw new PolicyLibraryError(
      'policy_decision_unknown',
      isByPosition
        ? `Cannot explain "${by.position}": must be the position of a decision about a request, such as 1/4711`
        : `Cannot find a refusal with the id "${by.request}"`,
      isByPosition
        ? {}
        : {
            hint: 'a refusal is found some seconds after it; of many alike within a second the first eight ids are kept',
          },
    );
  }

  /** What may have been in force at a moment, the likeliest first: a server follows another within seconds, and came with what its release brought. */
  async function candidates(
    atMs: number,
  ): Promise<readonly { readonly version: number; readonly texts: PolicyTexts }[]> {
    const activated = (await store.versions()).read
      .flatMap(({ version, activatedMs }) => (activatedMs === undefined ? [] : [{ version, activatedMs }]))
      .toSorted((one, other) => other.activatedMs - one.activatedMs);
    const before = activated.filter(({ activatedMs }) => activatedMs <= atMs).slice(0, 2);
    const after = activated.filter(({ activatedMs }) => activatedMs > atMs).slice(-1);
    const numbers = [...before, ...after].map(({ version }) => version);
    const known = [needs.bundled, ...(await parts.bundledStore.all())];
    const releases = known.filter(
      (texts, place) => known.findIndex((other) => bundledHash(other) === bundledHash(texts)) === place,
    );
    const found: { version: number; texts: PolicyTexts }[] = [];
    for (const version of [...numbers, 0]) {
      const own = version === 0 ? [] : ((await store.version(version))?.texts ?? []);
      for (const release of releases) found.push({ version, texts: textsWith(release, own) });
    }
    for (const release of releases) found.push({ version: 0, texts: textsToMend(release) });
    return found.slice(0, 60);
  }

  async function askThen(decision: RecordedDecision, task: Pick<RecordedTask, 'questions' | 'timeZone'>) {
    const { version } = decision;
    if (version === undefined) return { untold: 'the record does not say which policies decided' };
    const possible = await candidates(decision.atMs);
    const asked = await thread.ask({ ...task, explains: true, version, texts: possible.map(({ texts }) => texts) });
    if (asked.kind === 'unreadable') return { untold: asked.reason };
    const [explained] = asked.explained;
    if (explained === undefined) return { untold: 'the question in the record cannot be read' };
    return { atTheTime: { version: possible[asked.place]?.version ?? 0, explained } };
  }

  async function askNow(task: Pick<RecordedTask, 'questions' | 'timeZone'>): Promise<RecordedAnswer | undefined> {
    const asked: Asked = await thread.ask({ ...task, explains: false, texts: [await parts.textsInForce()] });
    return asked.kind === 'asked' ? asked.answers[0] : undefined;
  }

  return {
    async explain(by) {
      const decision = await find(by);
      const { who, address, atMs } = decision;
      const [request] = decision.requests;
      if (request === undefined || who === undefined) {
        const untold =
          who === undefined
            ? 'nobody was known yet: the policies were not asked'
            : 'the record does not hold the question';
        return withStory({ decision, request, atTheTime: undefined, untold, now: undefined });
      }
      const task = {
        questions: [{ asked: request.asked, principal: who, address, atMs }],
        timeZone: needs.timeZone,
      };
      const found = await askThen(decision, task).catch((error: unknown) => ({ untold: messageOf(error) }));
      const now = await askNow(task);
      if ('untold' in found) return withStory({ decision, request, atTheTime: undefined, untold: found.untold, now });
      const atTheTime = { ...found.atTheTime, agrees: found.atTheTime.explained.answer === request.answer };
      return withStory({ decision, request, atTheTime, untold: undefined, now });
    },
  };
}

function withStory(found: Omit<PastExplained, 'story'>): PastExplained {
  return { ...found, story: pastStory(found) };
}
