import { dirname, join, resolve } from 'node:path';
import { type Agent, type AgentConfig, type Ddl, messageOf, parseDdl, silentLogger } from '@troupe/core';
import { readRegularFile } from '@troupe/core/regular-file';
import { commandsOf, externalAgent, importAgent } from '@troupe/daemon/agents';
import { UsageError } from '../../../failure.js';
import { entryOf } from '../validate.js';
import { Broken } from './broken.js';
import type { Check } from './check.js';
import { ddlFaults } from './ddl-check.js';
import { hostChecks } from './host-checks.js';
import { leaseChecks } from './lease-checks.js';
import { recordChecks } from './record-checks.js';
import { Sandbox } from './sandbox.js';
import { filledSection } from './section.js';
import { Subject } from './subject.js';

/** How one rule of the contract fared. */
export interface Finding {
  readonly rule: string;
  readonly title: string;
  readonly outcome: 'passed' | 'broken' | 'skipped';
  /** What is wrong, or why it was skipped. */
  readonly reason?: string;
}

export interface ConformanceOptions {
  /** The agent's section of the daemon's configuration, with placeholders. */
  readonly section: AgentConfig;
  /** Whether to call the actions that change the host. */
  readonly withHostActions: boolean;
  /** Called with each finding as it is made. */
  readonly onFinding: (finding: Finding) => void;
}

interface Candidate {
  readonly ddl: Ddl;
  readonly agent: () => Promise<Agent>;
}

/**
 * Tests a provision agent, a DDL of an external one or a module, against its contract. Throws FILE_UNREADABLE,
 * DDL_INVALID or AGENT_INVALID if there is no such agent.
 */
export async function testConformance(
  path: string,
  options: ConformanceOptions,
): Promise<readonly Finding[]> {
  const candidate = await candidateAt(path);
  const findings: Finding[] = [];
  const note = (finding: Finding) => {
    findings.push(finding);
    options.onFinding(finding);
  };
  note(ddlFinding(candidate.ddl));
  const sandbox = await Sandbox.create();
  try {
    const config = filledSection(options.section, sandbox.placeholders);
    for (const check of [...leaseChecks, ...recordChecks])
      note(await findingOf(check, candidate, config, sandbox));
    for (const check of hostChecks) {
      if (options.withHostActions) note(await findingOf(check, candidate, config, sandbox));
      else note(skipped(check, 'changes the host: use --host-actions'));
    }
  } finally {
    await sandbox.close();
  }
  return findings;
}

async function candidateAt(path: string): Promise<Candidate> {
  const file = await entryOf(resolve(path));
  if (!file.endsWith('.json')) {
    const agent = () => importAgent(file, join(dirname(file), 'mcod.yaml'));
    return named({ ddl: parseDdl((await agent()).ddl, file), agent }, file);
  }
  const ddl = parseDdl((await readRegularFile(file)).toString('utf8'), file);
  const commands = commandsOf({ ddlFile: file, isNamed: true }, ddl.metadata.name);
  return named({ ddl, agent: async () => externalAgent({ ddl, commands, isProvision: true }) }, file);
}

function named(candidate: Candidate, file: string): Candidate {
  const { name } = candidate.ddl.metadata;
  if (name === 'provision') return candidate;
  throw new UsageError(
    `${file} is the agent "${name}": a contract exists only for the agent "provision" (mco plugin validate checks any agent)`,
  );
}

function ddlFinding(ddl: Ddl): Finding {
  const faults = ddlFaults(ddl);
  const about = { rule: 'ddl', title: 'declares the actions and inputs of the contract' } as const;
  if (faults.length === 0) return { ...about, outcome: 'passed' };
  return { ...about, outcome: 'broken', reason: faults.join('; ') };
}

function skipped({ rule, title }: Check, reason: string): Finding {
  return { rule, title, outcome: 'skipped', reason };
}

async function findingOf(
  check: Check,
  { ddl, agent }: Candidate,
  config: AgentConfig,
  sandbox: Sandbox,
): Promise<Finding> {
  const { rule, title, needs } = check;
  const missing = needs.filter((name) => !ddl.actions.some(({ action }) => action === name));
  if (missing.length > 0) return skipped(check, `the DDL lacks the action ${missing.join(', ')}`);
  let subject: Subject | undefined;
  try {
    await sandbox.reset();
    subject = await Subject.load({ ddl, agent, config, log: silentLogger, folder: sandbox.folder });
    await check.run(subject, sandbox);
    return { rule, title, outcome: 'passed' };
  } catch (error) {
    const reason =
      error instanceof Broken ? error.message : `the test could not be made: ${messageOf(error)}`;
    return { rule, title, outcome: 'broken', reason };
  } finally {
    // Runs of Puppet that wait would go on without end.
    await sandbox.letGo();
    await subject?.close();
  }
}
