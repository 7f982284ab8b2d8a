import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BuiltinCa } from '@troupe/agent-puppetca/ca';
import type { BrokerConfigInput } from '@troupe/broker';
import { issueToken, loadOwn } from '@troupe/core';
import { absent } from '@troupe/core/durable-file';
import { generateEcKeyPair } from '@troupe/core/pki';
import { freePort, type IssuedCertificate, type TestPki, useTestPki } from '@troupe/testkit';
import { type MasterPlan, masterConfig } from './master-config.js';

export interface SiteOptions {
  readonly folder: string;
  /** Where the broker listens; a free port on loopback unless told. */
  readonly brokerUrl?: string;
  readonly masters: number;
  /** Changes and additions to the provisioner's configuration. */
  readonly provisioner?: Readonly<Record<string, unknown>>;
}

/** The files of a network in which hosts are provisioned: CAs, configurations, and the enrolment token. */
export interface Site {
  readonly folder: string;
  readonly brokerUrl: string;
  readonly caPort: number;
  readonly masters: readonly MasterPlan[];
  readonly broker: BrokerConfigInput;
  /** `mcprovision run --config` takes it. */
  readonly provisionerFile: string;
  /** For `mco`, and for the sections of a client. */
  readonly clientFile: string;
  readonly client: Readonly<Record<string, unknown>>;
  readonly token: string;
  readonly siteCa: string;
}

export const enrolment = 'provisioning';
export const main = 'mcollective';
export const operator = 'operator.mcollective';
export const regions = ['eu', 'us', 'ap', 'sa'] as const;

/** Makes a site in a folder, or what is missing of one that is there. */
export async function makeSite(options: SiteOptions): Promise<Site> {
  const { folder } = options;
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const { brokerUrl, caPort } = await placesOf(options);
  const pki = await useTestPki(join(folder, 'pki'));
  const own = await identity(pki, folder, 'broker.emulated', ['127.0.0.1']);
  const caller = await identity(pki, folder, operator);
  const names = Array.from({ length: options.masters }, (_, index) => `puppet${index + 1}.emulated`);
  const masters = await Promise.all(
    names.map(async (name, index): Promise<MasterPlan> => {
      const at = join(folder, 'masters', name);
      const cadir = join(at, 'ca');
      await BuiltinCa.open({ cadir, certname: name });
      return {
        name,
        folder: at,
        cadir,
        address: `127.0.0.${index + 2}`,
        region: regions[index % regions.length] ?? 'eu',
        ...(await identity(pki, folder, name)),
      };
    }),
  );
  const cas = await Promise.all(
    [pki.caCertificate, ...masters.map(({ cadir }) => join(cadir, 'ca_crt.pem'))].map((file) =>
      readFile(file, 'utf8'),
    ),
  );
  const trusted = join(folder, 'trusted-cas.pem');
  await writeFile(trusted, cas.join('\n'));
  const [siteCaPem = ''] = cas;
  const token = join(folder, 'enrolment.token');
  if (!existsSync(token)) {
    const claims = { iss: operator, collective: enrolment, brokers: [brokerUrl], ca: siteCaPem };
    const callers = '/^operator\\.mcollective$/';
    await writeFile(token, await issueToken({ ...claims, callers, ttlSeconds: 86_400 }, loadOwn(caller)), {
      mode: 0o600,
    });
  }
  const siteCa = pki.caCertificate;
  const client = {
    broker: { urls: [brokerUrl], ca: siteCa },
    security: { ca: trusted, callers: { ca: siteCa }, ...caller },
  };
  const [clientFile, provisionerFile] = [join(folder, 'client.yaml'), join(folder, 'provisioner.yaml')];
  const collectives = [main, enrolment];
  // JSON is YAML.
  await writeFile(clientFile, `${JSON.stringify({ ...client, collectives }, null, 2)}\n`);
  const master = { criteria: ['region'] };
  await writeFile(
    provisionerFile,
    `${JSON.stringify({ ...client, master, journal: join(folder, 'provisioner.journal'), ...options.provisioner }, null, 2)}\n`,
  );
  for (const plan of masters) {
    await mkdir(plan.folder, { recursive: true });
    await writeFile(join(plan.folder, 'facts.json'), JSON.stringify({ region: plan.region }));
    const config = masterConfig(plan, { brokerUrl, siteCa, caPort, operator });
    await writeFile(join(plan.folder, 'mcod.yaml'), `${JSON.stringify(config, null, 2)}\n`);
  }
  return {
    folder,
    brokerUrl,
    caPort,
    masters,
    broker: {
      listen: [brokerUrl],
      security: { ca: trusted, callers: { match: '/\\.mcollective$/', ca: siteCa }, ...own },
      log: { level: 'warn' },
    },
    provisionerFile,
    clientFile,
    client: { ...client, collectives },
    token,
    siteCa,
  };
}

// What a host was told when it was born must hold when the same folder is used again.
async function placesOf({ folder, brokerUrl }: SiteOptions): Promise<{ brokerUrl: string; caPort: number }> {
  const file = join(folder, 'site.json');
  const known = JSON.parse((await readFile(file, 'utf8').catch(absent)) ?? '{}');
  const places = {
    brokerUrl: brokerUrl ?? known.brokerUrl ?? `mqtts://127.0.0.1:${await freePort()}`,
    // The same on every master, each of which has an address of its own on loopback.
    caPort: known.caPort ?? (await freePort('127.0.0.2')),
  };
  await writeFile(file, JSON.stringify(places));
  return places;
}

async function identity(
  pki: TestPki,
  folder: string,
  name: string,
  ipAddresses: readonly string[] = [],
): Promise<IssuedCertificate> {
  const files = {
    certificate: join(folder, 'pki', `${name}.pem`),
    key: join(folder, 'pki', `${name}-key.pem`),
  };
  if (existsSync(files.certificate) && existsSync(files.key)) return files;
  return pki.issue(name, { ipAddresses, keys: await generateEcKeyPair() });
}
