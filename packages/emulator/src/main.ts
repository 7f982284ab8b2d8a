import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { type Agent, createLogger, logFormats, logLevels, messageOf, version } from '@troupe/core';
import { completionOf, failureText, oneLine, readDuration, usageFailure } from '@troupe/core/internal';
import { emulateFleet, fleetFacts, type KeyType, type TestPki, useTestPki } from '@troupe/testkit';
import { importAgents, mockAgents } from './load-agents.js';
import { emulateProvisioning } from './provision-program.js';
import { checkConsent } from './real-agents/consent.js';
import { ConsentError } from './real-agents/consent-error.js';
import { forbidPrograms } from './real-agents/forbid-programs.js';

const usage = `Usage: troupe-emulate --broker URL [options]          (also: mcod emulate …)
       troupe-emulate --provision FOLDER [options]

Emulates a fleet: N daemons in one process, each with its own connection, name, facts and agents, and the complete
protocol with signatures, DDLs, filters and policies. The nodes are named NAME-1.DOMAIN, NAME-2.DOMAIN and so on.

With --provision the nodes are machines that have just booted, each with an enrolment token and an emulated Puppet. The
process then also runs a broker and masters with the built-in CA. It prints the mcprovision command that provisions the
machines. All files are kept in FOLDER.

Fleet:
      --broker URL       broker, such as mqtt://127.0.0.1:1883 or mqtts://HOST:PORT; can be repeated; required
                         without --provision
  -n, --instances N      number of nodes (default: 100)
      --first N          number of the first node, if several processes form one fleet (default: 1)
      --name TEXT        first part of the node names (default: node)
      --domain TEXT      domain of the node names (default: fleet)
      --collective NAME  collective, a named group of nodes; can be repeated (default: mcollective)
      --connecting N     number of nodes that connect at the same time (default: 50)
      --escape           write dots as %2E in topics; required for RabbitMQ and NATS
Certificates:
      --pki FOLDER       sign messages with certificates of the test CA in this folder; it is created if it does not
                         exist. Without this option nothing is signed, and the broker must be on loopback
      --key TYPE         key type of the nodes: rsa, p256 or ed25519 (default: rsa)
      --own-keys         use a separate key for each node (default: all nodes share one key)
Agents:
      --agent MODULE     agent to load besides rpcutil and discovery: an npm package or a path; can be repeated
      --mock FILE        DDL of an agent to mock, which returns default values; can be repeated
      --real-agents      let the agents of --agent change this host and run programs on it. All nodes run on this host,
                         so a call to 100 nodes acts on it 100 times. Must be confirmed
      --yes              confirm --real-agents without asking
Faults:
      --lose P           probability that a message is lost, in each direction: 0 to 1
      --double P         probability that a message is duplicated: 0 to 1
      --reorder P        probability that a message is reordered: 0 to 1
      --delay MS         delay of messages in milliseconds
      --skew MS          clock skew in milliseconds: positive if the clock is ahead, negative if it is behind
      --faulty SHARE     share of the nodes that have these faults: 0 to 1 (default: 1)
Provisioning:
      --provision FOLDER folder for hosts, masters, certificates and configurations; it is created if it does not exist
      --masters N        number of Puppet servers, each in its own region (default: 2)
      --run-seconds N    duration of an emulated Puppet run in seconds (default: 0.5)
      --failing SHARE    share of the hosts on which Puppet fails: 0 to 1 (default: 0)
General:
      --until-eof        also shut down when standard input is closed
      --log LEVEL        log level of the daemons, on standard error (default: silent)
      --log-format NAME  auto, text or json (default: auto: text on a terminal, otherwise JSON)
      --completion SHELL print a completion script for bash, zsh or fish
  -V, --version          print the version
  -h, --help             print this help

When all nodes are connected it prints one line on standard output: {"instances":N,"first":"…","last":"…"}.
Signals: TERM and INT shut it down.
Exit codes: 0 shut down as requested; 1 failure to start; 2 usage error.
`;

