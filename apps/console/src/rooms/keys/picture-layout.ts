import type { Hierarchy } from './key-groups.ts';

/** A node of the picture; places and sizes in CSS pixels. */
export type PlacedNode = {
  readonly id: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
};

export type PlacedEdge = {
  readonly from: string;
  readonly to: string;
  /** Of an SVG path. */
  readonly path: string;
  readonly isCurrent: boolean;
};

export type PlacedPicture = {
  readonly nodes: ReadonlyMap<string, PlacedNode>;
  readonly edges: readonly PlacedEdge[];
  readonly height: number;
};

type Branch = { readonly from: string; readonly to: string; readonly isCurrent: boolean };
type Column = readonly { readonly id: string; readonly height: number; readonly below: readonly string[] }[];

const nodeHeight = 64;
const groupHeight = 92;
const between = 12;
const indent = 18;
const narrowerThan = 760;
/** Shares of the width; what is left over lies between the columns. */
const columnShares = [0.2, 0.18, 0.21, 0.27];

export const providerNode = (kind: string): string => `provider:${kind}`;
export const purposeNode = (purpose: string): string => `purpose:${purpose}`;
export const groupNode = (id: string): string => `group:${id}`;

/** Four columns side by side; one indented column where there is no room for them. */
export function placePicture(hierarchy: Hierarchy, width: number): PlacedPicture {
  const columns = columnsOf(hierarchy);
  const branches = branchesOf(hierarchy);
  return width < narrowerThan ? placeNarrow(columns, branches, width) : placeWide(columns, branches, width);
}

function columnsOf({ providers, epochs, olderEpochs, purposes }: Hierarchy): Column[] {
  const below = (names: readonly string[]) => names;
  return [
    providers.map(({ kind }) => ({
      id: providerNode(kind),
      height: nodeHeight,
      below: below(epochs.filter(({ wrappedBy }) => isWrappedBy(wrappedBy, kind)).map(({ id }) => id)),
    })),
    [
      ...epochs.map(({ id }) => ({
        id,
        height: nodeHeight,
        below: purposes.filter(({ newest }) => newest.wrappedBy === id).map(({ purpose }) => purposeNode(purpose)),
      })),
      ...(olderEpochs.length === 0 ? [] : [{ id: 'older-epochs', height: nodeHeight, below: [] }]),
    ],
    purposes.map(({ purpose, groups }) => ({
      id: purposeNode(purpose),
      height: nodeHeight,
      below: groups.map(({ id }) => groupNode(id)),
    })),
    purposes.flatMap(({ groups }) => groups.map(({ id }) => ({ id: groupNode(id), height: groupHeight, below: [] }))),
  ];
}

function branchesOf({ providers, epochs, purposes }: Hierarchy): Branch[] {
  return [
    ...epochs.flatMap((epoch) =>
      providers
        .filter(({ kind }) => isWrappedBy(epoch.wrappedBy, kind))
        .map(({ kind }) => ({ from: providerNode(kind), to: epoch.id, isCurrent: epoch.state === 'active' })),
    ),
    ...purposes.flatMap(({ purpose, versions, groups, newest }) => [
      ...epochs
        .filter(({ id }) => versions.some(({ wrappedBy }) => wrappedBy === id))
        .map(({ id }) => ({ from: id, to: purposeNode(purpose), isCurrent: newest.wrappedBy === id })),
      ...groups.map(({ id }) => ({ from: purposeNode(purpose), to: groupNode(id), isCurrent: true })),
    ]),
  ];
}

function isWrappedBy(wrappedBy: string, kind: string): boolean {
  return wrappedBy.split(', ').includes(kind);
}

/** From the right to the left: a node stands at the middle of what hangs under it, and none lies over another. */
function placeWide(columns: readonly Column[], branches: readonly Branch[], width: number): PlacedPicture {
  const nodes = new Map<string, PlacedNode>();
  const gap = (width - columnShares.reduce((sum, share) => sum + share * width, 0)) / (columnShares.length - 1);
  const lefts = columnShares.map((_share, at) =>
    columnShares.slice(0, at).reduce((left, share) => left + share * width + gap, 0),
  );
  let height = 0;
  for (const [at, column] of [...columns.entries()].toReversed()) {
    const wanted = column.map(({ id, height: own, below }) => {
      const middles = below.flatMap((name) => middleOf(nodes.get(name)));
      const middle = middles.length === 0 ? undefined : (Math.min(...middles) + Math.max(...middles)) / 2;
      return { id, height: own, top: middle === undefined ? undefined : middle - own / 2 };
    });
    let floor = 0;
    for (const { id, height: own, top } of wanted) {
      const placed = Math.max(floor, top ?? floor);
      const left = lefts[at] ?? 0;
      nodes.set(id, { id, left, top: placed, width: (columnShares[at] ?? 0) * width, height: own });
      floor = placed + own + between;
    }
    height = Math.max(height, floor - between);
  }
  const edges = branches.flatMap((branch) => {
    const [from, to] = [nodes.get(branch.from), nodes.get(branch.to)];
    if (from === undefined || to === undefined) return [];
    const [x, y, toX, toY] = [from.left + from.width, from.top + from.height / 2, to.left, to.top + to.height / 2];
    const bend = (toX - x) / 2;
    return [{ ...branch, path: `M${x} ${y}C${x + bend} ${y} ${toX - bend} ${toY} ${toX} ${toY}` }];
  });
  return { nodes, edges, height: Math.max(0, height) };
}

function middleOf(node: PlacedNode | undefined): number[] {
  return node === undefined ? [] : [node.top + node.height / 2];
}

/** One below the other, each level a little to the right; only what is in use is connected. */
function placeNarrow(columns: readonly Column[], branches: readonly Branch[], width: number): PlacedPicture {
  const nodes = new Map<string, PlacedNode>();
  const levels = new Map(columns.flatMap((column, level) => column.map(({ id, height }) => [id, { level, height }])));
  const [providers = [], epochs = [], purposes = []] = columns;
  const inOrder = [
    ...providers.map(({ id }) => id),
    ...epochs.map(({ id }) => id),
    ...purposes.flatMap(({ id, below }) => [id, ...below]),
  ];
  let top = 0;
  for (const id of inOrder) {
    const { level = 0, height = nodeHeight } = levels.get(id) ?? {};
    const left = level * indent;
    nodes.set(id, { id, left, top, width: Math.max(0, width - left), height });
    top += height + between;
  }
  const edges = branches
    .filter(({ isCurrent }) => isCurrent)
    .flatMap((branch) => {
      const [from, to] = [nodes.get(branch.from), nodes.get(branch.to)];
      if (from === undefined || to === undefined) return [];
      const [x, y] = [from.left + indent / 2, from.top + from.height];
      return [{ ...branch, path: `M${x} ${y}V${to.top + to.height / 2}H${to.left}` }];
    });
  return { nodes, edges, height: Math.max(0, top - between) };
}
