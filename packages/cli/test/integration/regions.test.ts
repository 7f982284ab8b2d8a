import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  createTempFolder,
  createTestPki,
  type NatsRegions,
  natsRegionsMissing,
  type RunningProcess,
  skip,
  startNatsRegions,
  startProcess,
  type TempFolder,
  type TestPki,
  waitFor,
} from '@troupe/testkit';
import { expect } from 'chai';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import { checkJson } from '../json/schemas.js';

const bin = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const caller = 'rip.mcollective';
const far = ['far1.lab', 'far2.lab'];
const near = ['near1.lab'];

describe('a region that is cut off, with NATS and a leaf node', function () {
  this.timeout(180_000);
  let folder: TempFolder;
  let pki: TestPki;
  let regions: NatsRegions;
  const daemons: RunningProcess[] = [];

  before(async function () {
    const missing = natsRegionsMissing();
    if (missing) skip(this, missing);
    folder = await createTempFolder({ prefix: 'troupe-regions' });
    pki = await createTestPki(folder.join('pki'));
    regions = await startNatsRegions({
      pki,
      folder: folder.path,
      callers: [caller],
      nodes: [...far, ...near],
    });
    // What is published while the regions are connected can reach the records of both.
    regions.link.cut();
    await Promise.all([
      ...far.map((name) => startNode(name, regions.urls.hub)),
      ...near.map((name) => startNode(name, regions.urls.leaf)),
    ]);
    regions.link.mend();
    const files = await pki.issue(caller);
    await writeFile(
      folder.join('client.yaml'),
      JSON.stringify({ ...common(regions.urls.leaf, files), connect_timeout: 20 }),
    );
  });
  after(async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
    await regions?.[Symbol.asyncDispose]();
    await folder?.close();
  });

  const common = (url: string, { certificate, key }: { certificate: string; key: string }) => ({
    broker: { urls: [url] },
    security: { ca: pki.caCertificate, certificate, key },
    topics: { escape: true },
  });

  async function startNode(identity: string, url: string): Promise<void> {
    const files = await pki.issue(identity);
    await mkdir(folder.join(identity));
    const facts = folder.join(`${identity}.json`);
    await writeFile(facts, JSON.stringify({ site: identity.replace(/\d.*/, '') }));
    await writeFile(
      folder.join(`${identity}.yaml`),
      JSON.stringify({
        ...common(url, files),
        identity,
        agents: [],
        state_dir: folder.join(identity),
        facts: { paths: [facts] },
      }),
    );
    const daemon = startProcess(process.execPath, [
      bin('daemon/bin/mcod.js'),
      '--config',
      folder.join(`${identity}.yaml`),
    ]);
    daemons.push(daemon);
    await daemon.waitForLine('"connected to the broker"', { timeoutSeconds: 60 });
  }

  async function mco(args: readonly string[], cache = 'cache') {
    const { stdout, stderr, exitCode } = await execa(process.execPath, [bin('cli/bin/mco.js'), ...args], {
      reject: false,
      input: '',
      extendEnv: false,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: folder.path,
        TROUPE_CONFIG: folder.join('client.yaml'),
        XDG_CACHE_HOME: folder.join(cache),
        NO_COLOR: '1',
      },
    });
    if (args.includes('--json')) checkJson(args, stdout);
    return { stdout, stderr, code: exitCode };
  }
  const ping = ['rpc', 'rpcutil', 'ping'] as const;
  const statistics = ({ stdout }: { stdout: string }) => JSON.parse(stdout).statistics;

  it('says at the first call that nodes out of reach cannot be known, and afterwards knows all of them', async () => {
    let first = await mco(['ping', '--json'], 'first');
    expect(statistics(first).unreachable).to.equal(null);
    expect(first.stderr).to.include('no earlier call in the collective "mcollective" is known here');
    await waitFor('the regions to be connected', async () => {
      first = await mco(['find']);
      return first.stdout.split('\n').length === 3;
    });
    const second = await mco([...ping, '--json']);
    expect(second.code).to.equal(0);
    expect(second.stderr).to.equal('');
    expect(statistics(second)).to.deep.include({ responses: 3, unreachable: [] });
  });

  describe('while the link is cut', () => {
    before(async () => {
      regions.link.cut();
      await waitFor('the region to be alone', async () => (await mco(['find'], 'none')).stdout === near[0]);
    });

    it('is named by a call, with exit code 5', async () => {
      const { stderr, code } = await mco(ping);
      expect(code).to.equal(5);
      expect(stderr).to.match(/^Out of reach: far1\.lab, far2\.lab \(they replied within the last 7 days/m);
      expect(stderr).to.match(/Finished processing 1 \/ 1 hosts in .*; 2 nodes out of reach$/m);
    });

    it('is named in the JSON of a call, of mco find and of mco ping', async () => {
      for (const words of [ping, ['find'], ['ping']]) {
        const ran = await mco([...words, '--json']);
        expect(ran.code, words.join(' ')).to.equal(5);
        expect(statistics(ran).unreachable, words.join(' ')).to.deep.equal(far);
      }
    });

    it('is named with a filter, because its nodes may match', async () => {
      const { stdout, stderr, code } = await mco(['find', '-F', 'site=near']);
      expect({ stdout, code }).to.deep.equal({ stdout: near[0], code: 5 });
      expect(stderr).to.include('Out of reach: 2 nodes, which may or may not match the filter');
    });

    it('is named by mco doctor', async () => {
      expect((await mco(['doctor'])).stdout).to.match(
        /^warn {3}nodes {10}out of reach: far1\.lab, far2\.lab /m,
      );
    });

    it('does not concern a call to named nodes', async () => {
      expect(await mco([...ping, '-I', 'near1.lab'])).to.include({ code: 0 });
    });

    it('is not known to a client that made no call before, which says so', async () => {
      const { stderr, code } = await mco(['find'], 'new');
      expect(code).to.equal(0);
      expect(stderr).to.include('if a region is cut off, its nodes are missing without notice');
    });

    it('is not named any more when the link is back', async () => {
      regions.link.mend();
      await waitFor('the regions to be connected', async () => (await mco(['find'])).code === 0, {
        timeoutSeconds: 60,
      });
      expect(statistics(await mco([...ping, '--json']))).to.deep.include({ responses: 3, unreachable: [] });
    });
  });
});
