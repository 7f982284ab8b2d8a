import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  type Agent,
  type AgentConfig,
  type CompiledDdl,
  compileDdl,
  createLogger,
  type Ddl,
  lintDdl,
  messageOf,
  parseDdl,
  TroupeError,
} from '@troupe/core';
import { readRegularFile } from '@troupe/core/regular-file';
import { commandsOf, externalAgent, importAgent, tryAgent } from '@troupe/daemon/agents';

/** The errors and warnings of an agent, one line each; the agent is valid without errors. */
export interface AgentValidation {
  readonly name?: string;
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Checks a DDL, or an agent against its DDL: a file NAME.json, an agent's module, or the folder of either. The code
 * of an agent is run: its set-up with `config`, or its activation check. Never rejects for what is wrong with the agent.
 */
export async function validateAgent(
  path: string,
  options: { readonly config?: AgentConfig } = {},
): Promise<AgentValidation> {
  const validation: ValidationDraft = { faults: [], warnings: [] };
  try {
    const entry = await entryOf(resolve(path));
    if (entry.endsWith('.json')) await checkDdlFile(entry, options.config, validation);
    else await checkModule(entry, options.config, validation);
  } catch (error) {
    validation.faults.push(messageOf(error));
  }
  return validation;
}

interface ValidationDraft {
  name?: string;
  readonly faults: string[];
  readonly warnings: string[];
}

/** The file that a path means: a DDL, or the module of an agent. Throws FILE_UNREADABLE or AGENT_INVALID. */
export async function entryOf(path: string): Promise<string> {
  const status = await stat(path).catch(() => undefined);
  if (!status) throw new TroupeError('FILE_UNREADABLE', `${path} does not exist`);
  if (!status.isDirectory()) return path;
  const names = await readdir(path);
  if (names.includes('package.json')) return await packageEntry(path);
  const ddls: string[] = [];
  for (const name of names.filter((each) => each.endsWith('.json'))) {
    const text = (await readRegularFile(join(path, name))).toString('utf8');
    if (/"actions"\s*:/.test(text)) ddls.push(name);
  }
  const [only, ...others] = ddls;
  if (only !== undefined && others.length === 0) return join(path, only);
  const found = ddls.length === 0 ? 'neither a package.json nor a DDL' : `several DDLs (${ddls.join(', ')})`;
  throw new TroupeError('AGENT_INVALID', `${path} has ${found}: name a file instead of the folder`);
}

async function packageEntry(folder: string): Promise<string> {
  type Exports = string | { readonly [key: string]: Exports };
  const manifest = JSON.parse((await readRegularFile(join(folder, 'package.json'))).toString('utf8')) as {
    exports?: Exports;
    main?: string;
  };
  let entry: Exports | undefined = manifest.exports;
  while (typeof entry === 'object') entry = entry['.'] ?? entry.import ?? entry.node ?? entry.default;
  return join(folder, entry ?? manifest.main ?? 'index.js');
}

async function checkDdlFile(
  file: string,
  config: AgentConfig | undefined,
  validation: ValidationDraft,
): Promise<void> {
  const ddl = parseDdl((await readRegularFile(file)).toString('utf8'), file);
  const { skippedValidators } = checkDdl(ddl, validation);
  if (ddl.metadata.provider !== 'external') {
    for (const name of skippedValidators)
      validation.warnings.push(`unknown validator "${name}": the agent must provide it`);
    return;
  }
  const commands = commandsOf({ ddlFile: file, isNamed: true }, ddl.metadata.name);
  // A DDL may be written before its program, or for other hosts.
  if (commands.some((command) => existsSync(command)))
    await checkAgent(externalAgent({ ddl, commands }), config, validation);
  else
    validation.warnings.push(
      `program of the external agent not found, so it was not checked: none of ${commands.join(', ')} exists`,
    );
}

async function checkModule(
  file: string,
  config: AgentConfig | undefined,
  validation: ValidationDraft,
): Promise<void> {
  const agent = await importAgent(file, join(dirname(file), 'mcod.yaml'));
  checkDdl(parseDdl(agent.ddl, file), validation);
  await checkAgent(agent, config, validation);
}

function checkDdl(ddl: Ddl, validation: ValidationDraft): CompiledDdl {
  validation.name = ddl.metadata.name;
  validation.warnings.push(...lintDdl(ddl));
  for (const { action, mutating } of ddl.actions) {
    if (mutating === undefined) {
      validation.warnings.push(`action ${action}: "mutating" is not set, so the action counts as mutating`);
    }
  }
  return compileDdl(ddl, { unknownValidators: 'skip' });
}

async function checkAgent(
  agent: Agent,
  config: AgentConfig | undefined,
  validation: ValidationDraft,
): Promise<void> {
  const logged: string[] = [];
  const destination = {
    write: (line: string) => {
      const { msg, reason, validator } = JSON.parse(line) as Record<string, string | undefined>;
      logged.push([msg, reason ?? validator].filter((part) => part !== undefined).join(': '));
    },
  };
  try {
    const log = createLogger({ level: 'warn', destination });
    const trial = await tryAgent(agent, { ...(config && { config }), log });
    await trial.close();
  } catch (error) {
    const needsConfig = config === undefined && (error as TroupeError).code === 'CONFIG_INVALID';
    const applies = !messageOf(error).endsWith('does not apply to this host');
    if (needsConfig)
      validation.warnings.push(
        `handlers not checked, because the agent needs its configuration (--section): ${messageOf(error)}`,
      );
    else if (applies) validation.faults.push(messageOf(error));
    else validation.warnings.push(`handlers not checked: ${messageOf(error)}`);
  }
  validation.warnings.push(...logged);
}