function words() {
  const text = { type: 'string' } as const;
  const list = { type: 'string', multiple: true } as const;
  try {
    const { values } = parseArgs({
      args: joinNegatives(process.argv.slice(2)),
      options: {
        broker: list,
        provision: text,
        masters: { ...text, default: '2' },
        'run-seconds': { ...text, default: '0.5' },
        failing: { ...text, default: '0' },
        instances: { ...text, short: 'n', default: '100' },
        first: { ...text, default: '1' },
        name: { ...text, default: 'node' },
        domain: { ...text, default: 'fleet' },
        pki: text,
        key: { ...text, default: 'rsa' },
        'own-keys': { type: 'boolean', default: false },
        collective: { ...list, default: ['mcollective'] },
        escape: { type: 'boolean', default: false },
        agent: { ...list, short: 'a', default: [] },
        mock: { ...list, default: [] },
        'real-agents': { type: 'boolean', default: false },
        yes: { type: 'boolean', default: false },
        lose: { ...text, default: '0' },
        double: { ...text, default: '0' },
        reorder: { ...text, default: '0' },
        delay: { ...text, default: '0' },
        skew: { ...text, default: '0' },
        faulty: { ...text, default: '1' },
        connecting: { ...text, default: '50' },
        'until-eof': { type: 'boolean', default: false },
        log: { ...text, default: 'silent' },
        'log-format': { ...text, default: 'auto' },
        completion: { type: 'string' },
        version: { type: 'boolean', short: 'V', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    return wrong(oneLine(messageOf(error)));
  }
}

// A number below zero is no option.
function joinNegatives(given: readonly string[]): string[] {
  const joined: string[] = [];
  for (const word of given) {
    const last = joined.at(-1);
    if (/^-\d/.test(word) && last !== undefined && /^--[a-z-]+$/.test(last))
      joined.splice(-1, 1, `${last}=${word}`);
    else joined.push(word);
  }
  return joined;
}

function wrong(reason: string): never {
  process.stderr.write(usageFailure('troupe-emulate', reason));
  process.exit(2);
}

type Values = ReturnType<typeof words>;
type Numeric =
  | 'masters'
  | 'run-seconds'
  | 'failing'
  | 'instances'
  | 'first'
  | 'lose'
  | 'double'
  | 'reorder'
  | 'delay'
  | 'skew'
  | 'faulty'
  | 'connecting';

function number(values: Values, name: Numeric, least: number, most: number): number {
  const value = (name === 'run-seconds' && readDuration(values[name])) || Number(values[name]);
  if (!(value >= least && value <= most))
    wrong(`invalid --${name} "${values[name]}": it must be a number from ${least} to ${most}`);
  return value;
}

function keyType({ key }: Values): KeyType {
  return key === 'rsa' || key === 'p256' || key === 'ed25519'
    ? key
    : wrong(`invalid --key "${key}": choose rsa, p256 or ed25519`);
}

function logOf({ log: level, 'log-format': format }: Values) {
  if (!isOneOf(logLevels, level)) wrong(`invalid --log "${level}": choose one of ${logLevels.join(', ')}`);
  if (!isOneOf(logFormats, format))
    wrong(`invalid --log-format "${format}": choose one of ${logFormats.join(', ')}`);
  return createLogger({ level, format });
}

function isOneOf<T extends string>(words: readonly T[], word: string): word is T {
  return words.some((one) => one === word);
}

function faultsOf(values: Values) {
  const faults = {
    lose: number(values, 'lose', 0, 1),
    double: number(values, 'double', 0, 1),
    reorder: number(values, 'reorder', 0, 1),
    delay: number(values, 'delay', 0, 3_600_000),
    skew: number(values, 'skew', -1e12, 1e12),
  };
  const share = Object.values(faults).some((value) => value !== 0) ? number(values, 'faulty', 0, 1) : 0;
  const faulty = Math.round(share * number(values, 'instances', 1, 100_000));
  return { faulty, of: (index: number) => (index < faulty ? faults : undefined) };
}

async function emulate(values: Values, broker: readonly string[]): Promise<() => Promise<void>> {
  const instances = number(values, 'instances', 1, 100_000);
  const first = number(values, 'first', 1, 1e9);
  const faults = faultsOf(values);
  const agents = await agentsOf(values, instances);
  const pki: TestPki | undefined = values.pki === undefined ? undefined : await useTestPki(values.pki);
  const fleet = await emulateFleet({
    instances,
    broker,
    security: pki
      ? { mode: 'x509', pki, keyType: keyType(values), sharedKey: !values['own-keys'] }
      : { mode: 'none' },
    identity: (index) => `${values.name}-${first + index}.${values.domain}`,
    collectives: values.collective,
    escape: values.escape,
    facts: (index) => fleetFacts(first + index),
    agents,
    ...(faults.faulty > 0 && { faults: faults.of }),
    connecting: number(values, 'connecting', 1, 10_000),
    log: logOf(values),
  });
  const [one, last] = [fleet.nodes[0], fleet.nodes.at(-1)];
  tell({ instances, first: one?.identity, last: last?.identity });
  return () => fleet.close();
}

async function agentsOf({ agent, mock, ...values }: Values, instances: number): Promise<readonly Agent[]> {
  const real = await importAgents(agent);
  const mayRunPrograms = await checkConsent(real, instances, {
    isAllowed: values['real-agents'],
    isConfirmed: values.yes,
    ask: process.stdin.isTTY && process.stderr.isTTY ? askOnTerminal : undefined,
  });
  if (!mayRunPrograms) forbidPrograms();
  return [...real, ...(await mockAgents(mock))];
}

async function askOnTerminal(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C and Ctrl-D are a no.
  const leaving = new AbortController();
  terminal.once('SIGINT', () => leaving.abort()).once('close', () => leaving.abort());
  try {
    return await terminal.question(question, { signal: leaving.signal });
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
    return '';
  } finally {
    terminal.close();
  }
}

async function provisioning(values: Values, folder: string): Promise<() => Promise<void>> {
  const first = number(values, 'first', 1, 1e9);
  const instances = number(values, 'instances', 1, 100_000);
  const failing = Math.round(number(values, 'failing', 0, 1) * instances);
  const [brokerUrl] = values.broker ?? [];
  const faults = faultsOf(values);
  const { close, site, names } = await emulateProvisioning({
    folder,
    ...(brokerUrl === undefined ? {} : { brokerUrl }),
    instances,
    masters: number(values, 'masters', 1, 200),
    identity: (index) => `${values.name}-${first + index}.${values.domain}`,
    runSeconds: number(values, 'run-seconds', 0, 86_400),
    isFailing: (index) => index < failing,
    faults: faults.of,
    connecting: number(values, 'connecting', 1, 10_000),
    log: logOf(values),
  });
  tell({
    instances,
    first: names[0],
    last: names.at(-1),
    provisioner: site.provisionerFile,
    client: site.clientFile,
  });
  process.stderr.write(`To provision the hosts, run: npx mcprovision run --config ${site.provisionerFile}\n`);
  return close;
}

function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function untilToldToEnd(values: Values): Promise<void> {
  await new Promise<void>((end) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => end());
    if (values['until-eof'])
      process.stdin
        .once('end', end)
        .once('error', () => end())
        .resume();
  });
}

async function run(values: Values): Promise<void> {
  if (values.provision === undefined && !values.broker) wrong('missing option --broker URL');
  const close =
    values.provision === undefined
      ? await emulate(values, values.broker ?? [])
      : await provisioning(values, resolve(values.provision));
  await untilToldToEnd(values);
  await close();
}

function printCompletion(shell: string): void {
  try {
    process.stdout.write(completionOf('troupe-emulate', usage, shell));
  } catch (error) {
    wrong(messageOf(error));
  }
}

const values = words();
if (values.help) process.stdout.write(usage);
else if (values.completion !== undefined) printCompletion(values.completion);
else if (values.version) process.stdout.write(`troupe-emulate ${version}\n`);
else {
  run(values).then(
    () => process.exit(0),
    (error: unknown) => {
      const code = error instanceof ConsentError ? error.code : undefined;
      const isTerminal = process.stderr.isTTY === true;
      process.stderr.write(failureText('troupe-emulate', error, { ...(code && { code }), isTerminal }));
      process.exit(code === 'USAGE_INVALID' ? 2 : 1);
    },
  );
}
