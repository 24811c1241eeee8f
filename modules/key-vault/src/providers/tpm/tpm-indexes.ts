import { hash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refused, unavailable } from '../provider-failure.ts';
import { formatHandle, nvBytes, parseHandles, parseNvMaster } from './nv-master.ts';
import type { RunTpmTool, TpmAnswer } from './tpm-tools.ts';

/** What an NV index says when it is read. */
export type NvContent =
  | { readonly kind: 'master'; readonly name: string; readonly key: Buffer }
  /** The policy or the authorisation does not allow it now. */
  | { readonly kind: 'closed' }
  /** Defined, not written: its making was broken off. */
  | { readonly kind: 'unwritten' }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'missing' };

// TPM 2.0 part 2, 6.6.3. Format-one codes say which handle or session they mean: those of the first are listed.
const TPM_RC_HANDLE_1 = 0x18b;
const TPM_RC_AUTH_FAIL_SESSION_1 = 0x98e;
const TPM_RC_POLICY_FAIL_SESSION_1 = 0x99d;
const TPM_RC_BAD_AUTH_SESSION_1 = 0x9a2;
const TPM_RC_PCR_CHANGED = 0x128;
const TPM_RC_AUTH_UNAVAILABLE = 0x12f;
const TPM_RC_NV_LOCKED = 0x148;
const TPM_RC_NV_AUTHORIZATION = 0x149;
const TPM_RC_NV_UNINITIALIZED = 0x14a;
const TPM_RC_NV_SPACE = 0x14b;
const TPM_RC_NV_DEFINED = 0x14c;
const TPM_RC_LOCKOUT = 0x921;

const closedCodes: ReadonlySet<number | undefined> = new Set([
  TPM_RC_POLICY_FAIL_SESSION_1,
  TPM_RC_PCR_CHANGED,
  TPM_RC_AUTH_UNAVAILABLE,
  TPM_RC_NV_AUTHORIZATION,
]);
/** A session is bound to what the index is: when somebody else writes or locks it meanwhile, it does not authorise. */
const changedCodes: ReadonlySet<number | undefined> = new Set([TPM_RC_BAD_AUTH_SESSION_1, TPM_RC_AUTH_FAIL_SESSION_1]);
const triesWhileChanging = 4;

export type TpmIndexNeeds = {
  readonly run: RunTpmTool;
  /** Whether a resource manager stands before the TPM. */
  readonly managed: boolean;
  /** Registers of the SHA-256 bank a reading is bound to; empty for none. */
  readonly pcrs: readonly number[];
  readonly ownerPasswordFile: string | undefined;
  readonly endorsementPasswordFile: string | undefined;
};

/**
 * NV indexes of a TPM, through tpm2-tools. They are defined without dictionary-attack protection (TPMA_NV_NO_DA), for
 * there is no password to guess: a TPM that is locked out still reads them, and reading them never locks it out.
 */
