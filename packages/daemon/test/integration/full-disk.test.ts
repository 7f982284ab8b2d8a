import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { skip, until } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { Lab } from '../agents/integration/lab.js';

const ddl = JSON.stringify({
  metadata: {
    name: 'disk',
    description: 'x',
    author: 'x',
    license: 'x',
    version: '1.0.0',
    url: 'https://example.net',
    timeout: 20,
  },
  actions: ['look', 'free', 'change'].map((action) => ({
    action,
    description: action,
    mutating: action === 'change',
    input: {},
    output: { text: { description: 'x', display_as: 'x', type: 'string' } },
  })),
});

/** Its actions look at the disk and free it from inside of the daemon, which alone sees it. */
const agent = (disk: string) => `
import { readFileSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
const read = (name) => { try { return readFileSync(${JSON.stringify(disk)} + '/' + name, 'utf8'); } catch (error) { return error.code; } };
export default { ddl: ${ddl}, setup: () => ({
  look: () => ({ text: JSON.stringify({ status: read('status.json'), log: read('log'), audit: read('audit') }) }),
  free: () => {
    rmSync(${JSON.stringify(disk)} + '/filler', { force: true });
    execFileSync('mount', ['-o', 'remount,rw', ${JSON.stringify(disk)}]);
    return { text: '' };
  },
  change: () => ({ text: 'changed' }),
}) };`;

describe('mcod on a disk of its own', function () {
  this.timeout(60_000);
  let lab: Lab;
  before(function () {
    const { status } = spawnSync('unshare', ['--mount', '--', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
    if (status !== 0) skip(this, 'this user may not mount a disk in a namespace');
  });
  beforeEach(async () => {
    lab = new Lab();
    await lab.startBroker();
  });
  afterEach(() => lab.close());

  for (const [what, prepare, reason] of [
    ['full', 'head -c 1000000 /dev/zero > "$0/filler"', 'ENOSPC: no space left on device'],
    ['read-only', 'mount -o remount,ro "$0"', 'EROFS: read-only file system'],
  ] as const) {
    it(`that is ${what} serves what needs no disk, says so, and continues when there is room`, async () => {
      const disk = join(lab.folder, 'disk');
      mkdirSync(disk);
      lab.write('agent/package.json', '{ "type": "module" }');
      lab.write('agent/agent.js', agent(disk));
      const mount = `mount -t tmpfs -o size=256k,mode=700 tmpfs "$0"; ${prepare} 2> /dev/null; exec "$@"`;
      await lab.startMcod(
        `agents: [./agent/agent.js]\nlog: { file: ${disk}/log }\naudit: { file: ${disk}/audit }\npid_file: ${disk}/pid`,
        [],
        {
          stateDir: `${disk}/state`,
          prefix: ['unshare', '--mount', '--', 'sh', '-c', mount, disk],
        },
      );
      const asked = async (action: string) => {
        const { outcome, statusmsg, data } = await lab.ask('disk', action);
        return { outcome, statusmsg, text: String(data.text) };
      };
      expect((await asked('look')).outcome).to.equal('ok');
      const refused = await asked('change');
      expect(refused.outcome).to.equal('failed');
      expect(refused.statusmsg)
        .to.include('this node cannot record the request on its disk, so it does not run it')
        .and.include(reason);
      // The log goes to standard error meanwhile.
      expect(lab.log.map(({ msg }) => msg)).to.include.members([
        'cannot write to state_dir: requests that change something do not run until it can be written',
        'CANNOT WRITE THE AUDIT LOG: this entry is missing from it',
        'ready',
      ]);
      expect((await asked('free')).outcome).to.equal('ok');
      expect(await asked('change')).to.include({ outcome: 'ok', text: 'changed' });
      lab.signal('SIGUSR2');
      let files: Record<string, string> = {};
      await until('the log is in its file', async () => {
        files = JSON.parse((await asked('look')).text);
        return files.log?.includes('"ready"') === true;
      });
      expect(files.audit).to.include('"outcome":"gap"').and.include('"action":"change"');
    });
  }
});
