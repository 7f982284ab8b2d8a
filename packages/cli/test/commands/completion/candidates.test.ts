import { writeFile } from 'node:fs/promises';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { candidates } from '../../../src/commands/completion/candidates.js';
import { newShell } from '../../../src/program.js';
import { captured } from '../../captured.js';
import { ddl } from '../../lab-agent.js';

describe('completion', () => {
  let folder: TempFolder;
  const cache = process.env.XDG_CACHE_HOME;

  before(async () => {
    folder = await createTempFolder();
    // What this machine has fetched from nodes is not part of the test.
    process.env.XDG_CACHE_HOME = folder.join('cache');
    await writeFile(folder.join('lab.json'), JSON.stringify(ddl));
  });
  after(async () => {
    if (cache === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = cache;
    await folder.close();
  });

  const nodes = () => ['db1.lab', 'web1.lab', 'web2.lab'];
  const facts = new Map([
    ['os.family', ['Debian', 'RedHat']],
    ['role', ['db', 'web']],
  ]);
  const jobs = ['ab', 'ac'].map((id) => ({ value: id.repeat(16), meaning: 'lab weigh' }));
  const sources = {
    places: undefined,
    nodes,
    collectives: ['mcollective', 'eu'],
    network: {
      facts: async () => facts,
      classes: async () => ['role::db', 'role::web'],
      jobs: async () => jobs,
    },
  };
  const complete = async (line: string) => {
    const found = await candidates(
      newShell(captured().screen),
      { ...sources, places: { ddl_dirs: [folder.path], broker: { urls: [], keepalive: 30 } } },
      line,
    );
    return found.map(({ value }) => value);
  };

  const table: readonly [line: string, values: readonly string[]][] = [
    ['mco pi', ['ping']],
    ['mco job ', ['list', 'show', 'attach', 'cancel']],
    ['mco rpc la', ['lab']],
    ['mco inventory we', ['web1.lab', 'web2.lab']],
    ['mco inventory web1.lab we', []],
    ['mco inventory --list-c', ['--list-collectives']],
    ['mco rpc lab weigh -I db', ['db1.lab']],
    ['mco ping --with-identity d', ['db1.lab']],
    ['mco req la', ['lab']],
    ['mco -v rpc --limit 3 la', ['lab']],
    ['mco rpc lab ', ['weigh', 'move', 'fail', 'crash', 'hang', 'slow']],
    ['mco rpc lab -I web1.lab w', ['weigh']],
    ['mco rpc lab weigh ', ['unit=', 'brief=']],
    ['mco rpc lab weigh unit=kg ', ['brief=']],
    ['mco rpc lab weigh unit=', ['unit=kg', 'unit=lb']],
    ['mco rpc lab weigh unit=l', ['unit=lb']],
    ['mco rpc lab weigh brief=', ['brief=true', 'brief=false']],
    ['mco rpc nosuch ', []],
    ['mco rpc lab weigh --limit-', ['--limit-seed']],
    ['mco rpc lab weigh --disp', ['--display']],
    ['mco rpc lab weigh --display ', ['ok', 'failed', 'all', 'none']],
    ['mco rpc -A la', ['lab']],
    ['mco ping --verb', ['--verbose']],
    ['mco plugin doc la', ['lab']],
    ['mco plugin doc lab mo', ['move']],
    ['mco help exit', ['exit-codes']],
    ['mco help rpc la', ['lab']],
    ['mco find -F o', ['os.family=']],
    ['mco find -F os.family=', ['os.family=Debian', 'os.family=RedHat']],
    ['mco find --wf os.family=R', ['os.family=RedHat']],
    ['mco find -F os.family!=D', ['os.family!=Debian']],
    ['mco ping -C role::w', ['role::web']],
    ['mco ping -W r', ['role=', 'role::db', 'role::web']],
    ['mco ping -T ', ['mcollective', 'eu']],
    ['mco facts r', ['role']],
    ['mco facts role r', []],
    ['mco rpc rpcutil get_fact fact=o', ['fact=os.family']],
    ['mco job show a', ['ab'.repeat(16), 'ac'.repeat(16)]],
    ['mco job attach ac', ['ac'.repeat(16)]],
    ['mco job list ', []],
    ['mco puppet runonce -F ro', ['role=']],
    ['mco inventory ', ['db1.lab', 'web1.lab', 'web2.lab']],
  ];
  for (const [line, values] of table) {
    it(`"${line}" ${values.join(' ')}`, async () => {
      expect(await complete(line)).to.deep.equal(values);
    });
  }

  it('offers every command with its summary', async () => {
    const found = await candidates(newShell(captured().screen), sources, 'mco ');
    expect(found.map(({ value }) => value)).to.include.members(['ping', 'rpc', 'help']);
    expect(found.every(({ meaning }) => meaning !== '')).to.equal(true);
  });
});