export function createTpmIndexes(needs: TpmIndexNeeds) {
  const { run, managed, pcrs, ownerPasswordFile, endorsementPasswordFile } = needs;
  const pcrList = `sha256:${pcrs.join(',')}`;
  const owner = ['-C', 'o', ...passwordOption(ownerPasswordFile)];

  const list = async (signal: AbortSignal): Promise<readonly number[]> => {
    const answer = await run('tpm2_getcap', ['handles-nv-index'], { signal });
    requireDone(answer, 'list its indexes');
    return parseHandles(answer.output);
  };

  /** Objects and sessions stay loaded where no resource manager tidies up behind each program; a TPM has room for three. */
  const tidyUp = async (signal: AbortSignal): Promise<void> => {
    if (managed) return;
    for (const what of ['-t', '-l']) await run('tpm2_flushcontext', [what], { signal });
  };

  return {
    list,
    async read(handle: number, signal: AbortSignal): Promise<NvContent> {
      const at = formatHandle(handle);
      const authorization = pcrs.length === 0 ? [] : ['-P', `pcr:${pcrList}`];
      const { output, ...answer } = await whileChanging(() =>
        run('tpm2_nvread', [at, '-C', at, '-s', String(nvBytes), ...authorization], { signal }),
      );
      if (pcrs.length > 0) await tidyUp(signal);
      if (answer.responseCode === undefined) return masterOf(output);
      if (answer.responseCode === TPM_RC_NV_UNINITIALIZED) return { kind: 'unwritten' };
      if (answer.responseCode === TPM_RC_HANDLE_1) return { kind: 'missing' };
      if (closedCodes.has(answer.responseCode)) return { kind: 'closed' };
      throw failure(answer, `read index ${at}`);
    },
    /** False when there is one already. */
    async define(handle: number, signal: AbortSignal): Promise<boolean> {
      const directory = mkdtempSync(join(tmpdir(), 'sallyport-tpm-'));
      try {
        const policy = join(directory, 'policy');
        if (pcrs.length > 0) {
          const made = await run('tpm2_createpolicy', ['--policy-pcr', '-l', pcrList, '-L', policy], { signal });
          requireDone(made, 'make a policy of its registers');
        }
        const reading = pcrs.length > 0 ? 'policyread' : 'authread';
        const attributes = `authwrite|${reading}|no_da|writedefine`;
        const answer = await run(
          'tpm2_nvdefine',
          [
            formatHandle(handle),
            ...owner,
            '-s',
            String(nvBytes),
            '-a',
            attributes,
            ...(pcrs.length > 0 ? ['-L', policy] : []),
          ],
          { signal },
        );
        if (answer.responseCode === TPM_RC_NV_DEFINED) return false;
        requireDone(answer, `define index ${formatHandle(handle)}`);
        return true;
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
    /** Nothing happens to an index that is locked already: whoever came first has the say. */
    async write(handle: number, content: Buffer, signal: AbortSignal): Promise<void> {
      const at = formatHandle(handle);
      const answer = await whileChanging(() =>
        run('tpm2_nvwrite', [at, '-C', at, '-i', '-'], { input: content, signal }),
      );
      if (answer.responseCode !== TPM_RC_NV_LOCKED) requireDone(answer, `write index ${at}`);
    },
    /** From now on, until it is undefined, what it holds stays as it is. */
    async lock(handle: number, signal: AbortSignal): Promise<void> {
      const at = formatHandle(handle);
      const answer = await whileChanging(() => run('tpm2_nvwritelock', ['-C', at, at], { signal }));
      if (answer.responseCode !== TPM_RC_NV_LOCKED) requireDone(answer, `lock index ${at}`);
    },
    async undefine(handle: number, signal: AbortSignal): Promise<void> {
      const answer = await run('tpm2_nvundefine', [...owner, formatHandle(handle)], { signal });
      if (answer.responseCode !== TPM_RC_HANDLE_1) requireDone(answer, `undefine index ${formatHandle(handle)}`);
    },
    async random(bytes: number, signal: AbortSignal): Promise<Buffer> {
      const answer = await run('tpm2_getrandom', [String(bytes)], { signal });
      requireDone(answer, 'give random bytes');
      if (answer.output.length !== bytes) throw unavailable('The TPM gave too few random bytes');
      return answer.output;
    },
    /** The endorsement key tells TPMs apart: it follows from a seed that never leaves the chip. SHA-256 of its public part. */
    async identity(signal: AbortSignal): Promise<{ readonly endorsementKey: string; readonly manufacturer: string }> {
      const directory = mkdtempSync(join(tmpdir(), 'sallyport-tpm-'));
      try {
        const [context, publicPart] = [join(directory, 'ek.ctx'), join(directory, 'ek.pub')];
        const password = passwordOption(endorsementPasswordFile);
        const made = await run(
          'tpm2_createek',
          ['-G', 'ecc', '-c', context, '-u', publicPart, '-f', 'tss', ...password],
          { signal },
        );
        await tidyUp(signal);
        requireDone(made, 'show its endorsement key');
        const fixed = await run('tpm2_getcap', ['properties-fixed'], { signal });
        const manufacturer =
          /TPM2_PT_MANUFACTURER:[^]*?value: "([^"]*)"/.exec(fixed.output.toString('utf8'))?.[1] ?? '';
        return { endorsementKey: hash('sha256', readFileSync(publicPart)), manufacturer: manufacturer.trim() };
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
  };
}

/** Does it again when the index was changed under its hands. */
async function whileChanging(step: () => Promise<TpmAnswer>): Promise<TpmAnswer> {
  for (let tries = 1; ; tries += 1) {
    const answer = await step();
    if (!changedCodes.has(answer.responseCode) || tries === triesWhileChanging) return answer;
  }
}

function masterOf(output: Buffer): NvContent {
  const master = parseNvMaster(output);
  return master === undefined ? { kind: 'foreign' } : { kind: 'master', ...master };
}

/** tpm2-tools take the whole file as the password. */
function passwordOption(file: string | undefined): readonly string[] {
  return file === undefined ? [] : ['-P', `file:${file}`];
}

function requireDone(answer: TpmAnswer, what: string): void {
  if (answer.responseCode !== undefined) throw failure(answer, what);
}

function failure(answer: Pick<TpmAnswer, 'responseCode'>, what: string): Error {
  const code = `0x${(answer.responseCode ?? 0).toString(16)}`;
  if (answer.responseCode === TPM_RC_LOCKOUT) {
    return refused(
      `The TPM would not ${what}: it is locked out after wrong passwords`,
      'tpm2_dictionarylockout --clear-lockout',
    );
  }
  if (changedCodes.has(answer.responseCode)) {
    return refused(
      `The TPM would not ${what}: the password does not fit (${code})`,
      'the password file may not end with a line break',
    );
  }
  if (answer.responseCode === TPM_RC_NV_SPACE) return refused(`The TPM would not ${what}: it has no room left`);
  return unavailable(`The TPM would not ${what}: it answered ${code}`);
}
