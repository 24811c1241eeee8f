// One bench by name: its result as one JSON object on standard output, progress on standard error.
import type { Bench } from './bench.ts';
import { accessDecisions } from './access-decisions.ts';
import { accessRisk } from './access-risk.ts';
import { agentHooks } from './agent-hooks.ts';
import { alertLatency } from './alert-latency.ts';
import { parseBenchArguments, usage } from './arguments.ts';
import { behaviourNab } from './behaviour-nab.ts';
import { cameraAlert } from './camera-alert.ts';
import { cameraPerception } from './camera-perception.ts';
import { correlation } from './correlation.ts';
import { fieldEncryption } from './field-encryption.ts';
import { personalData } from './sealed-subjects.ts';
import { intakeFormats } from './intake-formats.ts';
import { intakeLatency } from './intake-latency.ts';
import { intakeSustained } from './intake-sustained.ts';
import { keyProviders } from './key-providers.ts';
import { ledgerAppend } from './ledger-append.ts';
import { ledgerProofs } from './ledger-proofs.ts';
import { ledgerVerify } from './ledger-verify.ts';
import { loadAverage, machineFacts } from './machine.ts';
import { mcpGateway } from './mcp-gateway.ts';
import { memory } from './memory.ts';
import { millionRowScroll } from './million-row-scroll.ts';
import { paintedAlert } from './painted-alert.ts';
import { requestSecurity } from './request-security.ts';
import { retroHunt } from './retro-hunt.ts';
import { sensorBudget } from './sensor-budget.ts';
import { sigmaFullScan } from './sigma-full-scan.ts';
import { sigmaMatching } from './sigma-matching.ts';
import { tabMemory } from './tab-memory.ts';
import { wholeProgramMatching } from './whole-program-matching.ts';

const benches: readonly Bench[] = [
  ledgerAppend,
  ledgerProofs,
  ledgerVerify,
  intakeFormats,
  intakeLatency,
  intakeSustained,
  sigmaFullScan,
  sigmaMatching,
  wholeProgramMatching,
  correlation,
  retroHunt,
  memory,
  alertLatency,
  paintedAlert,
  millionRowScroll,
  tabMemory,
  sensorBudget,
  cameraPerception,
  cameraAlert,
  keyProviders,
  fieldEncryption,
  personalData,
  accessDecisions,
  accessRisk,
  requestSecurity,
  agentHooks,
  mcpGateway,
  behaviourNab,
];

async function run(): Promise<number> {
  const command = parseBenchArguments(
    process.argv.slice(2),
    benches.map(({ name }) => name),
  );
  if (command.kind === 'refused') {
    process.stderr.write(`${command.reason}\nhint: ${usage}\n`);
    return 2;
  }
  if (command.kind === 'list') {
    process.stdout.write(`${usage}\n\n${benches.map(({ name, target }) => `${name}\n    ${target}\n`).join('')}`);
    return 0;
  }
  const bench = benches.find(({ name }) => name === command.name);
  if (bench === undefined) return 2;
  const loadBefore = loadAverage();
  const startedAt = new Date().toISOString();
  const { processed, ...result } = await bench.run({
    options: command.options,
    progress: (line) => void process.stderr.write(`${bench.name}: ${line}\n`),
  });
  process.stdout.write(
    `${JSON.stringify({
      bench: bench.name,
      target: bench.target,
      started_at: startedAt,
      tiny: command.options.tiny,
      machine: { ...machineFacts(), load_average_before: loadBefore, load_average_after: loadAverage() },
      processed,
      ...result,
    })}\n`,
  );
  if (processed > 0) return 0;
  process.stderr.write(`${bench.name}: nothing was processed\n`);
  return 1;
}

process.exit(await run());
