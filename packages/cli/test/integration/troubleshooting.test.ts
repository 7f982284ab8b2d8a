import { readFileSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createCa, generateKeyPair, issueCertificate } from '@troupe/core/pki';
import { expect } from 'chai';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import { TestNetwork } from '../network.js';

const page = new URL('../../../../../docs/troubleshooting.md', import.meta.url);
const program = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const provisioner = program('provisioner/bin/mcprovision.js');
const broker = program('broker/bin/troupe-broker.js');

/** A section of the page: the words under which it is found, and the codes to which it leads. */
interface Symptom {
  readonly words: string;
  readonly codes: readonly string[];
}

function symptoms(): readonly Symptom[] {
  const [byHand = ''] = readFileSync(page, 'utf8').split('\n## All codes\n');
  return byHand
    .split('\n### ')
    .slice(1)
    .map((text) => {
      const words = /^`(.*)`\n/.exec(text)?.[1] ?? '';
      const line = /^Codes?: (.*)$/m.exec(text)?.[1] ?? '';
      return { words, codes: [...line.matchAll(/\[([^\]]+)\]/g)].map(([, code = '']) => code) };
    });
}

/** What people find who search the page for what they see. */
function found(output: string): readonly Symptom[] {
  return symptoms().filter(({ words }) => {
    const parts = words.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(parts.join('.*')).test(output);
  });
}

