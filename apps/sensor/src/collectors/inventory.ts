import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { BaselineStore } from '../baseline-store.ts';
import type { HostFiles } from '../host/host-files.ts';
import { inventoryReaders, sections } from '../host/inventory.ts';
import type { Item, Items, Section } from '../host/inventory.ts';
import { present } from '../record.ts';
import type { SensorRecord } from '../record.ts';
import type { Collector } from './collector.ts';

export type Inventory = ReadonlyMap<Section, Items>;

/** How each section says what came, went and changed. */
const events = {
  users: { kind: 'account', added: 'user_created', removed: 'user_deleted', changed: 'user_changed' },
  groups: { kind: 'account', added: 'group_created', removed: 'group_deleted', changed: 'group_changed' },
  sudo_rules: { kind: 'account', added: 'sudo_rule_added', removed: 'sudo_rule_removed', changed: 'sudo_rule_changed' },
  packages: { kind: 'inventory', added: 'package_installed', removed: 'package_removed', changed: 'package_updated' },
  kernel_modules: {
    kind: 'inventory',
    added: 'kernel_module_loaded',
    removed: 'kernel_module_unloaded',
    changed: 'kernel_module_changed',
  },
  scheduled_jobs: {
    kind: 'inventory',
    added: 'scheduled_job_created',
    removed: 'scheduled_job_deleted',
    changed: 'scheduled_job_changed',
  },
  mounts: { kind: 'inventory', added: 'mount_added', removed: 'mount_removed', changed: 'mount_changed' },
} as const satisfies Record<Section, { kind: SensorRecord['kind']; added: string; removed: string; changed: string }>;

export type ItemChange = {
  readonly section: Section;
  readonly event: string;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
};

/** What came, went and changed between two looks at the host. A section that was not looked at before is new as a whole: nothing of it is told. */
function inventoryChanges(before: Inventory, now: Inventory): ItemChange[] {
  return [...now].flatMap(([section, items]) => {
    const known = before.get(section);
    if (known === undefined) return [];
    const names = events[section];
    const came = [...items].flatMap(([id, after]): ItemChange[] => {
      const was = known.get(id);
      if (was === undefined) return [{ section, event: names.added, before: undefined, after }];
      return isSameItem(was, after) ? [] : [{ section, event: names.changed, before: was, after }];
    });
    const went = [...known].flatMap(([id, was]): ItemChange[] =>
      items.has(id) ? [] : [{ section, event: names.removed, before: was, after: undefined }],
    );
    return [...came, ...went];
  });
}

function isSameItem(one: Item, other: Item): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => one[name] === other[name]);
}

const maxChangesAtOnce = 2000;

/** Users, groups, sudo rules, packages, kernel modules, scheduled jobs and mounts: what changes of them, also while the sensor was stopped. */
export function createInventoryCollector(needs: {
  readonly files: HostFiles;
  readonly clock: Clock;
  readonly baselines: BaselineStore;
  readonly position: string | undefined;
}): Collector {
  const { files, clock, baselines } = needs;
  const stored = needs.position === undefined ? undefined : baselines.load(needs.position);
  let known: Inventory = stored === undefined ? new Map() : decodeInventory(stored);
  let version = Number(needs.position ?? 0);
  const stamps = new Map<Section, string>();

  function read(section: Section): Items | undefined {
    const reader = inventoryReaders[section];
    const stamp = reader.stamps
      .flatMap((path) => [
        path,
        ...(files.facts(path)?.kind === 'folder' ? files.list(path).map((name) => `${path}/${name}`) : []),
      ])
      .map((path) => {
        const facts = files.facts(path);
        return `${path} ${facts?.inode ?? ''} ${facts?.changedMs ?? ''} ${facts?.size ?? ''}`;
      })
      .join('\n');
    if (reader.stamps.length > 0 && stamps.get(section) === stamp) return known.get(section);
    stamps.set(section, stamp);
    const items = reader.read(files);
    // A file that is being replaced reads as empty for a moment: everything gone at once is believed the second time.
    const was = known.get(section);
    if (items.size === 0 && was !== undefined && was.size > 1 && !doubted.has(section)) {
      doubted.add(section);
      stamps.delete(section);
      return was;
    }
    doubted.delete(section);
    return items;
  }
  const doubted = new Set<Section>();

  function recordOf({ section, event, before, after }: ItemChange): SensorRecord {
    const previous = Object.entries(before ?? {}).flatMap(([name, value]): [string, string][] =>
      after !== undefined && after[name] !== value ? [[`Previous${name}`, value]] : [],
    );
    return {
      kind: events[section].kind,
      collector: 'inventory',
      lossy: true,
      timeMs: clock.nowMs(),
      event,
      fields: present({ section, ...(after ?? before), ...Object.fromEntries(previous) }),
    };
  }

  return {
    name: 'inventory',
    everyMs: 10_000,
    collect() {
      const now: Inventory = new Map(
        sections.flatMap((section): [Section, Items][] => {
          const items = read(section);
          return items === undefined ? [] : [[section, items]];
        }),
      );
      const changes = inventoryChanges(known, now);
      const isNew = sections.some((section) => now.has(section) !== known.has(section));
      known = now;
      if (changes.length === 0 && !isNew) return { records: [] };
      version += 1;
      baselines.save(String(version), encodeInventory(known));
      const told = changes.slice(0, maxChangesAtOnce).map((change) => recordOf(change));
      const more = changes.length - told.length;
      const summary: SensorRecord[] =
        more === 0
          ? []
          : [
              {
                kind: 'inventory',
                collector: 'inventory',
                lossy: true,
                timeMs: clock.nowMs(),
                event: 'inventory_changed_much',
                fields: { more },
              },
            ];
      return { records: [...told, ...summary], position: String(version) };
    },
    committed: () => baselines.removeAllBut(String(version)),
    coverage() {
      const hidden = [
        ...(files.access('/etc/sudoers') === 'denied' ? ['sudo rules'] : []),
        ...(files.access('/var/spool/cron/crontabs') === 'denied' ? ['crontabs of users'] : []),
        ...(files.access('/var/lib/dpkg/status') === 'readable' ? [] : ['packages (no dpkg here)']),
      ];
      return {
        collector: 'inventory',
        state: hidden.length === 0 ? 'full' : 'partial',
        sees: 'changes of users, groups, sudo rules, packages, kernel modules, scheduled jobs and mounts, every ten seconds',
        misses: hidden.join('; '),
        remedy: hidden.some((one) => !one.startsWith('packages'))
          ? 'run the service with AmbientCapabilities=CAP_DAC_READ_SEARCH (systemctl edit sallyport-sensor)'
          : undefined,
      };
    },
  };
}

function encodeInventory(inventory: Inventory): string {
  return JSON.stringify(
    Object.fromEntries([...inventory].map(([section, items]) => [section, Object.fromEntries(items)])),
  );
}

function decodeInventory(text: string): Inventory {
  const value = parseJson(text);
  const found = new Map<Section, Items>();
  if (!isJsonObject(value)) return found;
  for (const section of sections) {
    const items = value[section];
    if (!isJsonObject(items)) continue;
    found.set(
      section,
      new Map(
        Object.entries(items).map(([id, item]): [string, Item] => [
          id,
          Object.fromEntries(
            Object.entries(isJsonObject(item) ? item : {}).filter(
              (entry): entry is [string, string] => typeof entry[1] === 'string',
            ),
          ),
        ]),
      ),
    );
  }
  return found;
}
