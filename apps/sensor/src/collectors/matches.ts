import { createHash } from 'node:crypto';
import { isJsonObject, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { FileHasher, FileHashes } from '../host/hash-file.ts';
import type { HashLists } from '../matching/hash-lists.ts';
import type { RuleMatch } from '../matching/scan-frames.ts';
import type { YaraScanner } from '../matching/yara-scanner.ts';
import { present } from '../record.ts';
import type { SensorRecord } from '../record.ts';
import type { Collected, Collector } from './collector.ts';

/** Something whose content should be looked into. */
export type Content = {
  readonly trigger: 'file_changed' | 'process_started' | 'sweep';
  readonly path: string;
  /** Where this process opens it, as with the executable of a process whose file is gone. */
  readonly at: string;
  /** What is told with a match. */
  readonly fields: JsonObject;
};

export type MatchCollector = Collector & { offer(content: Content): void };

export type MatchNeeds = {
  readonly clock: Clock;
  readonly hasher: FileHasher;
  readonly lists: HashLists;
  readonly scanner: YaraScanner;
  /** What is on this host already: looked through when lists or rules are new. Undefined while that is not known yet. */
  readonly present: () => Iterable<Content> | undefined;
  /** Where its owner names lists and rules. */
  readonly configFile: string | undefined;
  readonly position: string | undefined;
};

const everyMs = 1000;
const refreshEveryMs = 5000;
const hashedAtOnce = 50;
/** Then everything else is asked again before the rest. */
const hashingMs = 250;
const maxWaiting = 2000;
/** In the position; what is more is found again by a sweep. */
const maxRemembered = 100;
const maxVerdicts = 5000;
const maxTold = 500;

type Scan = { readonly content: Content; readonly hashes: FileHashes };

/**
 * Compares what changes on this host, what is started, and with new lists everything that is there, with lists of hashes and YARA
 * rules. Hashes at once; rules one file after another in a process of their own, while this goes on. What waits survives a restart.
 */
export function createMatchCollector(needs: MatchNeeds): MatchCollector {
  const { clock, hasher, lists, scanner } = needs;
  const remembered = readPosition(needs.position);
  const waiting: Content[] = [...remembered.waiting];
  const scans: Scan[] = [];
  const found: SensorRecord[] = [];
  /** What the rules said of a content, by its SHA-256. */
  const verdicts = new Map<string, readonly RuleMatch[]>();
  const told = new Set<string>(remembered.told);
  let swept = remembered.swept;
  let stamp = '';
  let sweep: Iterator<Content> | undefined;
  let pumping: Promise<void> | undefined;
  let lastRefreshMs = Number.NEGATIVE_INFINITY;
  let skipped = 0;
  let tooLarge = 0;
  let failed = 0;
  let lastPosition = needs.position;
  let isClosed = false;

  function refresh(): void {
    if (clock.monotonicMs() - lastRefreshMs < refreshEveryMs) return;
    lastRefreshMs = clock.monotonicMs();
    const areListsNew = lists.refresh();
    const areRulesNew = scanner.refresh();
    if (!areListsNew && !areRulesNew) return;
    hasher.alsoMake(lists.algorithms());
    verdicts.clear();
    tooLarge = 0;
    failed = 0;
    stamp = createHash('sha256').update(`${lists.stamp()}\n\n${scanner.stamp()}`).digest('hex').slice(0, 32);
    sweep = undefined;
  }

  const isOn = (): boolean => lists.count() > 0 || scanner.stamp() !== '';

  function tell(event: 'hash_matched' | 'yara_matched' | 'scan_failed', content: Content, fields: JsonObject): void {
    const { trigger, path } = content;
    const what = createHash('sha256')
      .update(JSON.stringify([event, path, fields['Indicator'] ?? '', fields['sha256'] ?? '']))
      .digest('hex')
      .slice(0, 16);
    // Lists are replaced often; what lies there unchanged is told once.
    if (trigger === 'sweep' && told.has(what)) return;
    told.delete(what);
    told.add(what);
    const oldest = told.size > maxTold ? told.values().next().value : undefined;
    if (oldest !== undefined) told.delete(oldest);
    found.push({
      kind: 'match',
      collector: 'matches',
      lossy: false,
      timeMs: clock.nowMs(),
      event,
      fields: present({ ...content.fields, TargetFilename: path, trigger, ...fields }),
    });
  }

  function tellRules(content: Content, sha256: string, matches: readonly RuleMatch[]): void {
    for (const { rule, file, tags, description, patterns } of matches)
      tell(
        'yara_matched',
        content,
        present({
          Indicator: rule,
          IndicatorList: file,
          Description: description,
          Tags: tags.join(', '),
          Patterns: patterns.join(', '),
          sha256,
          Hashes: `SHA256=${sha256}`,
        }),
      );
  }

  async function compare(content: Content): Promise<void> {
    const hashes = await hasher.hashes(content.at);
    if (hashes === undefined) return;
    const listed = lists.find(hashes);
    if (listed !== undefined)
      tell(
        'hash_matched',
        content,
        present({
          Indicator: listed.value,
          IndicatorList: listed.list,
          Algorithm: listed.algorithm,
          sha256: hashes.sha256,
          Hashes: `SHA256=${hashes.sha256}`,
        }),
      );
    if (scanner.stamp() === '') return;
    const known = verdicts.get(hashes.sha256);
    if (known === undefined) scans.push({ content, hashes });
    else tellRules(content, hashes.sha256, known);
  }

  function noteVerdict(sha256: string, matches: readonly RuleMatch[]): void {
    verdicts.set(sha256, matches);
    const oldest = verdicts.size > maxVerdicts ? verdicts.keys().next().value : undefined;
    if (oldest !== undefined) verdicts.delete(oldest);
  }

  /** Rules take their time: while they do, everything else is asked as ever. */
  async function pump(): Promise<void> {
    for (let scan = scans[0]; scan !== undefined && !isClosed; scan = scans[0]) {
      const { content, hashes } = scan;
      const known = verdicts.get(hashes.sha256);
      if (known !== undefined) tellRules(content, hashes.sha256, known);
      else {
        const outcome = await scanner.scan(content.at);
        if (isClosed) return;
        if (outcome.kind === 'scanned') {
          noteVerdict(outcome.sha256, outcome.matches);
          tellRules(content, outcome.sha256, outcome.matches);
        } else if (outcome.kind === 'too_large') {
          tooLarge += 1;
          noteVerdict(hashes.sha256, []);
        } else if (outcome.kind === 'failed') {
          failed += 1;
          // Once is enough: a file made to break the engine must not keep it busy.
          noteVerdict(hashes.sha256, []);
          tell('scan_failed', content, { reason: outcome.reason, sha256: hashes.sha256 });
        }
      }
      // Only now it is over: a restart in between begins it again.
      scans.shift();
    }
  }

  function position(): string {
    const open = [...scans.map(({ content }) => content), ...waiting].slice(0, maxRemembered);
    return JSON.stringify({ swept, waiting: open, told: [...told] });
  }

  return {
    name: 'matches',
    everyMs,
    offer(content) {
      if (!isOn()) return;
      if (waiting.length + scans.length >= maxWaiting) skipped += 1;
      else waiting.push(content);
    },
    async collect(): Promise<Collected> {
      refresh();
      if (!isOn()) {
        waiting.length = 0;
        return { records: found.splice(0) };
      }
      const beganMs = clock.monotonicMs();
      const hasTime = (): boolean => clock.monotonicMs() - beganMs < hashingMs;
      for (let room = hashedAtOnce; room > 0 && hasTime(); room -= 1) {
        const content = waiting.shift();
        if (content === undefined) break;
        await compare(content);
      }
      if (swept !== stamp) sweep ??= needs.present()?.[Symbol.iterator]();
      for (
        let room = hashedAtOnce - scans.length - waiting.length;
        sweep !== undefined && room > 0 && hasTime();
        room -= 1
      ) {
        const step = sweep.next();
        if (step.done === true) sweep = undefined;
        else await compare(step.value);
        if (step.done === true) swept = stamp;
      }
      if (scans.length > 0)
        pumping ??= pump().finally(() => {
          pumping = undefined;
        });
      const now = position();
      const isMoved = now !== lastPosition;
      lastPosition = now;
      return { records: found.splice(0), ...(isMoved ? { position: now } : {}) };
    },
    coverage() {
      if (!isOn())
        return {
          collector: 'matches',
          state: 'none',
          sees: 'nothing',
          misses: 'known bad files: no list of hashes and no YARA rules are given',
          remedy: `add "hashLists": ["/etc/sallyport-sensor/hashes"], "yaraRules": ["/etc/sallyport-sensor/yara"] to ${needs.configFile ?? 'the file given as --config'}, in braces if it is new, and start it again`,
        };
      const misses = [
        ...(scanner.stamp() === '' ? ['content: no YARA rules are given'] : []),
        ...(lists.count() === 0 ? ['known hashes: no list is given'] : []),
        ...(tooLarge > 0 ? [`the content of ${tooLarge} files over the bound`] : []),
        ...(failed > 0 ? [`${failed} files that were too much for the rules`] : []),
        ...(skipped > 0 ? [`${skipped} files, as too many came at once`] : []),
      ];
      return {
        collector: 'matches',
        state: misses.length === 0 ? 'full' : 'partial',
        sees: `watched files and started programs that ${[
          ...(lists.count() > 0 ? [`are among ${lists.count()} listed hashes`] : []),
          ...(scanner.stamp() === '' ? [] : [`match ${scanner.ruleFiles() ?? 'the'} files of YARA rules`]),
        ].join(' or ')}`,
        misses: misses.join('; '),
        remedy: undefined,
      };
    },
    problem: () => lists.problem() ?? scanner.problem(),
    usedMs: () => scanner.usedMs(),
    close() {
      isClosed = true;
      scanner.close();
    },
  };
}

function readPosition(text: string | undefined): {
  swept: string;
  waiting: readonly Content[];
  told: readonly string[];
} {
  let value: JsonValue = null;
  try {
    value = text === undefined ? null : parseJson(text);
  } catch {
    // Then a sweep finds it again.
  }
  if (!isJsonObject(value)) return { swept: '', waiting: [], told: [] };
  const items: readonly JsonValue[] = Array.isArray(value['waiting']) ? value['waiting'] : [];
  const waiting = items.flatMap((item): Content[] => {
    if (!isJsonObject(item)) return [];
    const { path, at, fields } = item;
    const trigger = triggers.find((known) => known === item['trigger']);
    if (trigger === undefined || typeof path !== 'string' || typeof at !== 'string' || !isJsonObject(fields)) return [];
    return [{ trigger, path, at, fields }];
  });
  return { swept: textOf(value['swept']), waiting, told: textsOf(value['told']) };
}

const triggers = ['file_changed', 'process_started', 'sweep'] as const;
