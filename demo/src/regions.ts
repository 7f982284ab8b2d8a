import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createLogger, messageOf } from '@troupe/core';
import puppetcaDdl from '@troupe/ddl/puppetca.json' with { type: 'json' };
import {
  NameJournal,
  type NodeReport,
  type ProvisionEvent,
  type Provisioner,
  parseProvisionerConfig,
  startProvisioner,
} from '@troupe/provisioner';
import { type PuppetServer, puppetServerMissing, waitFor } from '@troupe/testkit';
import type { NewNode } from './cast.js';
import { DemoNetwork } from './demo-network.js';
import { Screen } from './screen.js';

// Two real Puppet Servers in two regions. One is stopped while it serves nodes: they must stay in their region while
// `master.fallback` lasts, and no certificate of a name may be valid on two CAs at the end.

const yaml = fileURLToPath(new URL('../../provisioner.yaml', import.meta.url));
const europe = 'puppet-eu.lab';
const america = 'puppet-us.lab';
/** Milliseconds for which the server is down in the first part. */
const downFor = 20_000;
/** Seconds for one node, on a busy machine. */
const patience = 400;

const newcomer = (identity: string): NewNode => ({
  identity,
  facts: { region: 'eu-west', country: 'ie' },
  master: europe,
  hasOldCertificate: false,
});

class Trial {
  readonly #network: DemoNetwork;
  readonly #events: ProvisionEvent[] = [];
  readonly faults: string[] = [];
  #provisioner: Provisioner | undefined;

  constructor(network: DemoNetwork) {
    this.#network = network;
  }

  get server(): PuppetServer {
    const server = this.#network.masters.find(({ identity }) => identity === europe)?.server;
    if (!server) throw new Error(`${europe} has no Puppet Server`);
    return server;
  }

  get provisioner(): Provisioner {
    if (!this.#provisioner) throw new Error('no provisioner is running');
    return this.#provisioner;
  }

  async provisionWith(fallback: number): Promise<void> {
    await this.#provisioner?.stop();
    const text = (await readFile(yaml, 'utf8')).replace(/^master:$/m, `master:\n  fallback: ${fallback}`);
    const config = {
      ...parseProvisionerConfig(text, 'provisioner.yaml'),
      journalFile: this.#network.journalFile,
    };
    this.#provisioner = await startProvisioner({
      client: this.#network.client,
      config,
      log: createLogger({ level: 'warn' }),
      onEvent: (event) => {
        this.#events.push(event);
        show(event);
      },
    });
  }

  boot(identity: string, number: number): Promise<void> {
    return this.#network.boot(newcomer(identity), number);
  }

  event<T extends ProvisionEvent['type']>(
    type: T,
    identity: string,
    test: (event: Extract<ProvisionEvent, { type: T }>) => boolean = () => true,
  ): Promise<Extract<ProvisionEvent, { type: T }>> {
    const find = () =>
      this.#events.find(
        (event): event is Extract<ProvisionEvent, { type: T }> =>
          event.type === type && event.identity === identity && test(event as never),
      );
    return waitFor(`${type} of ${identity}`, find, { timeoutSeconds: patience });
  }

  async report(identity: string): Promise<NodeReport> {
    const isEnd = ({ type, identity: of }: ProvisionEvent) =>
      of === identity && (type === 'done' || type === 'quarantined');
    const end = await waitFor(`the end of ${identity}`, () => this.#events.find(isEnd), {
      timeoutSeconds: patience,
    });
    return (end as Extract<ProvisionEvent, { type: 'done' }>).report;
  }

  /** The masters that a node ever had. */
  mastersOf(identity: string): readonly string[] {
    const chosen = this.#events.flatMap((event) =>
      event.type === 'master' && event.identity === identity ? [event.master] : [],
    );
    return [...new Set(chosen)];
  }

  async stateOn(master: string, certname: string): Promise<string> {
    const agent = this.#network.client.agent(puppetcaDdl);
    const { ok, data, statusmsg } = await agent.status({ certname }, { targets: [master] }).one();
    return ok ? String(data.state) : statusmsg;
  }

  check(what: string, found: unknown, expected: unknown): void {
    const isRight = JSON.stringify(found) === JSON.stringify(expected);
    console.log(`${isRight ? 'ok    ' : 'FAULT '} ${what}: ${JSON.stringify(found)}`);
    if (!isRight)
      this.faults.push(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
  }

  async close(): Promise<void> {
    await this.#provisioner?.stop();
  }
}

