import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawnBroker } from '@troupe/broker';
import { createCa, generateKeyPair, issueCertificate } from '@troupe/core/pki';
import { createTempFolder, startProcess } from '@troupe/testkit';
import { root } from '../setup.mjs';

const mcod = join(root, 'packages/daemon/bin/mcod.js');
const fakePuppet = join(root, 'packages/agent-puppetd/test/fixtures/puppet');

const hosts = [
  ['web1.example.net', { country: 'mt', os: { family: 'Debian' }, mem: 2048 }, ['role::web']],
  ['web2.example.net', { country: 'mt', os: { family: 'Debian' }, mem: 4096 }, ['role::web']],
  ['web3.example.net', { country: 'de', os: { family: 'RedHat' }, mem: 4096 }, ['role::web']],
  ['db1.example.net', { country: 'de', os: { family: 'RedHat' }, mem: 16384 }, ['role::db']],
  ['old.example.net', {}, []],
];

// Over what a daemon finds out of the machine that this runs on.
const sameEverywhere = {
  hostname: 'host',
  kernelrelease: '6.1.0-21-amd64',
  processors: { count: 2 },
  memory: { total_bytes: 4294967296 },
  ipaddress: '192.0.2.10',
  networking: { ip: '192.0.2.10' },
};

const policy = `policy default deny
allow\tops\t*\t*
allow\tintern.mcollective\tstatus\tcountry=mt
`;

/** A broker with TLS and five hosts, of which one is away, each a process of its own; in a folder of its own. */
export async function openSite() {
  const folder = await createTempFolder({ prefix: 'troupe-transcripts' });
  const closers = [() => folder.close()];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const ca = await createCa({ commonName: 'Example CA' });
    await writeFile(folder.join('ca.pem'), ca.certificatePem);
    const issue = async (name, names = {}) => {
      const { privateKeyPem, publicKeyPem } = await generateKeyPair(2048);
      const commonName = name;
      await writeFile(folder.join(`${name}.key`), privateKeyPem, { mode: 0o600 });
      await writeFile(
        folder.join(`${name}.pem`),
        issueCertificate({ ca, commonName, publicKeyPem, ...names }),
      );
      return {
        ca: folder.join('ca.pem'),
        certificate: folder.join(`${name}.pem`),
        key: folder.join(`${name}.key`),
      };
    };
    const security = await issue('broker.example.net', {
      dnsNames: ['localhost'],
      ipAddresses: ['127.0.0.1'],
    });
    const broker = await spawnBroker(
      { listen: ['mqtts://127.0.0.1:0'], security, log: { level: 'error' } },
      { onLog: () => undefined },
    );
    closers.push(() => broker.stop());
    await mkdir(folder.join('policies'));
    await writeFile(folder.join('policies', 'backup.policy'), policy);
    await writeFile(folder.join('policies', 'default.policy'), 'policy default deny\n');
    await writeFile(folder.join('policies', 'groups'), 'ops rip.mcollective\n');
    for (const [identity, facts, classes] of hosts) {
      await mkdir(folder.join(identity));
      await writeFile(folder.join(`${identity}.facts.json`), JSON.stringify({ ...sameEverywhere, ...facts }));
      await writeFile(folder.join(`${identity}.classes`), classes.map((name) => `${name}\n`).join(''));
      const config = {
        broker: { urls: [broker.url] },
        security: await issue(identity),
        collectives: identity.startsWith('web') ? ['mcollective', 'web'] : ['mcollective'],
        agents: [
          join(root, 'scripts/transcripts/backup.js'),
          join(root, 'packages/agent-puppetd/dist/src/index.js'),
        ],
        plugins: {
          puppetd: {
            command: fakePuppet,
            env: {
              FAKE_DIR: folder.join(identity),
              FAKE_STATUS: 'changed',
              FAKE_OUTPUT: 'Notice: Applied catalog',
            },
          },
        },
        facts: { paths: [folder.join(`${identity}.facts.json`)] },
        classes_file: folder.join(`${identity}.classes`),
        state_dir: folder.join(identity),
        authorization: { policies: folder.join('policies') },
        audit: { file: folder.join(identity, 'audit.log') },
      };
      // What the policies say of other agents is not of interest here.
      for (const agent of ['rpcutil', 'puppetd'])
        await writeFile(folder.join('policies', `${agent}.policy`), 'policy default allow\n');
      await writeFile(folder.join(`${identity}.yaml`), JSON.stringify(config, undefined, 2));
      const daemon = startProcess(process.execPath, [mcod, '--config', folder.join(`${identity}.yaml`)]);
      closers.push(() => daemon.stop());
      await daemon.waitForLine('"connected to the broker"', { timeoutSeconds: 120 });
      if (identity.startsWith('old')) await daemon.stop();
    }
    const config = folder.join('home', '.config', 'troupe');
    await mkdir(config, { recursive: true });
    const client = {
      broker: { urls: [broker.url] },
      security: await issue('rip.mcollective'),
      connect_timeout: 60,
    };
    await writeFile(join(config, 'client.yaml'), JSON.stringify(client));
    await mkdir(folder.join('bin'));
    await writeFile(
      folder.join('bin', 'mco'),
      `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'packages/cli/bin/mco.js')}' "$@"\n`,
      { mode: 0o755 },
    );
    await mkdir(folder.join('home', 'work'));
    return { folder: folder.path, port: new URL(broker.url).port, close };
  } catch (error) {
    await close();
    throw error;
  }
}
