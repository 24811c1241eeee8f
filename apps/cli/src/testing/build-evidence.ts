import { formatEvidence } from '@sallyport/ledger/evidence';
import {
  createCosigner,
  createEd25519Signer,
  createFrontier,
  encodeEntryBundle,
  formatCheckpoint,
  formatNote,
  formatVerifierKey,
  hashLeaf,
  parseNote,
  signNote,
} from '@sallyport/merkle-log';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A log key of its own, with its signed-note verifier key. */
export function createLogKey(origin: string): { verifierKey: string; sign(text: string): string } {
  const signer = createEd25519Signer({ name: origin, privateKey: generateKeyPairSync('ed25519').privateKey });
  return { verifierKey: formatVerifierKey(signer.verifierKey), sign: (text) => signNote({ text, signers: [signer] }) };
}

/** A witness of its own, that cosigns whatever it is given. */
export function createWitness(
  name: string,
  privateKey = generateKeyPairSync('ed25519').privateKey,
): { verifierKey: string; cosign(note: string, atMs: number): string } {
  const cosigner = createCosigner({ name, privateKey });
  return {
    verifierKey: formatVerifierKey(cosigner.verifierKey),
    cosign(note, atMs) {
      const { text, signatures } = parseNote(note);
      const signature = cosigner.cosign({ text, timestampSeconds: Math.floor(atMs / 1000) });
      return formatNote({ text, signatures: [...signatures, signature] });
    },
  };
}

/** Evidence of an event that is the only entry of its log. */
export function buildEvidence(
  event: string,
  origin = 'sallyport/test/1',
  witnesses: readonly ReturnType<typeof createWitness>[] = [],
): { text: string; verifierKey: string } {
  const { verifierKey, sign } = createLogKey(origin);
  const [salt, body] = [Buffer.alloc(32, 5), Buffer.from(event)];
  // The leaf of an event: version, kind, time, class, collector, block, SHA-256(salt ‖ body).
  const leaf = Buffer.alloc(76);
  leaf.writeUInt8(1, 0);
  leaf.writeUInt8(1, 1);
  leaf.writeUIntBE(Date.parse('2026-03-01T12:00:00Z'), 2, 6);
  leaf.writeUInt32BE(1007, 8);
  createHash('sha256').update(salt).update(body).digest().copy(leaf, 44);
  const signed = sign(formatCheckpoint({ origin, treeSize: 1, root: hashLeaf(leaf) }));
  const atMs = Date.parse('2026-03-01T12:00:10Z');
  const checkpoint = witnesses.reduce((note, witness) => witness.cosign(note, atMs), signed);
  const witnessKeys = witnesses.map((witness) => witness.verifierKey);
  const text = formatEvidence({ verifierKey, witnessKeys, leaf, salt, body, index: 0, proof: [], checkpoint });
  return { text, verifierKey };
}

/** A C2SP tile log of a few entries on disk. Returns its verifier key. */
export async function writeTileLog(
  directory: string,
  entries: readonly string[],
  origin = 'example.com/log',
): Promise<string> {
  const { verifierKey, sign } = createLogKey(origin);
  const bytes = entries.map((entry) => Buffer.from(entry));
  const frontier = createFrontier();
  for (const entry of bytes) frontier.append(hashLeaf(entry));
  await mkdir(join(directory, 'tile/entries/000.p'), { recursive: true });
  await mkdir(join(directory, 'tile/0/000.p'), { recursive: true });
  await writeFile(join(directory, `tile/entries/000.p/${entries.length}`), encodeEntryBundle(bytes));
  await writeFile(
    join(directory, `tile/0/000.p/${entries.length}`),
    Buffer.concat(bytes.map((entry) => hashLeaf(entry))),
  );
  await writeFile(
    join(directory, 'checkpoint'),
    sign(formatCheckpoint({ origin, treeSize: entries.length, root: frontier.root() })),
  );
  return verifierKey;
}
