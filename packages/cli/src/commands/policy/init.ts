import { resolve } from 'node:path';
import { compilePattern, isIdentity, loadOwn } from '@troupe/core';
import { type DaemonConfig, writeFirstPolicy } from '@troupe/daemon';
import type { GlobalOptions } from '../../command-line/options.js';
import { clientConfigIfAny } from '../../config/client-config.js';
import { nodeConfigIfAny, nodeConfigPlace } from '../../config/node-config.js';
import { ExitCode } from '../../exit.js';
import { UsageError } from '../../failure.js';
import { plainLine } from '../../output/plain.js';
import type { Screen } from '../../terminal/screen.js';

/** The options of mco policy init. */
export interface PolicyInitOptions extends GlobalOptions {
  readonly json?: true;
  readonly caller?: readonly string[];
  readonly mcod?: string;
}

const usualFolder = '/etc/troupe/policies';

/** Writes a folder with a first policy, and prints how to use it. An existing policy is never changed. */
export async function initPolicies(
  screen: Screen,
  given: string | undefined,
  options: PolicyInitOptions,
): Promise<ExitCode> {
  const config = nodeConfigIfAny(options.mcod);
  const folder = resolve(given ?? config?.authorization.policies ?? usualFolder);
  const callers = callersOf(options, config);
  const file = writeFirstPolicy(folder, callers);
  if (screen.json) screen.json.result({ folder, file, callers });
  else printNext(screen, { folder, file, callers, isSet: isSetTo(folder, config), options });
  return ExitCode.ok;
}

function callersOf(options: PolicyInitOptions, config: DaemonConfig | undefined): readonly string[] {
  const client = clientConfigIfAny(options);
  const match = config?.security.callers.match ?? client?.security.callers.match ?? '/\\.mcollective$/';
  const pattern = compilePattern(match, 'security.callers.match');
  // As in policies of MCollective and Choria.
  const given = options.caller?.map((name) => name.replace(/^(?:choria|cert)=/, ''));
  const names = given ?? (client?.security.certificate ? [loadOwn(client.security).name] : []);
  if (names.length === 0)
    throw new UsageError(
      'no caller to allow: specify --caller NAME, the name in your certificate (mco keys creates one)',
    );
  for (const name of names) {
    if (!isIdentity(name))
      throw new UsageError(`"${name}" is not a valid caller name: use a-z, 0-9, ".", "_" and "-"`);
    if (!pattern.test(name))
      throw new UsageError(`"${name}" is not the name of a caller: it does not match ${pattern}`);
  }
  return [...new Set(names)];
}

function isSetTo(folder: string, config: DaemonConfig | undefined): boolean {
  const { policies } = config?.authorization ?? {};
  return policies !== undefined && resolve(policies) === folder;
}

function printNext(
  screen: Screen,
  {
    folder,
    file,
    callers,
    isSet,
    options,
  }: {
    readonly folder: string;
    readonly file: string;
    readonly callers: readonly string[];
    readonly isSet: boolean;
    readonly options: PolicyInitOptions;
  },
): void {
  const [first = ''] = callers;
  const settings = [
    `Add to ${options.mcod ?? nodeConfigPlace}, if it is not set:`,
    '     authorization:',
    `       policies: ${folder}`,
    '     audit:',
    '       file: /var/log/troupe/audit.jsonl',
  ];
  const steps = [
    ['To allow more callers, for example your provisioner, edit:', `     ${file}`],
    ...(isSet ? [] : [settings]),
    [
      'Check the result:',
      `     mco policy check ${folder}`,
      `     mco policy explain ${folder} --caller ${first} --agent rpcutil --action ping`,
    ],
    ['Install the folder on each node, then reload mcod there:', '     systemctl reload mcod'],
  ];
  screen.print(`Created ${plainLine(file)}`);
  screen.print(`It allows ${callers.join(' and ')} to call every agent, and denies everyone else.`);
  screen.print('\nNext:');
  for (const [index, [line = '', ...more]] of steps.entries()) {
    screen.print(`  ${index + 1}. ${line}`);
    for (const other of more) screen.print(other);
  }
}
