import { startBroker } from '@troupe/broker';
import { type Agent, clientSecurity, connectMqtt, silentLogger } from '@troupe/core';
import { Caller, type CallResult, type CallWords } from '../author/caller.js';
import { emulateFleet, type Fleet, type FleetOptions } from '../fleet/fleet.js';
import { createTempFolder } from '../temp-folder.js';
import { createTestPki, type TestPki } from './network-pki.js';

export interface NetworkOptions
  extends Pick<
    FleetOptions,
    'identity' | 'facts' | 'classes' | 'plugins' | 'faults' | 'collectives' | 'log'
  > {
  /** How many daemons, or the agents of each, beside rpcutil and discovery. */
  readonly nodes: number | readonly (readonly Agent[])[];
  /** The agents of every node, beside those of `nodes`. */
  readonly agents?: readonly Agent[];
  /** `x509`: certificates, TLS and signatures; `none`, the default: no proof of anything. */
  readonly security?: 'none' | 'x509';
  /** The name of who calls; `test.mcollective` unless told. */
  readonly caller?: string;
}

/** A broker and daemons in this process. */
export interface TestNetwork extends AsyncDisposable {
  /** Where the broker listens. */
  readonly url: string;
  readonly fleet: Fleet;
  /** The CA of this network, with `x509`. */
  readonly pki: TestPki | undefined;
  /** Runs an action on one node. */
  call(words: CallWords): Promise<CallResult>;
  /** The sections `broker`, `security` and `collectives` of a client's configuration for this network. */
  readonly clientConfig: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

/** Starts the embedded broker and daemons over it, and resolves when all are connected. */
export async function startNetwork(options: NetworkOptions): Promise<TestNetwork> {
  const { nodes, agents = [], collectives = ['mcollective'], log = silentLogger } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const folder = await createTempFolder({ prefix: 'troupe-network' });
    closers.push(() => folder.close());
    const caller = options.caller ?? 'test.mcollective';
    const site = await makeSite(options.security ?? 'none', folder.path, caller);
    const broker = await startBroker({ listen: [site.listen], security: site.broker }, { log });
    closers.push(() => broker.close());
    const fleet = await emulateFleet({
      ...options,
      instances: typeof nodes === 'number' ? nodes : nodes.length,
      broker: broker.url,
      security: site.pki ? { mode: 'x509', pki: site.pki, callers: [caller] } : { mode: 'none' },
      agents: (index) => [...agents, ...(typeof nodes === 'number' ? [] : (nodes[index] ?? []))],
    });
    closers.push(() => fleet.close());
    const urls = { urls: [broker.url], keepalive: 30 };
    const security = clientSecurity({ config: site.client, broker: urls, name: caller });
    const transport = await connectMqtt({
      ...urls,
      clientId: `${caller}:test`,
      credentials: security.credentials,
      log,
      timeout: 30,
    });
    closers.push(() => transport.close());
    const link = new Caller({ transport, security, collective: collectives[0] ?? 'mcollective' });
    return {
      url: broker.url,
      fleet,
      pki: site.pki,
      call: (words) => link.call(words),
      clientConfig: { broker: { urls: [broker.url] }, security: site.client, collectives },
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function makeSite(mode: 'none' | 'x509', folder: string, caller: string) {
  const callers = { match: '/\\.mcollective$/' };
  if (mode === 'none')
    return {
      listen: 'mqtt://127.0.0.1:0',
      broker: { mode },
      client: { mode, callers, tokens: {}, minimum_protocol: 1 },
      pki: undefined,
    } as const;
  const pki = await createTestPki(folder);
  const ca = pki.caCertificate;
  const broker = await pki.issue('broker.test', { ipAddresses: ['127.0.0.1'] });
  const client = await pki.issue(caller);
  return {
    listen: 'mqtts://127.0.0.1:0',
    broker: { mode, ca, ...broker },
    client: { mode, ca, ...client, callers, tokens: {}, minimum_protocol: 1 },
    pki,
  } as const;
}
