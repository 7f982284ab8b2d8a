import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { messageOf, silentLogger } from '@troupe/core';
import rpcutilDdl from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import {
  NameJournal,
  type NodeReport,
  type ProvisionEvent,
  parseProvisionerConfig,
  startProvisioner,
} from '@troupe/provisioner';
import { puppetServerMissing, waitFor } from '@troupe/testkit';
import { collectives, nodes } from './cast.js';
import { DemoNetwork } from './demo-network.js';
import { type Options, readOptions, usage } from './options.js';
import { type NotificationRow, nodeRow, type Report, table } from './report.js';
import { Screen } from './screen.js';

const provisionerYaml = fileURLToPath(new URL('../../provisioner.yaml', import.meta.url));

/** Time limit in seconds for the provisioning of all hosts. */
const patience = 600;

type Notified = Extract<ProvisionEvent, { type: 'notified' }>;

/** Runs the demo; true if all hosts were provisioned and all notifications delivered. */
async function play(options: Options, signal: AbortSignal): Promise<boolean> {
  const missing = puppetServerMissing();
  const emulated = options.emulate || missing !== undefined;
  const screen = new Screen(options.json ? process.stderr : process.stdout, {
    verbose: options.verbose,
    emulated,
  });
  screen.title(firstLine(options, missing));
  const network = new DemoNetwork({ emulated, screen, signal });
  try {
    await network.open();
    const { reports, notified } = await provision(network, screen, signal);
    await network.mailArrived(notified.length);
    const report: Report = {
      emulated,
      masters: network.masters.map(({ identity, facts }) => ({ identity, facts })),
      nodes: nodes
        .flatMap(({ identity }) => reports.get(identity) ?? [])
        .map((node) => nodeRow(node, emulated)),
      notifications: notified.map((one) => notificationRow(one, network)),
    };
    const faults = [...(await faultsOf(report)), ...(await faultsOnHosts(network))];
    show(report, faults, network, screen);
    if (options.json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    return faults.length === 0;
  } finally {
    screen.line('demo', 'stopping all programs and removing all files');
    await network.close();
  }
}

function firstLine(options: Options, missing: string | undefined): string {
  if (options.emulate) return 'Troupe demo, EMULATED (--emulate): built-in CA and a stand-in for Puppet';
  if (missing !== undefined)
    return `Troupe demo, EMULATED (${missing}): built-in CA and a stand-in for Puppet`;
  return 'Troupe demo: two real Puppet Servers, three new hosts';
}

async function provision(network: DemoNetwork, screen: Screen, signal: AbortSignal) {
  const reports = new Map<string, NodeReport>();
  const notified: Notified[] = [];
  const given = parseProvisionerConfig(await readFile(provisionerYaml, 'utf8'), 'provisioner.yaml');
  // As "mcprovision init" does at a site.
  const config = { ...given, journalFile: network.journalFile };
  NameJournal.create(config.journalFile);
  const provisioner = await startProvisioner({
    client: network.client,
    config,
    log: silentLogger,
    onEvent: (event: ProvisionEvent) => {
      screen.event(event);
      if (event.type === 'done' || event.type === 'quarantined') reports.set(event.identity, event.report);
      if (event.type === 'notified') notified.push(event);
    },
  });
  try {
    screen.blank();
    screen.title('Three new hosts boot and are provisioned without any manual step.');
    await Promise.all(nodes.map((node, index) => network.boot(node, index + 10)));
    const expected = nodes.length * config.notify.targets.length;
    const hasEnded = () => reports.size === nodes.length && notified.length >= expected;
    await waitFor('all hosts to be provisioned', hasEnded, { timeoutSeconds: patience, signal });
  } finally {
    await provisioner.stop();
  }
  return { reports, notified };
}

function notificationRow(event: Notified, network: DemoNetwork): NotificationRow {
  const { protocol, recipient, subject, delivered } = event;
  // Only messages that arrived count as delivered, not those reported as sent.
  const arrived = network.mailbox.delivered.some(
    (mail) => mail.protocol === protocol && mail.subject === subject,
  );
  return { protocol, recipient, subject, delivered: delivered && arrived };
}

async function faultsOf(report: Report): Promise<string[]> {
  const faults: string[] = [];
  for (const expected of nodes) {
    const node = report.nodes.find(({ identity }) => identity === expected.identity);
    if (node?.outcome !== 'provisioned')
      faults.push(`${expected.identity}: ${node?.outcome ?? 'not provisioned'}`);
    else if (node.master !== expected.master)
      faults.push(`${expected.identity}: expected master ${expected.master}, got ${node.master}`);
    else if (
      node.csr_fingerprint_signed === null ||
      node.csr_fingerprint_signed !== node.csr_fingerprint_reported
    ) {
      faults.push(`${expected.identity}: the signed CSR is not the CSR that the host created`);
    }
  }
  for (const { recipient, subject, delivered } of report.notifications) {
    if (!delivered) faults.push(`the notification "${subject}" was not delivered to ${recipient}`);
  }
  return faults;
}

// Checks the hosts themselves: Puppet changed them, and they reply in the main collective.
async function faultsOnHosts(network: DemoNetwork): Promise<string[]> {
  const faults: string[] = [];
  for (const { identity } of nodes) {
    const motd = await readFile(network.fileOn(identity, '/etc/motd'), 'utf8').catch(messageOf);
    if (!motd.startsWith(`${identity} is a webserver`))
      faults.push(`${identity}: Puppet did not change /etc/motd (${motd.trim()})`);
  }
  const targets = nodes.map(({ identity }) => identity);
  const pings = await network.client
    .agent(rpcutilDdl)
    .ping({}, { targets, collective: collectives.main })
    .all();
  for (const { sender, ok, statusmsg } of pings) {
    if (!ok) faults.push(`${sender}: no reply in the collective ${collectives.main}: ${statusmsg}`);
  }
  return faults;
}

function show(report: Report, faults: readonly string[], network: DemoNetwork, screen: Screen): void {
  screen.blank();
  const [mail] = network.mailbox.delivered.filter(({ protocol }) => protocol === 'mailto');
  if (mail) {
    screen.title('One of the delivered mails:');
    screen.plain(`Subject: ${mail.subject}\n\n${mail.text}\n`);
  }
  screen.title('Results');
  screen.plain(table(report));
  const most = Math.max(...report.nodes.map(({ seconds_outside_puppet: seconds }) => seconds));
  screen.plain(`Longest time per host, without the two Puppet runs: ${most.toFixed(1)} s.`);
  for (const fault of faults) screen.plain(`FAILED: ${fault}`);
  if (faults.length === 0)
    screen.plain('The demo succeeded: all hosts are provisioned and all notifications delivered.');
}

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const abort = new AbortController();
  const interrupt = () => abort.abort(new Error('interrupted'));
  // On, not once: a signal that nobody listens to any more ends the process before it has cleared up.
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    return (await play(options, abort.signal)) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`\nThe demo failed: ${messageOf(error)}\n`);
    return abort.signal.aborted ? 130 : 1;
  }
}

process.exitCode = await main();
