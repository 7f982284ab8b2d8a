import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { compileDataDdl, parseDataDdl, parseFilter } from '@troupe/core';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { createTempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { dataDdlFiles, judgeData } from '../../src/index.js';
import { Network } from '../network.js';

const judge = (expression: string, folders: readonly string[] = []) =>
  judgeData(parseFilter({ select: [expression] }), folders);

describe('the data functions of a filter', () => {
  for (const sound of [
    "fstat('/etc/motd').size > 0",
    "agent('puppetd').version = 1.0.0 and collective('mcollective').member = true",
    "fact('os.family').exists = true or puppet().enabled = false",
    "resource('File[/etc/motd]').managed = true",
    'apache and os=x',
  ]) {
    it(`lets through ${sound}`, async () =>
      expect(await judge(sound)).to.deep.equal({ faults: [], warnings: [] }));
  }

  for (const [wrong, fault] of [
    ["fstat('/etc/motd').sizes > 0", 'fstat() has no output "sizes" (did you mean "size"?)'],
    ["puppet('x').enabled = true", 'puppet() takes no query'],
    ['fstat().size > 0', 'fstat(): '],
    ["resource('nonsense').managed = true", 'resource(): '],
  ] as const) {
    it(`refuses ${wrong}`, async () => {
      const { faults, warnings } = await judge(wrong);
      expect(faults).to.have.length(1);
      expect(faults[0]).to.include(fault);
      expect(warnings).to.deep.equal([]);
    });
  }

  it('warns of a plugin without a local DDL', async () => {
    expect(await judge("fstats('/x').size > 0 and own().x = 1")).to.deep.equal({
      faults: [],
      warnings: [
        'no DDL for the data plugin "fstats" on this machine (did you mean "fstat"?); each node checks the query itself',
        'no DDL for the data plugin "own" on this machine; each node checks the query itself',
      ],
    });
  });

  it('are judged by the DDLs in a folder of the configuration, too', async () => {
    await using folder = await createTempFolder();
    await mkdir(folder.join('data'));
    const puppet = JSON.parse(await readFile((await dataDdlFiles([])).get('puppet') ?? '', 'utf8'));
    const own = { ...puppet, metadata: { ...puppet.metadata, name: 'own' } };
    await writeFile(folder.join('data', 'own.json'), JSON.stringify(own));
    await writeFile(folder.join('data', 'broken.json'), '{');
    expect((await judge('own().nothing = 1', [folder.path])).faults).to.have.length(1);
    expect((await judge('broken().x = 1', [folder.path])).warnings[0]).to.include('broken.json');
  });

  it('cause one warning per plugin', async () => {
    const { warnings } = await judge('own().x = 1 and own().y = 2');
    expect(warnings).to.have.length(1);
  });

  it('are all judged where a plugin is asked twice', async () => {
    const { faults } = await judge("fstat('/x').sice > 0 and fstat('/x').soze > 0");
    expect(faults).to.have.length(2);
  });

  it('are judged by the DDL of a configured folder before the one that comes with Troupe', async () => {
    await using folder = await createTempFolder();
    await mkdir(folder.join('data'));
    await writeFile(folder.join('data', 'fstat.json'), '{}');
    for (const name of ['Upper.json', 'plain.txt', '1st.json', 'x.json.bak'])
      await writeFile(folder.join('data', name), '{}');
    const files = await dataDdlFiles([folder.join('missing'), folder.path]);
    expect(files.get('fstat')).to.equal(folder.join('data', 'fstat.json'));
    expect([...files.keys()].filter((name) => name !== 'fstat').sort()).to.deep.equal(
      [...(await dataDdlFiles([])).keys()].filter((name) => name !== 'fstat').sort(),
    );
    expect((await judge("fstat('/x').size > 0", [folder.path])).warnings).to.have.length(1);
  });

  it('are refused before anybody is asked', async () => {
    const network = new Network();
    try {
      const client = await network.client();
      const filter = parseFilter({ select: ["fstat('/x').sice > 0"] });
      const reason = await client.agent(rpcutil).ping({}, { filter }).all().catch(String);
      expect(reason).to.include('fstat() has no output "sice"');
      expect(await client.ping({ filter }).catch(String)).to.equal(reason);
    } finally {
      await network.close();
    }
  });

  it('have DDLs that say what every node answers', async () => {
    const network = new Network();
    try {
      await network.node('a');
      const client = await network.client();
      const files = await dataDdlFiles([]);
      const queries = { agent: 'rpcutil', collective: 'mcollective', fact: 'kernel', fstat: '/' };
      for (const [source, query] of Object.entries(queries)) {
        const file = files.get(source) ?? '';
        const data = compileDataDdl(parseDataDdl(await readFile(file, 'utf8'), file));
        expect(data.checkQuery(query), source).to.equal(undefined);
        const result = await client
          .agent(rpcutil)
          .get_data({ source, query }, { targets: ['a'] })
          .one();
        expect(Object.keys(result.data).sort(), source).to.deep.equal(Object.keys(data.ddl.output).sort());
      }
    } finally {
      await network.close();
    }
  });
});