function show(event: ProvisionEvent): void {
  const time = new Date(event.time).toISOString().slice(11, 19);
  if (event.type === 'step-ended')
    console.log(`${time} ${event.identity} ${event.step} ${event.outcome}: ${event.reason ?? ''}`);
  if (event.type === 'waiting' || event.type === 'master' || event.type === 'debt-settled')
    console.log(`${time} ${event.identity} ${event.type}: ${event.reason}`);
}

async function restarted(trial: Trial): Promise<void> {
  console.log(`\n1. ${europe} restarts while nodes of its region are provisioned (master.fallback: 900)`);
  await trial.provisionWith(900);
  await trial.boot('one.lab', 20);
  await trial.event('step-ended', 'one.lab', ({ step }) => step === 'sign_node_csr');
  await trial.server.stop();
  const down = Date.now();
  await trial.boot('two.lab', 21);
  await trial.event('waiting', 'two.lab');
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, down + downFor - Date.now())));
  await trial.server.startAgain();
  console.log(`       ${europe} was down for ${Math.round((Date.now() - down) / 1000)} s`);
  for (const identity of ['one.lab', 'two.lab']) {
    const { outcome, secondsOutsidePuppet } = await trial.report(identity);
    trial.check(`${identity} ends`, outcome, 'done');
    trial.check(`masters of ${identity}`, trial.mastersOf(identity), [europe]);
    trial.check(`${identity} on ${europe}`, await trial.stateOn(europe, identity), 'signed');
    trial.check(`${identity} on ${america}`, await trial.stateOn(america, identity), 'missing');
    console.log(`       ${identity}: ${secondsOutsidePuppet.toFixed(1)} s outside Puppet`);
  }
}

async function lost(trial: Trial): Promise<void> {
  console.log(`\n2. ${europe} stays away longer than master.fallback (5 s), then comes back`);
  await trial.provisionWith(5);
  await trial.boot('three.lab', 22);
  await trial.event('step-ended', 'three.lab', ({ step }) => step === 'sign_node_csr');
  await trial.server.stop();
  const { outcome } = await trial.report('three.lab');
  trial.check('three.lab ends', outcome, 'done');
  trial.check('masters of three.lab', trial.mastersOf('three.lab'), [europe, america]);
  trial.check(
    'owed',
    trial.provisioner.debts().map(({ certname, master }) => `${certname} on ${master}`),
    [`three.lab on ${europe}`],
  );
  await trial.server.startAgain();
  await trial.event('debt-settled', 'three.lab');
  trial.check(`three.lab on ${europe}`, await trial.stateOn(europe, 'three.lab'), 'missing');
  trial.check(`three.lab on ${america}`, await trial.stateOn(america, 'three.lab'), 'signed');
  trial.check('owed', trial.provisioner.debts().length, 0);
}

async function play(): Promise<boolean> {
  const missing = puppetServerMissing();
  if (missing !== undefined) throw new Error(missing);
  const screen = new Screen(process.stdout, { verbose: false, emulated: false });
  const network = new DemoNetwork({ emulated: false, screen, signal: AbortSignal.timeout(1_200_000) });
  const trial = new Trial(network);
  try {
    await network.open();
    NameJournal.create(network.journalFile);
    await restarted(trial);
    await lost(trial);
    console.log(`\n${trial.faults.length === 0 ? 'as it should be' : `${trial.faults.length} faults`}`);
    return trial.faults.length === 0;
  } finally {
    await trial.close();
    await network.close();
  }
}

try {
  process.exitCode = (await play()) ? 0 : 1;
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
