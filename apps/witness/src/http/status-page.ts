// What anybody may see of a witness: who it is, and what it has cosigned.
import type { JsonObject } from '@sallyport/contracts';
import { formatVerifierKey } from '@sallyport/merkle-log';
import { createHash } from 'node:crypto';
import { hashOrigin } from '../state/newest-checkpoint.ts';
import type { Witness } from '../witness.ts';

const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}' +
  'table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #ccc;vertical-align:top;overflow-wrap:anywhere}' +
  'code{font:14px ui-monospace,monospace;overflow-wrap:anywhere}@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}a{color:#9cf}th,td{border-color:#444}}';

/** Nothing but the one style sheet may act in the page. */
export const statusPagePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

export function statusPage(witness: Witness, startedAtMs: number): string {
  const { name, cosigners } = witness.identity;
  const rows = witness.logs().map(({ origin, succeeds, newest }) => {
    const after = succeeds === undefined ? '' : `<br>after ${escape(succeeds)}`;
    const cells =
      newest === undefined
        ? '<td>nothing yet</td><td></td>'
        : `<td><a href="${hashOrigin(origin)}/checkpoint">${newest.treeSize}</a></td><td>${isoTime(newest.timestampSeconds)}</td>`;
    return `<tr><td>${escape(origin)}${after}</td>${cells}</tr>`;
  });
  const logs =
    rows.length === 0
      ? '<p>No log yet: <code>sallyport witness logs add VKEY</code></p>'
      : `<table><thead><tr><th scope="col">Log</th><th scope="col">Size</th><th scope="col">Cosigned</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  const keys = cosigners.map(({ verifierKey }) => `<p><code>${escape(formatVerifierKey(verifierKey))}</code></p>`);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(name)}</title><style>${style}</style></head><body>
<h1>Witness ${escape(name)}</h1>
<p>It cosigns a checkpoint of these logs only when it continues the newest one it has cosigned. Running since ${isoTime(startedAtMs / 1000)}.</p>
<h2>Logs</h2>${logs}
<h2>Keys</h2><p>Ed25519, then ML-DSA-44. Trust one of them, got from the operator and not from this page.</p>${keys.join('')}
</body></html>
`;
}

export function statusJson(witness: Witness, startedAtMs: number): JsonObject {
  return {
    name: witness.identity.name,
    verifier_keys: witness.identity.cosigners.map(({ verifierKey }) => formatVerifierKey(verifierKey)),
    started_at: isoTime(startedAtMs / 1000),
    answers: Object.fromEntries([...witness.counts()].map(([status, count]) => [String(status), count])),
    logs: witness.logs().map(({ origin, succeeds, newest }): JsonObject => ({
      origin,
      origin_sha256: hashOrigin(origin),
      succeeds: succeeds ?? null,
      size: newest?.treeSize ?? null,
      root: newest === undefined ? null : Buffer.from(newest.root).toString('base64'),
      cosigned_at: newest === undefined ? null : isoTime(newest.timestampSeconds),
    })),
  };
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
