/** Where something is drawn, in units of the picture. */
export type Place = { readonly x: number; readonly y: number };

export type Layout = { readonly width: number; readonly height: number; readonly places: ReadonlyMap<string, Place> };

type Node = { readonly id: string; readonly hop: number };
type Edge = { readonly from: string; readonly to: string };
type Body = { readonly id: string; readonly hop: number; x: number; y: number };

/** A node and its name underneath take so much. */
const [cellWidth, cellHeight] = [118, 78];
const [sideMargin, topMargin, bottomMargin] = [78, 38, 54];
const rounds = 160;

/**
 * Rings around what the alert is about, then pulled straight along the edges and pushed apart until no two names lie on each other. The same
 * for the same nodes and edges, always: nothing is left to chance.
 */
export function layOut(nodes: readonly Node[], edges: readonly Edge[]): Layout {
  const bodies = onRings(nodes, edges);
  const byId = new Map(bodies.map((body) => [body.id, body]));
  const springs = edges.flatMap(({ from, to }) => {
    const [one, other] = [byId.get(from), byId.get(to)];
    return one === undefined || other === undefined || one === other ? [] : [[one, other] as const];
  });
  for (let round = 0; round < rounds; round += 1) {
    // Ever gentler, so that it comes to rest.
    const strength = 0.12 * (1 - round / rounds);
    for (const [one, other] of springs) pull(one, other, strength);
    for (const body of bodies) if (body.hop === 0) drawIn(body, strength);
    for (let at = 0; at < bodies.length; at += 1)
      for (let next = at + 1; next < bodies.length; next += 1) pushApart(bodies[at], bodies[next]);
  }
  const [left, top] = [Math.min(...bodies.map(({ x }) => x)), Math.min(...bodies.map(({ y }) => y))];
  const [right, bottom] = [Math.max(...bodies.map(({ x }) => x)), Math.max(...bodies.map(({ y }) => y))];
  return {
    width: bodies.length === 0 ? 2 * sideMargin : Math.round(right - left) + 2 * sideMargin,
    height: bodies.length === 0 ? topMargin + bottomMargin : Math.round(bottom - top) + topMargin + bottomMargin,
    places: new Map(
      bodies.map(({ id, x, y }) => [id, { x: Math.round(x - left) + sideMargin, y: Math.round(y - top) + topMargin }]),
    ),
  };
}

/** Each ring in the order of what its nodes hang on, so that few edges cross. */
function onRings(nodes: readonly Node[], edges: readonly Edge[]): Body[] {
  const angles = new Map<string, number>();
  const bodies: Body[] = [];
  for (const hop of [0, 1, 2]) {
    const ring = nodes.filter((node) => node.hop === hop);
    const wanted = new Map(ring.map(({ id }, at) => [id, angleOfNeighbours(id, edges, angles) ?? at]));
    const sorted = ring.toSorted((a, b) => (wanted.get(a.id) ?? 0) - (wanted.get(b.id) ?? 0) || (a.id < b.id ? -1 : 1));
    const needed = (sorted.length * cellWidth) / (2 * Math.PI);
    const radius = hop === 0 ? (sorted.length > 1 ? 60 : 0) : Math.max(hop * 120, needed * 0.7);
    for (const [at, { id }] of sorted.entries()) {
      const angle = (2 * Math.PI * at) / Math.max(1, sorted.length) + hop * 0.6;
      angles.set(id, angle);
      bodies.push({ id, hop, x: radius * 1.2 * Math.cos(angle), y: radius * Math.sin(angle) });
    }
  }
  return bodies;
}

function angleOfNeighbours(
  id: string,
  edges: readonly Edge[],
  angles: ReadonlyMap<string, number>,
): number | undefined {
  const found = edges.flatMap(({ from, to }) => {
    const other = from === id ? to : to === id ? from : undefined;
    const angle = other === undefined ? undefined : angles.get(other);
    return angle === undefined ? [] : [angle];
  });
  if (found.length === 0) return undefined;
  const x = found.reduce((sum, angle) => sum + Math.cos(angle), 0);
  const y = found.reduce((sum, angle) => sum + Math.sin(angle), 0);
  return (Math.atan2(y, x) + 2 * Math.PI) % (2 * Math.PI);
}

function pull(one: Body, other: Body, strength: number): void {
  const [dx, dy] = [other.x - one.x, other.y - one.y];
  const distance = Math.max(1, Math.hypot(dx, dy));
  const move = (strength * (distance - 130)) / 2 / distance;
  one.x += dx * move;
  one.y += dy * move;
  other.x -= dx * move;
  other.y -= dy * move;
}

function drawIn(body: Body, strength: number): void {
  body.x *= 1 - strength;
  body.y *= 1 - strength;
}

/** Two cells that lie on each other part along the shorter way. */
function pushApart(one: Body | undefined, other: Body | undefined): void {
  if (one === undefined || other === undefined) return;
  const [dx, dy] = [other.x - one.x, other.y - one.y];
  const [inX, inY] = [cellWidth - Math.abs(dx), cellHeight - Math.abs(dy)];
  if (inX <= 0 || inY <= 0) return;
  if (inX / cellWidth < inY / cellHeight) {
    const move = (inX / 2) * (dx < 0 ? -1 : 1);
    one.x -= move;
    other.x += move;
  } else {
    const move = (inY / 2) * (dy < 0 ? -1 : 1);
    one.y -= move;
    other.y += move;
  }
}