describe('the page on troubleshooting', () => {
  let network: TestNetwork;
  let client: Record<string, Record<string, unknown>>;
  const at = (name: string) => network.folder.join(name);
  const config = async (name: string, security: object = {}, more: object = {}) => {
    const value = { ...client, security: { ...client.security, ...security }, connect_timeout: 2, ...more };
    await writeFile(at(name), JSON.stringify(value));
    return at(name);
  };
  const certificate = async (name: string, options: object) => {
    const { privateKeyPem, publicKeyPem } = await generateKeyPair(2048);
    const ca = await createCa({ commonName: 'Another CA' });
    await writeFile(at(`${name}.key`), privateKeyPem, { mode: 0o600 });
    await writeFile(
      at(`${name}.pem`),
      issueCertificate({ ca, commonName: 'rip.mcollective', publicKeyPem, ...options }),
    );
    await writeFile(at(`${name}.ca`), ca.certificatePem);
    return { certificate: at(`${name}.pem`), key: at(`${name}.key`) };
  };

  before(async function () {
    this.timeout(60_000);
    network = await TestNetwork.start();
    client = JSON.parse(await readFile(network.configOf('rip.mcollective'), 'utf8'));
    await network.addNode('web1.lab', { config: { authorization: {} } });
    await network.addNode('web2.lab', { facts: { role: 'web' } });
    await writeFile(at('bad.yaml'), 'broker:\n  urls: [mqtts://b:8883\n');
    await writeFile(at('wrong.yaml'), 'brokr: {}\n');
    await writeFile(at('open.key'), await readFile(at('rip.mcollective.key')));
    await chmod(at('open.key'), 0o644);
    await writeFile(at('slow.mjs'), 'const { now } = Date; Date.now = () => now() - 600_000;\n');
  });
  after(() => network?.stop());

  const leads: readonly [
    what: string,
    words: string,
    code: string,
    run: () => Promise<{ readonly stdout: string; readonly stderr: string }>,
  ][] = [
    [
      'a wrong URL of the broker',
      'could not connect to any broker',
      'BROKER_UNREACHABLE',
      async () => {
        const away = { broker: { urls: ['mqtts://127.0.0.1:1'] } };
        return network.mco(['ping', '-c', await config('away.yaml', {}, away)]);
      },
    ],
    [
      'a broker that refuses',
      'refused the connection: Not authorized',
      'BROKER_REFUSED',
      async () => network.mco(['ping', '-c', await config('foreign.yaml', await certificate('foreign', {}))]),
    ],
    [
      'an expired certificate',
      'the certificate … expired on',
      'CERTIFICATE_INVALID',
      async () =>
        network.mco(['ping', '-c', await config('old.yaml', await certificate('old', { days: -1 }))]),
    ],
    [
      'a broker of another CA',
      'cannot verify the certificate of the broker',
      'BROKER_UNREACHABLE',
      async () => {
        await certificate('other', {});
        return network.mco(['ping', '-c', await config('other.yaml', { ca: at('other.ca') })]);
      },
    ],
    ['an unknown agent', 'unknown agent', 'DDL_UNKNOWN', () => network.mco(['rpc', 'rpcuitl', 'ping'])],
    ['an unknown action', 'Unknown action', 'INPUT_INVALID', () => network.mco(['rpc', 'rpcutil', 'pnig'])],
    [
      'an input that the DDL refuses',
      'Cannot validate input',
      'INPUT_INVALID',
      () => network.mco(['rpc', 'lab', 'weigh', 'unit=stone']),
    ],
    [
      'a node without a policy',
      'you are not authorized to call',
      'Denied',
      () => network.mco(['rpc', 'lab', 'weigh', '-I', 'web1.lab']),
    ],
    [
      'a clock that is off',
      'check NTP on both machines',
      'Expired',
      () =>
        network.mco(['rpc', 'rpcutil', 'ping', '-I', 'web2.lab'], {
          env: { NODE_OPTIONS: `--import ${at('slow.mjs')}` },
        }),
    ],
    [
      'no configuration',
      'no configuration file found',
      'FILE_UNREADABLE',
      () => network.mco(['ping'], { env: { TROUPE_CONFIG: '' } }),
    ],
    [
      'no configuration, for mcprovision',
      'no configuration file found',
      'FILE_UNREADABLE',
      () => execa(process.execPath, [provisioner, 'status'], { reject: false }),
    ],
    [
      'a file that is not there',
      'cannot read …: ENOENT',
      'FILE_UNREADABLE',
      async () => network.mco(['ping', '-c', await config('nowhere.yaml', { ca: '/nowhere.pem' })]),
    ],
    [
      'a key that everybody can read',
      'permissions too open, other users have access: chmod o=',
      'FILE_UNREADABLE',
      async () => network.mco(['ping', '-c', await config('open.yaml', { key: at('open.key') })]),
    ],
    ['bad YAML', 'not valid YAML', 'CONFIG_INVALID', () => network.mco(['ping', '-c', at('bad.yaml')])],
    [
      'bad YAML, for mcod',
      'not valid YAML',
      'CONFIG_INVALID',
      () => execa(process.execPath, [network.daemonExecutable, '-c', at('bad.yaml')], { reject: false }),
    ],
    [
      'bad YAML, for troupe-broker',
      'not valid YAML',
      'CONFIG_INVALID',
      () => execa(process.execPath, [broker, '-c', at('bad.yaml')], { reject: false }),
    ],
    [
      'a misspelt setting',
      'unknown key',
      'CONFIG_INVALID',
      () => network.mco(['ping', '-c', at('wrong.yaml')]),
    ],
    [
      'the certificate of a host',
      'does not match security.callers.match',
      'CALLER_DENIED',
      async () => {
        const host = { certificate: at('web1.lab.pem'), key: at('web1.lab.key') };
        return network.mco(['ping', '-c', await config('host.yaml', host)]);
      },
    ],
    ['a wrong filter', 'is not a fact filter', 'FILTER_INVALID', () => network.mco(['find', '-F', 'role'])],
    [
      'a filter that matches nothing',
      'no node in … matches',
      'NO_NODES',
      () => network.mco(['rpc', 'rpcutil', 'ping', '-F', 'role=db']),
    ],
    [
      'a node that nobody knows',
      'unknown node',
      'No Reply',
      () => network.mco(['rpc', 'rpcutil', 'ping', '-I', 'web9.lab']),
    ],
    [
      'a change without a filter',
      'changes hosts, and no filter is given',
      'USAGE_INVALID',
      () => network.mco(['rpc', 'lab', 'move', 'to=x']),
    ],
    ['a misspelt command', 'unknown command', 'USAGE_INVALID', () => network.mco(['pnig'])],
  ];
  for (const [what, words, code, run] of leads)
    it(`has a section for the message: ${what}`, async function () {
      this.timeout(60_000);
      const { stdout, stderr } = await run();
      const output = `${stdout}\n${stderr}`;
      const section = found(output).find((symptom) => symptom.words === words);
      expect(section?.codes, output).to.include(code);
      // A state of a node is shown as a word; every other error has its code at the end of the line.
      if (/^[A-Z_]+$/.test(code)) expect(stderr).to.match(new RegExp(`\\[${code}\\]$`, 'm'));
    });
});
